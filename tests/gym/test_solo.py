"""One world alone moves like a world of a batch: two implementations of the same rules check each other."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from journeyman.gym.arrays import Ints
from journeyman.gym.tasks import Tier
from journeyman.gym.world.world import Rewards, World


@pytest.mark.parametrize("tier", list(Tier))
@pytest.mark.parametrize("chat", [True, False])
@pytest.mark.parametrize("rewards", ["final", "potential"])
def test_a_world_alone_has_the_bits_of_a_world_in_a_batch(
    tier: Tier,
    chat: bool,  # noqa: FBT001 - a parameter of the test
    rewards: Rewards,
    wild: Callable[[World, int], Ints],
) -> None:
    """Wild actions over whole episodes, compared in state and in everything a step returns."""
    count = 24
    batch = World(tier, count, chat=chat, rewards=rewards)
    batch.reset(range(1000, 1000 + count))
    alone = [World(tier, 1, chat=chat, rewards=rewards) for _ in range(count)]
    for index, world in enumerate(alone):
        world.reset([1000 + index])
    for step in range(batch.horizon + 1):
        actions = wild(batch, step)
        together = batch.step(actions)
        for index, world in enumerate(alone):
            single = world.step(actions[index : index + 1])
            assert single.team[0] == together.team[index]
            assert np.array_equal(single.roles[0], together.roles[index])
            assert single.terminated[0] == together.terminated[index]
            assert single.truncated[0] == together.truncated[index]
            if step % 6 == 0:
                assert world.fingerprint() == batch.fingerprint(index)


def test_a_fork_goes_on_from_where_the_world_stands(wild: Callable[[World, int], Ints]) -> None:
    """Search relies on forks that neither differ from the world nor touch it."""
    world = World(Tier.MEDIUM, 1, reveal=True)
    for step in range(5):
        world.step(wild(world, step))
    before = world.fingerprint()
    fork = world.fork(3)
    assert [fork.fingerprint(index) for index in range(3)] == [before] * 3
    actions = wild(world, 99)
    fork.step(np.repeat(actions, 3, axis=0))
    assert world.fingerprint() == before
    world.step(actions)
    assert fork.fingerprint(2) == world.fingerprint()
