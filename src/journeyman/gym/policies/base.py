"""What a policy is, and the seats it plays from."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from journeyman.gym.actions import FIELDS, ROLES, Action
from journeyman.gym.arrays import Ints
from journeyman.gym.eyes.sights import Eyes, Sights


class Seats(Eyes, Protocol):
    """What policies may ask of a batch of worlds: the four roles' eyes, nothing else."""

    @property
    def worlds(self) -> int:
        """How many worlds run together."""
        ...

    def sights(self) -> Sights:
        """Give what the eyes see in plain numbers, world by world."""
        ...


class Team(Protocol):
    """A policy for all four roles of a batch of fresh worlds."""

    @property
    def name(self) -> str:
        """How tables call it."""
        ...

    def act(self, seats: Seats) -> Ints:
        """Give the next actions, `(worlds, roles, 4)`."""
        ...


def no_actions(worlds: int) -> Ints:
    """Give a no-op for every role of every world."""
    actions = np.zeros((worlds, ROLES, FIELDS), np.int64)
    actions[..., 1] = -1
    return actions


def rows_of(actions: list[tuple[Action, ...]]) -> Ints:
    """Give the array of one tuple of actions per world."""
    return np.array([[action.row() for action in roles] for roles in actions], np.int64)
