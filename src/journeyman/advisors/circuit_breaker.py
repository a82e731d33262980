"""When an advisor that fails is left alone: plain arithmetic on a clock that is passed in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class CircuitBreaker:
    """Opens after so many failures in a row, `None` never, and lets one request try again after a rest."""

    failures: int | None
    rest_s: float
    _in_row: int = 0
    _open_until: float = float("-inf")

    def is_open_at(self, now: float) -> bool:
        """Tell whether requests are held back at this time."""
        return now < self._open_until

    def hold_until(self, until: float) -> None:
        """Hold requests back until a time that somebody named."""
        self._open_until = max(self._open_until, until)

    def record(self, *, failed: bool, at: float) -> None:
        """Take in how a request ended."""
        self._in_row = self._in_row + 1 if failed else 0
        if self.failures is not None and self._in_row >= self.failures:
            self._open_until = at + self.rest_s
