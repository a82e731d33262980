"""What a policy is: it is given observations, which hold no world, and gives actions."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from journeyman.gym.actions import FIELDS, ROLES, Action
from journeyman.gym.arrays import Ints
from journeyman.gym.observe.observation import Observations


class Team(Protocol):
    """A policy for all four roles of a batch of fresh worlds."""

    @property
    def name(self) -> str:
        """How tables call it."""
        ...

    def act(self, observations: Observations) -> Ints:
        """The next actions, `(worlds, roles, 4)`."""
        ...


def no_actions(worlds: int) -> Ints:
    """A no-op for every role of every world."""
    actions = np.zeros((worlds, ROLES, FIELDS), np.int64)
    actions[..., 1] = -1
    return actions


def rows_of(actions: list[tuple[Action, ...]]) -> Ints:
    """The array of one tuple of actions per world."""
    return np.array([[action.row() for action in roles] for roles in actions], np.int64)
