"""The service graph of each world: who calls whom, with what load, and the healthy state that follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from journeyman.gym.arrays import Bools, Floats, Ints
from journeyman.gym.chance import Dice
from journeyman.gym.state import CALLERS, DEPENDENCIES

REACH: Final = 0.7
"""Share of a dependency's latency that its caller waits for."""
_SPAN: Final = 4
"""A service's first caller is at most this many places before it; keeps graphs about S / 3 deep."""
_EXTRA_OF_16: Final = 6
"""Chance in sixteenths of a second caller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Edges, seen from both ends."""

    active: Bools
    dependencies: Ints
    callers: Ints
    weights: Floats


def draw_graph(dice: Dice, services: Ints, width: int) -> Graph:
    """Give a random DAG per world: callers have lower numbers, everything is reachable from the door, service 0."""
    worlds = len(services)
    active = np.arange(width)[:, None] < services
    near = dice.below(10, _SPAN, width)
    far = dice.below(11, 1 << 16, width)
    extra = dice.below(12, 16, width) < _EXTRA_OF_16
    weight = dice.between(13, 0.3, 0.9, CALLERS, width)
    dependencies = np.full((DEPENDENCIES, width, worlds), -1, np.int64)
    callers = np.full((CALLERS, width, worlds), -1, np.int64)
    used = np.zeros((width, worlds), np.int64)
    column = np.arange(worlds, dtype=np.int64)
    for number in range(1, width):
        first = np.maximum(number - 1 - near[number], 0)
        # The service just before has no dependencies yet, so it can always be the caller of last resort.
        first = np.where(used[first, column] < DEPENDENCIES, first, number - 1)
        _join(dependencies, callers[0], used, number, first, active[number], column)
        second = far[number] % number
        free = active[number] & extra[number] & (second != first) & (used[second, column] < DEPENDENCIES)
        _join(dependencies, callers[1], used, number, second, free, column)
    return Graph(active=active, dependencies=dependencies, callers=callers, weights=weight * (callers >= 0))


def _join(dependencies: Ints, callers: Ints, used: Ints, number: int, caller: Ints, where: Bools, column: Ints) -> None:
    rows = np.flatnonzero(where)
    chosen, at = caller[rows], column[rows]
    dependencies[used[chosen, at], chosen, at] = number
    used[chosen, at] += 1
    callers[number, rows] = chosen


def healthy_load(graph: Graph, traffic: Floats) -> Floats:
    """Give the requests per step that each service sees when nothing is wrong."""
    width, worlds = graph.active.shape
    column = np.arange(worlds, dtype=np.int64)
    load = np.zeros((width, worlds), np.float64)
    load[0] = traffic
    for number in range(1, width):
        for slot in range(CALLERS):
            load[number] += load[graph.callers[slot, number], column] * graph.weights[slot, number]
    return load


def healthy_latency(graph: Graph, base: Floats) -> Floats:
    """Give the milliseconds each service takes, dependencies included, when nothing is wrong."""
    width, worlds = graph.active.shape
    column = np.arange(worlds, dtype=np.int64)
    latency = base.copy()
    for number in range(width - 1, -1, -1):
        slowest = np.zeros(worlds, np.float64)
        for slot in range(DEPENDENCIES):
            called = graph.dependencies[slot, number]
            slowest = np.maximum(slowest, latency[called, column] * (called >= 0))
        latency[number] += slowest * REACH
    return latency
