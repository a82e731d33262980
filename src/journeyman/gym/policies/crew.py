"""A team made of four role agents, each with its own eyes and its own memory, in every world."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from journeyman.gym.actions import NOOP, Action
from journeyman.gym.arrays import Ints
from journeyman.gym.eyes.looks import DevLook, ManagerLook, OversightLook, SreLook
from journeyman.gym.policies.base import Seats, rows_of

LookT_contra = TypeVar("LookT_contra", contravariant=True)


class RoleAgent(Protocol[LookT_contra]):
    """One role in one world."""

    def act(self, look: LookT_contra) -> Action:
        """Give the next action from what this role sees."""
        ...


class Idle:
    """A seat that nobody takes."""

    def act(self, look: object) -> Action:
        """Do nothing."""
        del look
        return NOOP


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Who takes the seats: a maker per role, called once per world."""

    sre: Callable[[], RoleAgent[SreLook]] = Idle
    dev: Callable[[], RoleAgent[DevLook]] = Idle
    manager: Callable[[], RoleAgent[ManagerLook]] = Idle
    oversight: Callable[[], RoleAgent[OversightLook]] = Idle


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
        looks = seats.looks()
        return rows_of(
            list(
                zip(
                    _moves(self._sre, looks.sre()),
                    _moves(self._dev, looks.dev()),
                    _moves(self._manager, looks.manager()),
                    _moves(self._oversight, looks.oversight()),
                    strict=True,
                )
            )
        )


def _moves(agents: Sequence[RoleAgent[LookT_contra]], looks: Sequence[LookT_contra]) -> list[Action]:
    return [agent.act(look) for agent, look in zip(agents, looks, strict=True)]
