"""One moment on the monotonic clock that bounds everything that is done for a mission."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

AFTER_S: Final = 0.15
"""Time after a deadline for all last things together: to tell what was cut off, to judge what was measured in time. One
moment ends them all, so that no two of them add up."""


@dataclass(slots=True)
class Deadline:
    """The moment, in seconds of `time.monotonic()`; `None` is none. Whoever owns it may move it, after a pause say.

    Server starts, calls with all their tries, reading results and shutting down look at it whenever they begin to wait.
    """

    at_s: float | None = None

    def left_s(self) -> float | None:
        """The seconds that are left, never less than 0; `None` without a deadline."""
        return None if self.at_s is None else max(0.0, self.at_s - time.monotonic())

    def move(self, left_s: float | None) -> None:
        """Let so many seconds be left from now on; `None` takes the deadline away."""
        self.at_s = None if left_s is None else time.monotonic() + left_s

    def bound(self, limit_s: float) -> float:
        """`limit_s`, or what is left where that is less."""
        left_s = self.left_s()
        return limit_s if left_s is None else min(limit_s, left_s)
