"""Incidents drawn ahead: a training loop that restarts a few worlds per step takes them from a drawn batch."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

import numpy as np

from journeyman.gym.draw.incident import draw
from journeyman.gym.state import Incident, Live, joined, take
from journeyman.gym.tasks import Tier


class Stock:
    """Fresh incidents from a stream of seeds, drawn many at a time and handed out in its order.

    Args:
        tier: the tier of the worlds that will take them.
        seeds: one seed per incident, without end.
        ahead: how many are drawn at once; a draw of a few costs nearly as much as one of many.
    """

    def __init__(self, tier: Tier, seeds: Iterator[int], *, ahead: int = 1024) -> None:
        self._tier: Final = tier
        self._seeds: Final = seeds
        self._ahead: Final = ahead
        self._next = 0
        self._incident, self._live = self._draw(ahead)

    def give(self, count: int) -> tuple[Incident, Live]:
        """Give the next `count` incidents.

        Raises:
            ValueError: the stream of seeds has ended.
        """
        left = len(self._incident.seed) - self._next
        if count > left:
            rest = slice(self._next, None)
            incident, live = self._draw(max(self._ahead, count - left))
            self._incident = joined(take(self._incident, rest), incident)
            self._live = joined(take(self._live, rest), live)
            self._next = 0
        rows = slice(self._next, self._next + count)
        self._next += count
        return take(self._incident, rows), take(self._live, rows)

    def _draw(self, count: int) -> tuple[Incident, Live]:
        seeds = list(islice(self._seeds, count))
        if len(seeds) < count:
            raise ValueError(f"the stream of seeds ended {count - len(seeds)} short")
        return draw(np.array(seeds, np.uint64), self._tier)
