"""One deadline for everything that a driver waits for, told by its clock's monotonic time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from journeyman.engine.clock import Clock

T = TypeVar("T")


async def run_with_timeout(clock: Clock, seconds: float | None, work: Callable[[], Awaitable[T]]) -> T | None:
    """What `work` gives, or `None` once `seconds` are over; `None` seconds set no bound."""
    if seconds is None:
        return await work()
    results: list[T] = []

    async def end() -> None:
        await clock.sleep(max(0.0, seconds))
        scope.cancel()

    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as group:
            group.start_soon(end)
            results.append(await work())
            group.cancel_scope.cancel()
    return results[0] if results else None
