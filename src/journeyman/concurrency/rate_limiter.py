"""How fast requests may follow each other: plain arithmetic on a clock that is passed in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class RateLimiter:
    """Lets one request pass per interval, in the order they came."""

    interval_s: float
    _free_at: float = 0.0

    def reserve_wait_s(self, now: float) -> float:
        """Take the next place in the order; the seconds until it comes."""
        start = max(now, self._free_at)
        self._free_at = start + self.interval_s
        return start - now
