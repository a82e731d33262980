"""Requests that are spaced: never closer than the interval, in order, and never later than they must be."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyman.concurrency.rate_limiter import RateLimiter


@given(interval_s=st.floats(0.001, 10), gaps_s=st.lists(st.floats(0, 20), min_size=1, max_size=30))
def test_each_request_begins_when_the_one_before_is_an_interval_old(interval_s: float, gaps_s: list[float]) -> None:
    """Held to the plain rule: the moment it came, or an interval after the one before, whichever is later."""
    limiter = RateLimiter(interval_s)
    began_s: list[float] = []
    for now_s in accumulate(gaps_s):
        began_s.append(max([now_s, *(before_s + interval_s for before_s in began_s[-1:])]))
        assert now_s + limiter.reserve_wait_s(now_s) == pytest.approx(began_s[-1])
