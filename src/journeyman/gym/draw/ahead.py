"""Incidents of single worlds, drawn with their neighbours: a draw of a few costs nearly as much as one of many.

Who plays one world at a time mostly plays a split in its order, or one world again and again. The second request from a
neighbourhood draws it whole; the worlds are the same either way.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import count
from typing import Final

import numpy as np

from journeyman.gym.draw.incident import draw
from journeyman.gym.state import Incident, Live, take
from journeyman.gym.tasks import Split, Tier

TOGETHER: Final = 32
"""Worlds of one split that are drawn at once."""
_KEPT: Final = 64
"""Neighbourhoods kept, some 300 KB each in the hard tier."""
_LAST_SEED: Final = 2**64 - 1
_SPREAD: Final = len(Split) * TOGETHER


def draw_one(seed: int, tier: Tier) -> tuple[Incident, Live]:
    """Give what `draw` gives for one seed; the incident may be shared, so its arrays refuse to be written to."""
    first = seed // _SPREAD * _SPREAD + seed % len(Split)
    if first + _SPREAD > _LAST_SEED or not next(_asked(first, tier)):
        return draw(np.array([seed], np.uint64), tier)
    incident, live = _neighbours(first, tier)
    place = (seed - first) // len(Split)
    own = slice(place, place + 1)
    return take(incident, own), take(live, own, copied=True)


@lru_cache(1024)
def _asked(first: int, tier: Tier) -> Iterator[int]:
    """Give how often a neighbourhood was asked for before."""
    del first, tier
    return count()


@lru_cache(_KEPT)
def _neighbours(first: int, tier: Tier) -> tuple[Incident, Live]:
    incident, live = draw(np.arange(first, first + _SPREAD, len(Split), dtype=np.uint64), tier)
    for name in incident.__dataclass_fields__:
        getattr(incident, name).flags.writeable = False
    return incident, live
