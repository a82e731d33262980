"""A whole step of one world, and all that is seen of it."""

from __future__ import annotations

from typing import Final

from journeyman.gym.actions import ROLES
from journeyman.gym.rules.apply_actions import apply_actions
from journeyman.gym.rules.dynamics import move
from journeyman.gym.rules.features import role_features
from journeyman.gym.rules.score import pay
from journeyman.gym.rules.visible import show
from journeyman.gym.state import Scenario, Scratch, Visible, WorldState

TERMINATED: Final = 1
TRUNCATED: Final = 2
"""How a step ends an episode: the incident was closed, or time ran out."""


def step_world(
    scenario: Scenario, state: WorldState, scratch: Scratch, acts: list[int], chat: int, dense: int, paid: list[float]
) -> int:
    """Move a world that has not ended by one step, pay in its last one or, where rewards are dense, in each; tell its end."""
    for place in range(1 + ROLES):
        paid[place] = 0.0
    if state.ended:
        return 0
    closing = apply_actions(scenario, state, scratch, acts, chat)
    move(scenario, state, scratch)
    late = state.step >= scenario.horizon and not closing
    if closing or late or dense:
        pay(scenario, state, closing, paid)
    if closing or late:
        state.ended = 1
        return TERMINATED if closing else TRUNCATED
    return 0


def see_world(scenario: Scenario, state: WorldState, seen: Visible, width: int, row: list[float]) -> None:
    """Write what all roles see as numbers, side by side; `seen` is room."""
    show(scenario, state, seen)
    at = 0
    for role in range(ROLES):
        at = role_features(seen, width, role, row, at)
