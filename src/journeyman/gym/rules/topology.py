"""The service graph: who calls whom, with what load, and the healthy latency that follows."""

from __future__ import annotations

from typing import Final

from journeyman.gym.rules.rng import below, between
from journeyman.gym.state import CALLERS, DEPENDENCIES, Plan, Scenario, Scratch

REACH: Final = 0.7
"""Share of a dependency's latency that its caller waits for."""
_SPAN: Final = 4
"""A service's first caller is at most this many places before it; keeps graphs about S / 3 deep."""
_EXTRA_OF_16: Final = 6
"""Chance in sixteenths of a second caller."""


def draw_graph(scenario: Scenario, scratch: Scratch, plan: Plan) -> None:
    """Draw a DAG: callers have lower numbers, everything is reachable from the door, service 0."""
    for place in range(scenario.services * DEPENDENCIES):
        scenario.calls[place] = -1
    if plan.services:
        for place in range(CALLERS, plan.services * CALLERS):
            if plan.callers[place] >= 0:
                _join(scenario, scratch, place // CALLERS, place % CALLERS, plan.callers[place])
        return
    for number in range(1, scenario.services):
        first = max(number - 1 - below(scenario, scratch, _SPAN), 0)
        # The service just before has no dependencies yet, so it can always be the caller of last resort.
        if _dependencies(scenario, first) == DEPENDENCIES:
            first = number - 1
        _join(scenario, scratch, number, 0, first)
        second = below(scenario, scratch, number)
        extra = below(scenario, scratch, 16) < _EXTRA_OF_16
        if extra and second != first and _dependencies(scenario, second) < DEPENDENCIES:
            _join(scenario, scratch, number, 1, second)


def _dependencies(scenario: Scenario, number: int) -> int:
    used = 0
    while used < DEPENDENCIES and scenario.calls[number * DEPENDENCIES + used] >= 0:
        used += 1
    return used


def _join(scenario: Scenario, scratch: Scratch, number: int, slot: int, caller: int) -> None:
    weight = between(scenario, scratch, 0.4, 1.2)
    place = caller * DEPENDENCIES + _dependencies(scenario, caller)
    scenario.calls[place] = number
    scenario.rates[place] = weight
    scenario.callers[number * CALLERS + slot] = caller
    scenario.weights[number * CALLERS + slot] = weight


def healthy_load(scenario: Scenario, scratch: Scratch) -> None:
    """Work out the requests per step that each service sees when nothing is wrong."""
    load = scratch.load
    load[0] = scenario.traffic
    for number in range(1, scenario.services):
        at = number * CALLERS
        load[number] = (
            load[scenario.callers[at]] * scenario.weights[at]
            + load[scenario.callers[at + 1]] * scenario.weights[at + 1]
        )


def healthy_latency(scenario: Scenario) -> None:
    """Work out the milliseconds that each service takes, dependencies included, when nothing is wrong."""
    for number in range(scenario.services - 1, -1, -1):
        slowest = 0.0
        for place in range(number * DEPENDENCIES, (number + 1) * DEPENDENCIES):
            called = scenario.calls[place]
            if called >= 0:
                slowest = max(slowest, scenario.usual_latency[called])
        scenario.usual_latency[number] = scenario.base_latency[number] + slowest * REACH


def hops(scenario: Scenario, one: int, other: int) -> int:
    """How many calls lie between two services, whoever calls whom; 3 stands for more than two."""
    if one == other:
        return 0
    if _joined(scenario, one, other):
        return 1
    for middle in range(scenario.services):
        if _joined(scenario, one, middle) and _joined(scenario, middle, other):
            return 2
    return 3


def _joined(scenario: Scenario, one: int, other: int) -> bool:
    joined = False
    for place in range(DEPENDENCIES):
        calls = scenario.calls[one * DEPENDENCIES + place] == other
        joined = joined or calls or scenario.calls[other * DEPENDENCIES + place] == one
    return joined
