"""A team made of four role agents, each with its own observation and its own memory, in every world."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np

from journeyman.gym.actions import NOOP, Action
from journeyman.gym.arrays import Ints
from journeyman.gym.observe.observation import (
    DevObservation,
    ManagerObservation,
    Observations,
    OversightObservation,
    SreObservation,
)
from journeyman.gym.policies.base import no_actions, rows_of

ObservationT_contra = TypeVar("ObservationT_contra", contravariant=True)


class RoleAgent(Protocol[ObservationT_contra]):
    """One role in one world."""

    def act(self, seen: ObservationT_contra) -> Action:
        """The next action from what this role sees."""
        ...


class Idle:
    """A seat that nobody takes."""

    def act(self, seen: object) -> Action:
        """Do nothing."""
        del seen
        return NOOP


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleFactories:
    """Who takes the seats: a maker per role, called once per world."""

    sre: Callable[[], RoleAgent[SreObservation]] = Idle
    dev: Callable[[], RoleAgent[DevObservation]] = Idle
    manager: Callable[[], RoleAgent[ManagerObservation]] = Idle
    oversight: Callable[[], RoleAgent[OversightObservation]] = Idle


class RoleTeam:
    """Four role agents per world behind the batch's policy interface."""

    def __init__(self, name: str, factories: RoleFactories, worlds: int) -> None:
        self.name = name
        self._sre = [factories.sre() for _ in range(worlds)]
        self._dev = [factories.dev() for _ in range(worlds)]
        self._manager = [factories.manager() for _ in range(worlds)]
        self._oversight = [factories.oversight() for _ in range(worlds)]

        self._acted_at = np.full(worlds, -1)

    def act(self, observations: Observations) -> Ints:
        """The next actions; nothing where no step has passed, since there the episode is over."""
        step = observations.manager().common.step
        going = np.flatnonzero(step != self._acted_at)
        self._acted_at = step
        actions = no_actions(observations.worlds)
        if len(going):
            seen, worlds = observations.of_worlds(going), going.tolist()
            moves = zip(
                _moves(self._sre, worlds, seen.each_sre()),
                _moves(self._dev, worlds, seen.each_dev()),
                _moves(self._manager, worlds, seen.each_manager()),
                _moves(self._oversight, worlds, seen.each_oversight()),
                strict=True,
            )
            actions[going] = rows_of(list(moves))
        return actions


def _moves(
    agents: Sequence[RoleAgent[ObservationT_contra]], worlds: Sequence[int], seen: Sequence[ObservationT_contra]
) -> list[Action]:
    return [agents[world].act(one) for world, one in zip(worlds, seen, strict=True)]
