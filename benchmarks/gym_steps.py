"""Steps of the incident gym: batched, bare and with what all roles see, beside Gymnasium's vector CartPole.

All run in one thread, and processor time is counted: who else uses the machine takes caches, but no time, from it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from gymnasium.envs.classic_control.cartpole import CartPoleVectorEnv

from benchmarks._gym_actions import legal_actions
from benchmarks.report import Meter, Row
from journeyman.gym.actions import ROLES
from journeyman.gym.observe.features import team_size
from journeyman.gym.tasks import Tier
from journeyman.gym.world import World

WORLDS: Final = 4096
FLOOR_PER_S: Final = 2_000_000
SEEN_PER_S: Final = 1_500_000
SHARE: Final = 1 / 8
_ROUNDS: Final = 5


def run(progress: Meter) -> list[Row]:
    """Measure; the worlds play legal actions of all kinds except `resolve` to their end and are reset there."""
    progress.start("rounds", _ROUNDS)
    ours: list[float] = []
    hard: list[float] = []
    seen: list[float] = []
    cartpole: list[float] = []
    for _ in range(_ROUNDS):
        ours.append(_incident(Tier.MEDIUM))
        hard.append(_incident(Tier.HARD))
        seen.append(_incident(Tier.MEDIUM, look=True))
        cartpole.append(_cartpole())
        progress.step()
    best, peer = max(ours), max(cartpole)
    ratio = best / peer
    return [
        Row("agent-steps, medium, N = 4,096", best, "/s", f">= {FLOOR_PER_S:,}", best >= FLOOR_PER_S),
        Row("CartPole vector env-steps, N = 4,096", peer, "/s"),
        Row("ours over CartPole's", ratio, "", ">= 0.125", ratio >= SHARE),
        Row("agent-steps, hard, N = 4,096", max(hard), "/s"),
        Row(
            "agent-steps with all roles' observations, medium, N = 4,096",
            max(seen),
            "/s",
            f">= {SEEN_PER_S:,}",
            max(seen) >= SEEN_PER_S,
        ),
    ]


def _timed(act: Callable[[int], object], steps: int) -> float:
    start = time.process_time()
    for step in range(steps):
        act(step)
    return time.process_time() - start


def _incident(tier: Tier, *, look: bool = False) -> float:
    world = World(tier, WORLDS)
    actions = legal_actions(world, 16)
    seen = np.empty((WORLDS, team_size(tier)), np.float32)

    def act(step: int) -> None:
        stepped = world.step(actions[step % 16], seen if look else None)
        ended = np.flatnonzero(stepped.truncated)
        world.reset((ended + WORLDS * step).tolist(), rows=ended)
        if look:
            world.team_features(seen, rows=ended)

    # Spread the worlds over their episodes, so that resets come with every step as in training.
    for rows in np.array_split(np.arange(WORLDS), world.horizon):
        world.step(actions[0])
        world.reset((rows + WORLDS).tolist(), rows=rows)
    steps = 80
    return WORLDS * ROLES * steps / _timed(act, steps)


def _cartpole() -> float:
    env: Any = CartPoleVectorEnv(WORLDS)
    env.reset(seed=0)
    env.action_space.seed(0)
    actions = [env.action_space.sample() for _ in range(16)]
    # As long as ours takes: of short windows the best is luckier where others use the machine, too.
    return WORLDS * 2000 / _timed(lambda step: env.step(actions[step % 16]), 2000)
