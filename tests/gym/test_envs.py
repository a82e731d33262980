"""The environments for trainers pass their libraries' own checks, and all open onto the same worlds."""

# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
# PettingZoo's test functions carry no types.

from __future__ import annotations

import pickle
import subprocess
import sys
import warnings
from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode
from pettingzoo.test import api_test, parallel_api_test, parallel_seed_test, seed_test

from journeyman.gym.actions import ALLOWED_ACTIONS, ROLES, ActionType, Role
from journeyman.gym.envs import IDS
from journeyman.gym.envs.farama import IncidentEnv, IncidentVectorEnv
from journeyman.gym.envs.zoo import IncidentParallelEnv, incident_aec_env
from journeyman.gym.observe.features import HIGH, LOW, features, size
from journeyman.gym.tasks import GENERATOR, Tier
from journeyman.gym.world import World
from journeyman.mission.values.errors import InvalidInput

RESOLVE = [int(ActionType.RESOLVE), 0, 0, 0]


def _nothing(worlds: int) -> Any:
    return np.zeros((worlds, ROLES * 4), np.int64)


def _closing(worlds: int, *rows: int) -> Any:
    actions = _nothing(worlds)
    actions[list(rows), 8:12] = RESOLVE
    return actions


def test_gymnasium_accepts_the_environment() -> None:
    """Their checker: spaces, determinism, seeding, no data reused."""
    check_env(IncidentEnv("easy"), skip_render_check=True)


@pytest.mark.parametrize("tier", list(Tier))
def test_gymnasium_makes_worlds_and_batches_by_id(tier: Tier) -> None:
    """The id's version is the generator's; the checker accepts what `make` gives, and a batch plays what one world plays."""
    assert IDS[tier].endswith(f"-v{GENERATOR}")
    made: Any = gymnasium.make(IDS[tier])
    assert isinstance(made.unwrapped, IncidentEnv)
    check_env(made.unwrapped, skip_render_check=True)
    batch: Any = gymnasium.make_vec(IDS[tier], num_envs=3, split="validation")
    assert isinstance(batch.unwrapped, IncidentVectorEnv)
    alone: Any = gymnasium.make_vec(IDS[tier], num_envs=1, vectorization_mode="sync", split="validation")
    many, one = batch.reset(seed=4)[0], alone.reset(seed=4)[0]
    assert many.shape == (3, *one.shape[1:])
    assert batch.single_observation_space == alone.single_observation_space
    for env in (made, batch, alone):
        env.close()


def test_the_ids_are_found_by_naming_the_module() -> None:
    """Gymnasium imports what stands before the colon, so a program needs no import of ours."""
    code = (
        "import gymnasium; "
        f"env = gymnasium.make('journeyman.gym.envs:{IDS[Tier.EASY]}', split='validation', disable_env_checker=True); "
        "print(env.unwrapped.spec.id, env.reset(seed=1)[0].shape == env.observation_space.shape)"
    )
    ended = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == [IDS[Tier.EASY], "True"]


def test_pettingzoo_accepts_the_environments() -> None:
    """Their four tests; what it warns of is taste: role names, eyes of different sizes."""
    parallel_api_test(IncidentParallelEnv("medium"), 200)
    parallel_seed_test(lambda: IncidentParallelEnv("easy"), 60)
    seed_test(lambda: incident_aec_env("easy"), 60)
    with warnings.catch_warnings():
        for taste in (
            "Action space for each",
            "We recommend agents",
            "Agents have different",
            "Observations are different",
        ):
            warnings.filterwarnings("ignore", message=taste)
        api_test(incident_aec_env("medium"), 200)


@pytest.mark.parametrize("tier", list(Tier))
def test_features_have_their_size_and_stay_in_bounds(tier: Tier) -> None:
    """The spaces promise both."""
    world = World(tier, 20)
    random = np.random.Generator(np.random.Philox(1))
    for _ in range(20):
        for role in Role:
            vector = features(world.observe(), tier, role)
            assert vector.shape == (20, size(tier, role))
            assert vector.dtype == np.float32
            assert vector.min() >= LOW
            assert vector.max() <= HIGH
        actions = np.zeros((20, ROLES, 4), np.int64)
        actions[..., 0] = random.integers(8, size=(20, ROLES))
        actions[..., 1:] = random.integers(-1, 20, size=(20, ROLES, 3))
        world.step(actions)


def test_a_step_that_also_shows_gives_what_looking_afterwards_gives() -> None:
    """World for world, also of worlds that have ended and of some that were started anew."""
    one, other = World(Tier.MEDIUM, 5), World(Tier.MEDIUM, 5)
    seen = np.empty_like(one.team_features())
    random = np.random.Generator(np.random.Philox(3))
    for step in range(60):
        actions = random.integers(0, 9, (5, ROLES, 4))
        shown, plain = one.step(actions, seen), other.step(actions)
        assert np.array_equal(shown.team, plain.team)
        assert np.array_equal(shown.terminated, plain.terminated)
        assert np.array_equal(seen, other.team_features())
        if step % 20 == 19:
            rows = np.array([0, 3])
            for world in (one, other):
                world.reset([step, step + 1], rows=rows)
            one.team_features(seen, rows=rows)
            assert np.array_equal(seen, other.team_features())


def test_next_step_mode_resets_in_the_step_after() -> None:
    """The step that ends an episode shows its last observation, the next one a fresh world without reward."""
    env = IncidentVectorEnv(3, tier="easy")
    env.reset(seed=1)
    _, _, terminated, _, _ = env.step(_closing(3, 1))
    assert terminated.tolist() == [False, True, False]
    observations, rewards, terminated, _, _ = env.step(_closing(3, 1))
    assert not terminated.any()
    assert rewards[1] == 0
    steps = observations[:, 0] * 50
    assert np.allclose(steps, [2, 0, 2], atol=1e-4)


