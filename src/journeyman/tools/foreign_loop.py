"""An event loop for coroutines that others wrote: one that blocks it holds up its like, and never the driver."""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import threading
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from typing import Any, Final, TypeVar

import anyio

from journeyman.concurrency.abandonable_tasks import CANCELS, PATIENCE_S
from journeyman.tools.containment import CANCELLED_ITSELF, EscapedException

Value = TypeVar("Value")
_loops: Final[list[asyncio.AbstractEventLoop]] = []
"""The loop of this process; all coroutines share one, since what their modules hold belongs to a loop."""
_loops_lock: Final = threading.Lock()
if hasattr(os, "register_at_fork"):  # a child has none of its parent's threads
    os.register_at_fork(after_in_child=_loops.clear)


def _shared_loop() -> asyncio.AbstractEventLoop:
    with _loops_lock:
        if not _loops:
            loop = asyncio.new_event_loop()
            threading.Thread(target=loop.run_forever, name="journeyman-loop-loop", daemon=True).start()
            _loops.append(loop)
        return _loops[0]


def _abandon(loop: asyncio.AbstractEventLoop) -> None:
    """Let those that come later have another loop; this one goes on when what blocks it lets it."""
    with _loops_lock:
        if loop in _loops:
            _loops.remove(loop)


class _LoopJob:
    """A coroutine on its way to the foreign loop and back."""

    def __init__(self, make: Callable[[], Coroutine[Any, Any, Any]], begin: Callable[[], None]) -> None:
        self.future: concurrent.futures.Future[Any] = concurrent.futures.Future()
        self.heard = threading.Event()
        """The loop has run since it was told to cancel."""
        self._make = make
        self._begin = begin
        self._context = copy_context()
        self._task: asyncio.Task[Any] | None = None
        self._unwanted = False
        self._lock = threading.Lock()

    def withdraw(self) -> None:
        """Have it not begin, where it has not; after this nobody wonders whether it will."""
        with self._lock:
            self._unwanted = True

    def start(self) -> None:
        """Begin it, on the loop."""
        with self._lock:
            if self._unwanted:
                self.future.cancel()
                return
            self._begin()
        self._task = asyncio.get_running_loop().create_task(self._make(), context=self._context)
        self._task.add_done_callback(self._over)

    def cancel(self) -> None:
        """Cancel it, on the loop."""
        self.heard.set()
        if self._task is not None:
            self._task.cancel()

    def _over(self, task: asyncio.Task[Any]) -> None:
        if task.cancelled():
            self.future.cancel()
        elif (error := task.exception()) is not None:
            self.future.set_exception(error)
        else:
            self.future.set_result(task.result())


async def run_on_foreign_loop(
    make: Callable[[], Coroutine[Any, Any, Value]], begin: Callable[[], None], left: Callable[[str], None]
) -> Value:
    """What a coroutine gives, run on the foreign loop.

    Cancelling cancels it and waits a moment; where it does not stop, it is left behind and `left` is told why. One that
    the loop has not begun then is never begun.

    Args:
        make: Makes the coroutine, there.
        begin: Called there right before it.
        left: Told in words.
    """
    loop, job = _shared_loop(), _LoopJob(make, begin)
    loop.call_soon_threadsafe(job.start)
    waiting = asyncio.wrap_future(job.future)
    waiting.add_done_callback(lambda done: done.cancelled() or done.exception())  # when nobody asks any more
    try:
        await asyncio.wait({waiting})
    except asyncio.CancelledError:
        job.withdraw()
        with anyio.CancelScope(shield=True):  # bounded: three short waits
            for _ in range(CANCELS):
                loop.call_soon_threadsafe(job.cancel)
                if (await asyncio.wait({waiting}, timeout=PATIENCE_S / CANCELS))[0]:
                    break
            else:
                if not job.heard.is_set():
                    _abandon(loop)
                    left("it blocks its event loop and was left running")
                else:
                    left("its coroutine does not stop when it is cancelled and was left running")
        raise
    if waiting.cancelled():
        raise EscapedException(CANCELLED_ITSELF)
    return waiting.result()
