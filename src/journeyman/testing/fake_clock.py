"""A clock that a test moves on: hours pass in no time, and in the order in which they would."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

import anyio

T = TypeVar("T")
_START: Final = datetime(2026, 1, 1, tzinfo=UTC)
_TURN_S: Final = 0.001
"""Real time that `run` leaves to whatever is not asleep before the clock moves on."""


class FakeClock:
    """Time, sleep and ids for tests; see `journeyman.engine.clock.Clock`."""

    def __init__(self, start: datetime = _START) -> None:
        self._start = self._now = start
        self._ids = itertools.count(1)
        self._order = itertools.count()
        self._sleepers: list[tuple[datetime, int, anyio.Event]] = []
        self._under_way = 0

    def now(self) -> datetime:
        """The present, aware, in UTC."""
        return self._now

    def monotonic(self) -> float:
        """Seconds since the clock was made."""
        return (self._now - self._start).total_seconds()

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock was moved on so far."""
        woken = anyio.Event()
        heapq.heappush(self._sleepers, (self._now + timedelta(seconds=seconds), next(self._order), woken))
        await woken.wait()

    def new_id(self) -> str:
        """12 hex characters that this clock never gave before."""
        return f"{next(self._ids):012x}"

    def advance(self, seconds: float) -> None:
        """Let time pass, and wake who slept until then."""
        until = self._now + timedelta(seconds=seconds)
        while self._sleepers and self._sleepers[0][0] <= until:
            self._now, _, woken = heapq.heappop(self._sleepers)
            woken.set()
        self._now = until

    @contextmanager
    def standing_still(self) -> Generator[None]:
        """Keep `run` from moving the clock on while threads or processes are at work, of which it sees nothing."""
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1

    async def run(self, work: Callable[[], Awaitable[T]]) -> T:
        """Let `work` run to its end; each time all of it is asleep, the clock goes on to the next that wakes."""
        results: list[T] = []

        async def working() -> None:
            results.append(await work())

        async with anyio.create_task_group() as group:
            group.start_soon(working)
            while not results:
                await anyio.sleep(_TURN_S)
                if self._sleepers and not results and not self._under_way:
                    self.advance(max(0.0, (self._sleepers[0][0] - self._now).total_seconds()))
        return results[0]
