"""One world of the incident gym in a Python loop: `step` alone, with resets, and through Gymnasium with observations.

Processor time is counted, as in `gym_steps`.
"""

from __future__ import annotations

import time
from typing import Any, Final

import numpy as np

from benchmarks._gym_actions import legal_actions
from benchmarks.report import Meter, Row
from journeyman.gym.actions import ROLES
from journeyman.gym.envs.farama import IncidentEnv
from journeyman.gym.tasks import Tier
from journeyman.gym.world import World

FLOOR_PER_S: Final = 50_000
ENV_PER_S: Final = 20_000
_ROUNDS: Final = 5
_EPISODES: Final = 40


def run(progress: Meter) -> list[Row]:
    """Measure whole episodes of legal actions; each row is the best of several rounds."""
    progress.start("rounds", _ROUNDS * len(Tier))
    rows: list[Row] = []
    for tier in Tier:
        plain: list[float] = []
        whole: list[float] = []
        through: list[float] = []
        for _ in range(_ROUNDS):
            stepping, resetting, steps = _episodes(tier)
            plain.append(ROLES * steps / stepping)
            whole.append(ROLES * steps / (stepping + resetting))
            through.append(_through_gymnasium(tier))
            progress.step()
        judged = tier is Tier.MEDIUM
        bar, holds = (f">= {FLOOR_PER_S:,}", max(plain) >= FLOOR_PER_S) if judged else ("", True)
        rows.append(Row(f"agent-steps, {tier.label}, N = 1", max(plain), "/s", bar, holds))
        rows.append(Row(f"agent-steps with resets, {tier.label}, N = 1", max(whole), "/s"))
        label = f"env-steps through Gymnasium, observations included, {tier.label}, N = 1"
        rows.append(Row(label, max(through), "/s", f">= {ENV_PER_S:,}", max(through) >= ENV_PER_S))
    return rows


def _episodes(tier: Tier) -> tuple[float, float, int]:
    world = World(tier)
    actions = legal_actions(world, 16)
    stepping = resetting = 0.0
    for episode in range(_EPISODES):
        start = time.process_time()
        world.reset([episode])
        middle = time.process_time()
        for step in range(world.horizon):
            world.step(actions[step % 16])
        resetting += middle - start
        stepping += time.process_time() - middle
    return stepping, resetting, _EPISODES * world.horizon


def _through_gymnasium(tier: Tier) -> float:
    env: Any = IncidentEnv(tier.label)
    picks = [actions[0] + np.array([0, 1, 0, 0]) for actions in legal_actions(World(tier), 16)]
    flat = [pick.ravel() for pick in picks]
    env.reset(seed=1)
    start, steps = time.process_time(), 2000
    for step in range(steps):
        *_, terminated, truncated, _ = env.step(flat[step % 16])
        if terminated or truncated:
            env.reset()
    return steps / (time.process_time() - start)
