"""Watcher: cuts off what a driver waits for, at a person's abort or at the mission's deadline.

One task for a whole drive, since most calls are over long before anybody would look: a task for each would cost more
than the rest of the call.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import anyio

from journeyman.engine.clock import Clock
from journeyman.engine.journal import Journal
from journeyman.mission.model.reasons import VerdictReason

LEAST_SLEEP_S: Final = 0.001
"""Clocks do not tell shorter times apart."""


class CancellationWatcher:
    """Looks every `slice_s`, and at the deadline, while the driver's work is under way; `run` must run beside it."""

    def __init__(self, journal: Journal, clock: Clock, slice_s: float, move_deadline: Callable[[], None]) -> None:
        self._journal = journal
        self._clock = clock
        self._slice_s = slice_s
        self._move_deadline = move_deadline
        self._work: anyio.CancelScope | None = None
        self._last_words_s = 0.0
        self._begun = anyio.Event()
        self._looking: anyio.CancelScope | None = None
        self._looked = anyio.Event()

    async def run_cancellable(self, work: Callable[[], Awaitable[None]], last_words_s: float = 0.0) -> bool:
        """Do work that an abort, or the deadline and so much after it, may cut off; tell whether it was."""
        self._work = scope = anyio.CancelScope()
        self._last_words_s = last_words_s
        self._begun.set()
        if self._is_aborted():
            scope.cancel()
        try:
            with scope:
                await work()
        finally:
            self._work = None
            if self._looking is not None:  # or it would change the journal while the driver derives from it
                self._looking.cancel()
                with anyio.CancelScope(shield=True):
                    await self._looked.wait()
        return scope.cancelled_caught

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            if self._work is None:
                self._begun = anyio.Event()
                await self._begun.wait()
            left = self._journal.left_s()
            if left is not None and left <= 0:
                await self._cut_off(left)
                continue
            await self._clock.sleep(self._slice_s if left is None else max(LEAST_SLEEP_S, min(self._slice_s, left)))
            if self._work is not None and (left is None or left > self._slice_s):
                await self._poll()
            if self._work is not None and self._is_aborted():
                self._work.cancel()

    def _is_aborted(self) -> bool:
        return self._journal.state.people.end_asked is VerdictReason.ABORTED

    async def _cut_off(self, left_s: float) -> None:
        work = self._work
        await self._clock.sleep(max(LEAST_SLEEP_S, self._last_words_s + left_s))
        if work is not None and self._work is work:
            work.cancel()

    async def _poll(self) -> None:
        """Take in what people said, and make durable what calls told."""
        self._looking, self._looked = anyio.CancelScope(), anyio.Event()
        try:
            with self._looking:
                if self._journal.has_pending:
                    await self._journal.commit_facts()
                else:
                    await self._journal.refresh()
        finally:
            self._looking = None
            self._looked.set()
        self._move_deadline()
