"""A team made of four role agents, each with its own eyes and its own memory, in every world."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

from journeyman.gym.actions import NOOP, Action
from journeyman.gym.arrays import Ints
from journeyman.gym.eyes.views import DevEyes, ManagerEyes, OversightEyes, SreEyes
from journeyman.gym.policies.base import Seats, one_world, rows_of

EyesT_contra = TypeVar("EyesT_contra", contravariant=True)


class RoleAgent(Protocol[EyesT_contra]):
    """One role in one world."""

    def act(self, eyes: EyesT_contra) -> Action:
        """Give the next action from what this role sees."""
        ...


class Idle:
    """A seat that nobody takes."""

    def act(self, eyes: object) -> Action:
        """Do nothing."""
        del eyes
        return NOOP


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Who takes the seats: a maker per role, called once per world."""

    sre: Callable[[], RoleAgent[SreEyes]] = Idle
    dev: Callable[[], RoleAgent[DevEyes]] = Idle
    manager: Callable[[], RoleAgent[ManagerEyes]] = Idle
    oversight: Callable[[], RoleAgent[OversightEyes]] = Idle


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
        return rows_of(list(self._actions(seats)))

    def _actions(self, seats: Seats) -> Iterator[tuple[Action, ...]]:
        sre, dev, manager, oversight = seats.sre(), seats.dev(), seats.manager(), seats.oversight()
        for index in range(seats.worlds):
            yield (
                self._sre[index].act(one_world(sre, index)),
                self._dev[index].act(one_world(dev, index)),
                self._manager[index].act(one_world(manager, index)),
                self._oversight[index].act(one_world(oversight, index)),
            )
