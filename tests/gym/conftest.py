"""Shared makers of worlds and actions for the gym's tests."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from journeyman.gym.actions import ALLOWED_ACTIONS, ActionType
from journeyman.gym.arrays import Ints
from journeyman.gym.world import World


@pytest.fixture
def wild() -> Callable[[World, int], Ints]:
    """Actions of all kinds, also refused and malformed ones, that rarely end an episode."""

    def make(world: World, seed: int) -> Ints:
        random = np.random.Generator(np.random.Philox(seed))
        shape = (world.worlds, 4)
        actions = np.zeros((*shape, 4), np.int64)
        actions[..., 0] = random.integers(-1, 10, shape)
        closing = (actions[..., 0] == ActionType.RESOLVE) & (random.random(shape) < 0.8)
        actions[..., 0] = np.where(closing, 0, actions[..., 0])
        actions[..., 1] = random.integers(-2, 8, shape)
        actions[..., 2] = random.integers(-1, 25, shape)
        actions[..., 3] = random.integers(-1, 6, shape)
        return actions

    return make


@pytest.fixture
def tame() -> Callable[[World, int], Ints]:
    """Legal actions that never end an episode."""

    def make(world: World, seed: int) -> Ints:
        random = np.random.Generator(np.random.Philox(seed))
        actions = np.zeros((world.worlds, 4, 4), np.int64)
        for role, allowed in ALLOWED_ACTIONS.items():
            kinds = np.array([one for one in allowed if one is not ActionType.RESOLVE], np.int64)
            actions[:, role, 0] = kinds[random.integers(len(kinds), size=world.worlds)]
        actions[..., 1] = random.integers(4, size=(world.worlds, 4))
        actions[..., 2] = random.integers(17, size=(world.worlds, 4))
        return actions

    return make