def test_same_step_mode_resets_at_once_and_keeps_the_last_observation() -> None:
    """Info holds the last observation of the worlds that ended, and of those only."""
    env = IncidentVectorEnv(3, tier="easy", autoreset="same_step")
    env.reset(seed=1)
    observations, _, _, _, info = env.step(_closing(3, 1))
    assert info["_final_obs"].tolist() == [False, True, False]
    assert info["final_obs"][0] is None
    assert info["final_obs"][1][0] * 50 == pytest.approx(1, abs=1e-4)
    assert observations[1, 0] == 0


def test_disabled_mode_waits_for_a_reset_of_the_ended_worlds() -> None:
    """Worlds outside the mask go on."""
    env = IncidentVectorEnv(3, tier="easy", autoreset="disabled")
    env.reset(seed=1)
    env.step(_closing(3, 1))
    observations, _, _, _, _ = env.step(_nothing(3))
    assert np.allclose(observations[:, 0] * 50, [2, 1, 2], atol=1e-4)
    observations, _ = env.reset(options={"reset_mask": np.array([False, True, False])})
    assert np.allclose(observations[:, 0] * 50, [2, 0, 2], atol=1e-4)


def test_the_mask_says_what_each_role_may_do() -> None:
    """One row of types per role and world."""
    env = IncidentVectorEnv(2)
    _, info = env.reset(seed=0)
    mask = info["action_mask"]
    assert mask.shape == (2, ROLES, len(ActionType))
    for role, hands in ALLOWED_ACTIONS.items():
        assert set(np.flatnonzero(mask[1, role]).tolist()) == set(hands)


def test_a_masked_sample_is_never_refused() -> None:
    """What the mask allows of types and targets reaches the world as it is."""
    env = IncidentParallelEnv("hard")
    _, infos = env.reset(seed=3)
    for name in env.agents:
        space: Any = env.action_space(name)
        space.seed(5)
        for _ in range(30):
            kind, target, _, _ = space.sample(mask=infos[name]["action_mask"])
            assert kind in ALLOWED_ACTIONS[Role[name.upper()]]
            assert target <= 32


def test_every_door_opens_onto_the_same_world() -> None:
    """A task by name gives the same observations whoever asks."""
    single, parallel = IncidentEnv("hard", reveal=True), IncidentParallelEnv("hard")
    world = World(Tier.HARD)
    world.reset([3 * 4 + 2])
    flat, info = single.reset(options={"task": "hard-held_out-4@3"})
    seen, _ = parallel.reset(options={"task": "hard-held_out-4@3"})
    assert info["task"] == "hard-held_out-4@3"
    expected = [features(world.observe(), Tier.HARD, role)[0] for role in Role]
    assert np.array_equal(flat, np.concatenate(expected))
    for role in Role:
        assert np.array_equal(seen[role.label], expected[role])


def test_no_environment_tells_an_agent_which_task_it_plays() -> None:
    """Whoever knows the task can make the same world and look into it."""
    _, alone = IncidentEnv().reset(options={"task": "medium-train-4@3"})
    _, roles = IncidentParallelEnv().reset(options={"task": "medium-train-4@3"})
    _, many = IncidentVectorEnv(2).reset(seed=1)
    for info in (alone, many, *roles.values()):
        assert set(info) <= {"role_rewards", "action_mask"}


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: IncidentEnv("impossible"), "one of easy, medium, hard"),
        (lambda: IncidentParallelEnv(split="test"), "one of train, validation, held_out"),
        (lambda: IncidentVectorEnv(2, autoreset="never"), "choose of next_step, same_step, disabled"),
        (lambda: IncidentVectorEnv(4).reset(options={"reset_mask": np.ones(3, np.bool_)}), "here are 4 worlds"),
    ],
)
def test_what_does_not_exist_is_named(make: Callable[[], object], why: str) -> None:
    """With what does."""
    with pytest.raises((InvalidInput, ValueError), match=why):
        make()


def test_gymnasium_s_own_modes_are_taken() -> None:
    """Whoever has the enum need not spell it."""
    env = IncidentVectorEnv(2, autoreset=AutoresetMode.SAME_STEP)
    assert env.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP


def test_environments_can_be_pickled() -> None:
    """Trainers send them to worker processes, where the same happens."""
    for env in (IncidentEnv("easy"), IncidentParallelEnv("easy")):
        env.reset(seed=8)
        again = pickle.loads(pickle.dumps(env))  # noqa: S301 - our own bytes
        env.reset(seed=9)
        again.reset(seed=9)
    vector = IncidentVectorEnv(2, tier="easy")
    vector.reset(seed=8)
    again = pickle.loads(pickle.dumps(vector))  # noqa: S301 - our own bytes
    for _ in range(40):
        mine, theirs = vector.step(_nothing(2)), again.step(_nothing(2))
        assert all(np.array_equal(one, other) for one, other in zip(mine[:4], theirs[:4], strict=True))


def test_a_vector_environment_repeats_itself_from_its_seed() -> None:
    """Also beyond the first episodes, whose worlds come from the stock."""
    first, second = (IncidentVectorEnv(4, tier="easy") for _ in range(2))
    for env in (first, second):
        env.reset(seed=5)
    first.action_space.seed(1)
    for _ in range(70):
        actions = first.action_space.sample()
        for one, other in zip(first.step(actions)[:4], second.step(actions)[:4], strict=True):
            assert np.array_equal(one, other)
