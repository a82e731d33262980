"""Legal actions for the gym's speed benchmarks."""

from __future__ import annotations

import numpy as np

from journeyman.gym.actions import ALLOWED_ACTIONS, FIELDS, ROLES, ActionType
from journeyman.gym.arrays import Ints
from journeyman.gym.world import World


def legal_actions(world: World, count: int) -> list[Ints]:
    """`count` steps of uniformly drawn actions, each role within what it may do, nobody closing the incident."""
    random = np.random.Generator(np.random.Philox(7))
    services = world.observe().manager().common.services[:, None]
    steps: list[Ints] = []
    for _ in range(count):
        actions = np.zeros((world.worlds, ROLES, FIELDS), np.int64)
        for role, allowed in ALLOWED_ACTIONS.items():
            kinds = np.array([one for one in allowed if one is not ActionType.RESOLVE], np.int64)
            actions[:, role, 0] = kinds[random.integers(len(kinds), size=world.worlds)]
        actions[..., 1] = (random.random((world.worlds, ROLES)) * services).astype(np.int64)
        actions[..., 2] = random.integers(17, size=(world.worlds, ROLES))
        steps.append(actions)
    return steps
