"""Observations as flat numbers for learners: one float32 vector per role and world, all features in -1..8."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from journeyman.gym.actions import ALLOWED_ACTIONS, ROLES, TOPICS, ActionType, Role
from journeyman.gym.arrays import Bools, Ints, Vector
from journeyman.gym.compiled import can_compile, kernels
from journeyman.gym.observe.observation import Observations
from journeyman.gym.rules.features import DEV_PER_SERVICE, HEAD, HIGH, LOOK_FIELDS, LOW, SRE_PER_SERVICE, TRACE_FIELDS
from journeyman.gym.state import TRACE
from journeyman.gym.tasks import SIZES, Tier

__all__ = ["HIGH", "LOW", "choices", "decoded", "features", "masks", "size", "team_size", "type_masks"]


def size(tier: Tier, role: Role) -> int:
    """The length of a role's vector."""
    width, agents = SIZES[tier].services[1], SIZES[tier].agents
    own = {
        Role.SRE: width * SRE_PER_SERVICE + LOOK_FIELDS,
        Role.DEV: width * DEV_PER_SERVICE + LOOK_FIELDS,
        Role.MANAGER: width + 3,
        Role.OVERSIGHT: TRACE * TRACE_FIELDS + agents * 2,
    }
    return HEAD + own[role]


@cache
def team_size(tier: Tier) -> int:
    """The length of all four roles' vectors together."""
    return sum(size(tier, role) for role in Role)


def features(observations: Observations, tier: Tier, role: Role) -> Vector:
    """`(worlds, size)` numbers of what a role observes."""
    out = np.empty((observations.worlds, size(tier, role)), np.float32)
    rules = kernels(compiled=can_compile())
    rules.role_features_of(observations.visible, SIZES[tier].services[1], int(role), out)
    return out


def choices(tier: Tier) -> tuple[int, int, int, int]:
    """How many values each field of an action has for learners; target 0 is none, k is service or agent k - 1."""
    targets = 1 + max(SIZES[tier].services[1], SIZES[tier].agents)
    return (len(ActionType), targets, TOPICS, 1 + ROLES)


def decoded(picks: Ints) -> Ints:
    """World actions for learners' picks of any shape `(..., 4)`."""
    actions = np.array(picks, np.int64)
    actions[..., 1] -= 1
    return actions


def masks(tier: Tier, services: int, role: Role) -> tuple[NDArray[np.int8], ...]:
    """What a role may pick, one mask per field; oversight's targets are agents, the others' services."""
    kinds, targets, args, to = (np.zeros(count, np.int8) for count in choices(tier))
    kinds[list(ALLOWED_ACTIONS[role])] = 1
    targets[: 1 + (SIZES[tier].agents if role is Role.OVERSIGHT else services)] = 1
    args[:] = 1
    to[:] = 1
    return kinds, targets, args, to


def type_masks(worlds: int) -> Bools:
    """`(worlds, roles, action types)` of what each role may do."""
    table = np.zeros((ROLES, len(ActionType)), np.bool_)
    for role, allowed in ALLOWED_ACTIONS.items():
        table[role, list(allowed)] = True
    return np.broadcast_to(table, (worlds, *table.shape)).copy()
