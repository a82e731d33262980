"""Run foreign coroutines so that a caller can always leave: cancelled, given a moment, then abandoned.

Cancelling alone is no bound: what is cancelled may swallow it, or shield a long goodbye to a server that does not
listen. An abandoned task runs on by itself; the loop's end is its end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

import anyio

Value = TypeVar("Value")

PATIENCE_S: Final = 0.06
"""Time that a cancelled task has to end; what ends at all needs far less, and a mission's deadline is not to wait for it."""
CANCELS: Final = 3
"""How often it is cancelled within that time: some code swallows the first one by accident."""
_kept: Final[set[asyncio.Task[Any]]] = set()
"""The loop holds its tasks weakly; one that nobody waits for would be collected in the middle."""


def detached(work: Coroutine[Any, Any, Value]) -> asyncio.Task[Value]:
    """Give a task that lives until it ends, whoever holds it; its late faults are nobody's, and are not logged."""
    task = asyncio.get_running_loop().create_task(work)
    _kept.add(task)
    task.add_done_callback(_over)
    return task


def _over(task: asyncio.Task[Any]) -> None:
    _kept.discard(task)
    if not task.cancelled():
        task.exception()  # asking keeps asyncio from telling the log


async def ended(task: asyncio.Task[Any], patience_s: float = PATIENCE_S) -> bool:
    """Cancel a task and wait so long, past any cancelling, until it has ended; False where it is left behind."""
    with anyio.CancelScope(shield=True):
        for _ in range(CANCELS):
            task.cancel()
            done, _ = await asyncio.wait({task}, timeout=patience_s / CANCELS)
            if done:
                return True
    return False


async def abandonable(work: Coroutine[Any, Any, Value], patience_s: float = PATIENCE_S) -> Value:
    """Give what a coroutine gives; cancelling the caller cancels it, and leaves it behind where it does not end."""
    task = detached(work)
    try:
        await asyncio.wait({task})
    except asyncio.CancelledError:
        await ended(task, patience_s)
        raise
    return task.result()
