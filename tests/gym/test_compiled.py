"""Machine code, the same rules as plain Python, one world and a batch: all give the same bits."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from journeyman.gym import compiled
from journeyman.gym.actions import Role
from journeyman.gym.arrays import Ints
from journeyman.gym.compiled import kernels
from journeyman.gym.policies.oracle import certify
from journeyman.gym.records import blank, loaded, names_of, stored
from journeyman.gym.state import WorldState
from journeyman.gym.tasks import Tier, task
from journeyman.gym.world import Rewards, World
from journeyman.mission.values.errors import BugError

Make = Callable[[World, int], Ints]


@pytest.mark.parametrize("tier", list(Tier))
@pytest.mark.parametrize("chat", [True, False])
@pytest.mark.parametrize("rewards", ["final", "potential"])
def test_compiled_rules_have_the_bits_of_the_plain_ones(
    tier: Tier,
    chat: bool,  # noqa: FBT001 - a parameter of the test
    rewards: Rewards,
    wild: Make,
) -> None:
    """Wild actions over whole episodes, compared in state, in what a step returns and in all that is observed."""
    seeds = range(1000, 1006)
    fast, plain = (
        World(tier, len(seeds), chat=chat, rewards=rewards, seeds=seeds, compiled=how) for how in (True, False)
    )
    for step in range(fast.horizon + 1):
        actions = wild(fast, step)
        together, apart = fast.step(actions), plain.step(actions)
        for name in ("team", "roles", "terminated", "truncated"):
            assert np.array_equal(getattr(together, name), getattr(apart, name)), name
        assert [fast.fingerprint(index) for index in range(6)] == [plain.fingerprint(index) for index in range(6)]
        if step % 5 == 0:
            assert np.array_equal(fast.observe().visible, plain.observe().visible)
            assert np.array_equal(fast.team_features(), plain.team_features())
            assert fast.logs(Role.SRE, 3) == plain.logs(Role.SRE, 3)


@pytest.mark.parametrize("tier", list(Tier))
def test_a_world_alone_has_the_bits_of_a_world_in_a_batch(tier: Tier, wild: Make) -> None:
    """Also with ended neighbours, and in both ways to step one world."""
    seeds = range(2000, 2012)
    batch = World(tier, len(seeds), seeds=seeds)
    alone = [World(tier, 1, seeds=[seed]) for seed in seeds]
    for step in range(batch.horizon + 1):
        actions = wild(batch, step)
        together = batch.step(actions)
        for index, world in enumerate(alone):
            single = world.step_single(actions[index].tolist())
            assert single.rewards == (together.team[index], *together.roles[index])
            assert (single.terminated, single.truncated) == (together.terminated[index], together.truncated[index])
            assert world.fingerprint() == batch.fingerprint(index)


def test_plain_rules_run_where_numba_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then nothing is compiled, and the worlds are the same."""
    wanted = World(Tier.EASY, 2).fingerprint(1)
    monkeypatch.setattr("journeyman.gym.world.can_compile", lambda: False)
    monkeypatch.setattr(compiled, "_compiled_rules", None)
    assert World(Tier.EASY, 2).fingerprint(1) == wanted


def test_kernels_are_made_once_and_every_loop_is_one() -> None:
    """A second world must not compile again, and no loop may be forgotten."""
    assert kernels(compiled=True) is kernels(compiled=True)
    loops = {
        name
        for name, value in vars(compiled.loops).items()
        if getattr(value, "__module__", "") == compiled.loops.__name__
    }
    assert loops == set(kernels(compiled=False)._fields)


def test_a_record_goes_to_plain_numbers_and_back() -> None:
    """Every field, with every bit."""
    rows = blank(WorldState, 3)
    random = np.random.Generator(np.random.Philox(1))
    for name in names_of(WorldState):
        rows[name] = random.integers(-100, 100, rows[name].shape)
    rows["errors"] = random.random(rows["errors"].shape)
    again = blank(WorldState, 3)
    stored(loaded(rows), again)
    assert np.array_equal(rows, again)


def test_a_rehearsed_plan_scores_what_it_earns_and_leaves_the_world_as_it_is() -> None:
    """Search relies on rehearsals that neither differ from playing nor touch the world; plain rules give the same."""
    one = task("medium-train-3@3")
    best = certify(one, rounds=1)
    plan = best.actions.copy()
    plan[best.steps - 1, Role.MANAGER] = (0, -1, 0, 0)
    for fast in (True, False):
        world = World(Tier.MEDIUM, 1, reveal=True, compiled=fast)
        world.play([one])
        before = world.fingerprint()
        scores, lengths = world.rehearse(np.stack([plan, np.zeros_like(plan)]))
        assert world.fingerprint() == before
        assert (scores[0], lengths.tolist()) == (best.score, [best.steps, world.horizon])
        assert sum(float(world.step(row[None]).team[0]) for row in best.actions) == best.score


def test_a_batch_is_not_moved_as_a_single_world() -> None:
    """The plain step has no place for several worlds."""
    with pytest.raises(BugError, match="use `step`"):
        World(Tier.EASY, 2).step_single([(0, -1, 0, 0)] * 4)
