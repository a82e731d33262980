"""A team made of four role agents, each with its own observation and its own memory, in every world."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from journeyman.gym.actions import NOOP, Action
from journeyman.gym.arrays import Ints
from journeyman.gym.observe.observation import (
    DevObservation,
    ManagerObservation,
    Observations,
    OversightObservation,
    SreObservation,
)
from journeyman.gym.policies.base import rows_of

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

    def act(self, observations: Observations) -> Ints:
        """The next actions."""
        return rows_of(
            list(
                zip(
                    _moves(self._sre, observations.each_sre()),
                    _moves(self._dev, observations.each_dev()),
                    _moves(self._manager, observations.each_manager()),
                    _moves(self._oversight, observations.each_oversight()),
                    strict=True,
                )
            )
        )


def _moves(
    agents: Sequence[RoleAgent[ObservationT_contra]], observations: Sequence[ObservationT_contra]
) -> list[Action]:
    return [agent.act(seen) for agent, seen in zip(agents, observations, strict=True)]
