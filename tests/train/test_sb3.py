"""The VecEnv: one batch behind Stable-Baselines3's interface, and PPO that learns in it."""
# pyright: basic, reportMissingImports=false
# Stable-Baselines3 lives in an environment of its own, which the checks of this project do not see.

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import ppo
import pytest
from sb3_contrib import MaskablePPO
from sb3_contrib.common.maskable.utils import get_action_masks, is_masking_supported
from stable_baselines3.common.vec_env import VecMonitor

from journeyman.gym.envs.sb3 import IncidentVecEnv
from journeyman.gym.tasks import Tier
from journeyman.gym.world import World


def drawn(env: IncidentVecEnv, seed: int) -> np.ndarray:
    """A random choice per world that the masks allow."""
    random = np.random.default_rng(seed)
    return np.array([random.choice(np.flatnonzero(mask)) for mask in env.action_masks()])


@pytest.mark.parametrize("role", ["sre", "dev", "manager", "oversight"])
def test_observations_and_rewards_stay_in_their_spaces(role: str) -> None:
    """Several episodes of each world, with every choice that the masks allow."""
    env = IncidentVecEnv(4, roles=[role], others="nobody", tier="medium")
    assert env.reset().shape == (4, *env.observation_space.shape)
    ended = 0
    for step in range(100):
        seen, rewards, done, infos = env.step(drawn(env, step))
        assert all(env.observation_space.contains(one) for one in seen)
        assert rewards.shape == done.shape == (4,)
        for row in np.flatnonzero(done):
            assert env.observation_space.contains(infos[row]["terminal_observation"])
            assert isinstance(infos[row]["TimeLimit.truncated"], bool)
        ended += int(done.sum())
    assert ended >= 4


def test_dense_rewards_sum_to_the_final_score() -> None:
    """An episode's return is the team's score, 0 to 1, whichever way it is paid."""
    sums = []
    for rewards in ("potential", "final"):
        env = IncidentVecEnv(3, roles=["manager"], rewards=rewards, seed=5)
        env.reset()
        total = np.zeros(3)
        for _ in range(World(Tier.EASY).horizon):
            _, paid, _, _ = env.step(np.zeros(3, np.int64))
            total += paid
        sums.append(total)
    assert np.allclose(*sums, atol=1e-5)
    assert (sums[0] > 0).any()


def test_the_same_seed_gives_the_same_worlds() -> None:
    """Also when the seed is given as Stable-Baselines3 gives it."""
    first, second, other = (IncidentVecEnv(3, roles=["sre"]) for _ in range(3))
    first.seed(4)
    second.seed(4)
    other.seed(5)
    seen = [env.reset() for env in (first, second, other)]
    assert np.array_equal(seen[0], seen[1])
    assert not np.array_equal(seen[0], seen[2])
    for step in range(40):
        actions = drawn(first, step)
        for one, two in zip(first.step(actions)[:3], second.step(actions)[:3], strict=True):
            assert np.array_equal(one, two)


def test_several_seats_and_the_whole_team_are_one_learner() -> None:
    """Masks stand side by side, as MaskablePPO wants them."""
    for roles, seats in ((["sre", "manager"], 2), ([], 4)):
        env = VecMonitor(IncidentVecEnv(2, roles=roles, others="nobody"))
        assert len(env.action_space.nvec) == seats
        assert is_masking_supported(env)
        assert get_action_masks(env).shape == (2, env.action_space.nvec.sum())
        MaskablePPO("MlpPolicy", env, n_steps=8, batch_size=8, seed=0, device="cpu").learn(16)


def test_the_example_learns_and_says_so(tmp_path: Path) -> None:
    """A short training as a user starts it: the policy is better than it was, and a picture and a file are there."""
    argv = [
        sys.executable,
        ppo.__file__,
        "--output",
        str(tmp_path),
        "--steps",
        "24000",
        "--tasks",
        "60",
        "--points",
        "2",
    ]
    ended = subprocess.run([*argv, "--json"], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-3000:]
    found = json.loads(ended.stdout)
    assert found["gains"]["gain over PPO, untrained"]["low"] > 0
    assert [point["steps"] for point in found["curve"]] == sorted(point["steps"] for point in found["curve"])
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "policy.zip").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--others", "clever"), "'clever' is no team"),
        (("--steps", "0"), "0 is not 1 or more"),
        (("--role", "ceo"), "ceo"),
    ],
)
def test_what_cannot_work_is_said_at_once(
    words: tuple[str, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before any world is made."""
    with pytest.raises(SystemExit) as ended:
        ppo.parse_options(["--output", str(tmp_path), *words])
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
