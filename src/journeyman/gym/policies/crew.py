"""A team made of four role agents, each with its own eyes and its own memory, in every world."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from journeyman.gym.actions import NOOP, Action
from journeyman.gym.arrays import Ints
from journeyman.gym.eyes.sights import DevSight, ManagerSight, OversightSight, SreSight
from journeyman.gym.policies.base import Seats, rows_of

SightT_contra = TypeVar("SightT_contra", contravariant=True)


class RoleAgent(Protocol[SightT_contra]):
    """One role in one world."""

    def act(self, sight: SightT_contra) -> Action:
        """Give the next action from what this role sees."""
        ...


class Idle:
    """A seat that nobody takes."""

    def act(self, sight: object) -> Action:
        """Do nothing."""
        del sight
        return NOOP


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Who takes the seats: a maker per role, called once per world."""

    sre: Callable[[], RoleAgent[SreSight]] = Idle
    dev: Callable[[], RoleAgent[DevSight]] = Idle
    manager: Callable[[], RoleAgent[ManagerSight]] = Idle
    oversight: Callable[[], RoleAgent[OversightSight]] = Idle


class Crew:
    """Four role agents per world behind the batch's policy interface."""

    def __init__(self, name: str, roster: Roster, worlds: int) -> None:
        self.name = name
        self._sre = [roster.sre() for _ in range(worlds)]
        self._dev = [roster.dev() for _ in range(worlds)]
        self._manager = [roster.manager() for _ in range(worlds)]
        self._oversight = [roster.oversight() for _ in range(worlds)]

    def act(self, seats: Seats) -> Ints:
        """Give the next actions."""
        sights = seats.sights()
        return rows_of(
            list(
                zip(
                    _moves(self._sre, sights.sre()),
                    _moves(self._dev, sights.dev()),
                    _moves(self._manager, sights.manager()),
                    _moves(self._oversight, sights.oversight()),
                    strict=True,
                )
            )
        )


def _moves(agents: Sequence[RoleAgent[SightT_contra]], sights: Sequence[SightT_contra]) -> list[Action]:
    return [agent.act(sight) for agent, sight in zip(agents, sights, strict=True)]
