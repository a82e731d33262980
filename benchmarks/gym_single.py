"""One world of the incident gym: `step` in a Python loop."""

from __future__ import annotations

import time
from typing import Final

from benchmarks._gym_actions import legal_actions
from benchmarks.report import Meter, Row
from journeyman.gym.actions import ROLES
from journeyman.gym.tasks import Tier
from journeyman.gym.world.world import World

FLOOR_PER_S: Final = 50_000
_ROUNDS: Final = 5
_EPISODES: Final = 40


def run(progress: Meter) -> list[Row]:
    """Measure whole episodes of legal actions, resets included in the second row only."""
    progress.start("rounds", _ROUNDS * len(Tier))
    rows: list[Row] = []
    for tier in Tier:
        plain: list[float] = []
        whole: list[float] = []
        for _ in range(_ROUNDS):
            stepping, resetting, steps = _episodes(tier)
            plain.append(ROLES * steps / stepping)
            whole.append(ROLES * steps / (stepping + resetting))
            progress.step()
        bar = f">= {FLOOR_PER_S:,}" if tier is Tier.MEDIUM else ""
        rows.append(Row(f"agent-steps, {tier.label}, N = 1", max(plain), "/s", bar, max(plain) >= FLOOR_PER_S))
        rows.append(Row(f"agent-steps with resets, {tier.label}, N = 1", max(whole), "/s"))
    return rows


def _episodes(tier: Tier) -> tuple[float, float, int]:
    world = World(tier)
    actions = legal_actions(world, 16)
    stepping = resetting = 0.0
    for episode in range(_EPISODES):
        start = time.perf_counter()
        world.reset([episode])
        middle = time.perf_counter()
        for step in range(world.horizon):
            world.step(actions[step % 16])
        resetting += middle - start
        stepping += time.perf_counter() - middle
    return stepping, resetting, _EPISODES * world.horizon
