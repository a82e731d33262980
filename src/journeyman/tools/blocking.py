"""Run blocking code beside the event loop in a way that can always be left.

A thread cannot be stopped. The threads of anyio's pool keep a process from ending while one of them hangs; these are
daemons, so the caller leaves at once when it is cancelled, and so does the process at its end.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import TypeVar

import anyio

from journeyman.concurrency.daemon_threads import DaemonThread, abandon, idle_thread, return_to_pool

Value = TypeVar("Value")


async def acquired(limiter: anyio.CapacityLimiter, borrower: object | None = None) -> None:
    """Take a place in a limiter; where one is free without a turn of the event loop, which anyio's own way costs."""
    held_by = asyncio.current_task() if borrower is None else borrower
    try:
        limiter.acquire_on_behalf_of_nowait(held_by)
    except anyio.WouldBlock:
        await limiter.acquire_on_behalf_of(held_by)


@contextmanager
def _abandoning(worker: DaemonThread) -> Generator[None]:
    """Let a worker be where whoever waits for it is cancelled."""
    try:
        yield
    except asyncio.CancelledError:
        abandon(worker)
        raise


async def run_blocking(
    job: Callable[[], Value],
    *,
    limiter: anyio.CapacityLimiter | None = None,
    begin: Callable[[], None] | None = None,
) -> Value:
    """What `job` gives; raises what it raises, from a daemon thread.

    Cancelling leaves the thread behind: it runs on until it returns, and what it gives is dropped. It keeps its place
    in `limiter` until then, so that what hangs cannot pile up. `begin` is called on the loop, right before the thread
    starts.
    """
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[tuple[Value | None, BaseException | None]] = loop.create_future()
    borrower = object()
    if limiter is not None:
        await acquired(limiter, borrower)

    def end(value: Value | None, error: BaseException | None) -> None:
        if limiter is not None:
            limiter.release_on_behalf_of(borrower)
        if not ended.done():
            ended.set_result((value, error))

    def work() -> None:
        value: Value | None = None
        error: BaseException | None = None
        try:
            value = context.run(job)
        except BaseException as fault:  # noqa: BLE001 - handed over to whoever waits
            error = fault
        return_to_pool(worker)  # first, so that whoever is told may use it again
        with suppress(RuntimeError):  # The loop is closed: nobody waits any more.
            loop.call_soon_threadsafe(end, value, error)

    context = contextvars.copy_context()
    if begin is not None:
        begin()
    try:
        worker = idle_thread()
    except RuntimeError:  # no thread can be started
        end(None, None)
        raise
    worker.submit(work)
    with _abandoning(worker):
        value, error = await ended
    if error is not None:
        raise error
    return value  # pyright: ignore[reportReturnType] - without an error this is what the job gave
