"""Reset of 4,096 worlds of the incident gym."""

from __future__ import annotations

import time
from typing import Final

import numpy as np

from benchmarks.report import Meter, Row
from journeyman.gym.tasks import Tier
from journeyman.gym.world import World

WORLDS: Final = 4096
CEILING_MS: Final = 50
_ROUNDS: Final = 7


def run(progress: Meter) -> list[Row]:
    """Measure the best of several resets per tier, each with fresh seeds."""
    progress.start("resets", _ROUNDS * len(Tier))
    rows: list[Row] = []
    for tier in Tier:
        world = World(tier, WORLDS)
        took: list[float] = []
        for attempt in range(_ROUNDS):
            start = time.perf_counter()
            world.reset(np.arange(WORLDS, dtype=np.uint64) + np.uint64(attempt * WORLDS))
            took.append((time.perf_counter() - start) * 1000)
            progress.step()
        best = min(took)
        rows.append(Row(f"reset of 4,096 worlds, {tier.label}", best, "ms", f"<= {CEILING_MS}", best <= CEILING_MS))
    return rows
