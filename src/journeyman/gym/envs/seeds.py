"""Which worlds an environment plays next."""

from __future__ import annotations

import numpy as np

from journeyman.gym.arrays import Words
from journeyman.gym.tasks import MAX_NUMBER, Split


def draw_seeds(random: np.random.Generator, split: Split, count: int) -> Words:
    """Draw the seeds of so many tasks of a split."""
    numbers: Words = random.integers(MAX_NUMBER + 1, size=count, dtype=np.uint64)
    return numbers * np.uint64(len(Split)) + np.uint64(split)
