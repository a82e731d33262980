"""Run foreign coroutines so that a caller can always leave: cancelled, given a moment, then abandoned.

Cancelling alone is no bound: what is cancelled may swallow it, or shield a long goodbye to a server that does not
listen. An abandoned task runs on by itself; the loop's end is its end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, Generic, TypeVar

import anyio

Value = TypeVar("Value")

PATIENCE_S: Final = 0.06
"""Time that a cancelled task has to end; what ends at all needs far less, and a mission's deadline is not to wait for it."""
CANCELS: Final = 3
"""How often `ended` cancels a task within its time: some code swallows the first one by accident."""
_kept: Final[set[asyncio.Task[Any]]] = set()
"""The loop holds its tasks weakly; one that nobody waits for would be collected in the middle."""


def start_detached(work: Coroutine[Any, Any, Value]) -> asyncio.Task[Value]:
    """A task that lives until it ends, whoever holds it; its late faults are nobody's, and are not logged."""
    task = asyncio.get_running_loop().create_task(work)
    _kept.add(task)
    task.add_done_callback(_forget)
    return task


def _forget(task: asyncio.Task[Any]) -> None:
    _kept.discard(task)
    if not task.cancelled():
        task.exception()  # asking keeps asyncio from telling the log


async def cancel_or_abandon(task: asyncio.Task[Any]) -> bool:
    """Cancel a task of code that nobody vouches for, and wait for it a moment; False where it is left behind.

    This pierces the shields of anyio; for what may shield itself there is `IsolatedTask`.
    """
    with anyio.CancelScope(shield=True):
        for _ in range(CANCELS):
            task.cancel()
            done, _ = await asyncio.wait({task}, timeout=PATIENCE_S / CANCELS)
            if done:
                return True
    return False


class IsolatedTask(Generic[Value]):
    """A coroutine of ours in a task and a cancel scope of its own: cancelled, it may shield what must not break off."""

    def __init__(self, work: Coroutine[Any, Any, Value]) -> None:
        self._scope = anyio.CancelScope()
        self._work = work
        self.task = start_detached(self._run())

    async def _run(self) -> Value:
        with self._scope:
            return await self._work
        raise asyncio.CancelledError

    async def cancel(self, patience_s: float = PATIENCE_S) -> bool:
        """Cancel it and wait so long, past any cancelling of the caller, for its end; False where it is left behind."""
        self._scope.cancel()
        with anyio.CancelScope(shield=True):
            await asyncio.wait({self.task}, timeout=patience_s)
        return self.task.done()


class SelfCancelled(Exception):
    """The work let out a cancellation that its caller did not ask for, and that must not end the caller."""


async def run_abandonable(work: Coroutine[Any, Any, Value], patience_s: float = PATIENCE_S) -> Value:
    """What a coroutine gives; cancelling the caller cancels it, and leaves it behind where it does not end.

    Raises `SelfCancelled` where the work ends cancelled and nobody cancelled the caller.
    """
    apart = IsolatedTask(work)
    try:
        await asyncio.wait({apart.task})
    except asyncio.CancelledError:
        await apart.cancel(patience_s)
        raise
    if apart.task.cancelled():
        raise SelfCancelled
    return apart.task.result()
