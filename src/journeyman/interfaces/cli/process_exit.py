"""Leaves the process: what will not stop is left behind, and never waited for."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from contextlib import suppress
from typing import Final, NoReturn

from journeyman.concurrency.child_processes import kill_registered

PATIENCE_S: Final = 0.05
"""Time that cancelled tasks and ending threads have; those that end at all need far less."""
_abandoned: Final[list[asyncio.Runner]] = []
"""Runners with tasks that swallow their cancellation: closing them would wait for these for ever."""


def close_runner(runner: asyncio.Runner) -> None:
    """Close a runner whose work is done, unless a task of a tool's own will not be cancelled."""
    if runner.run(_stopped()):
        runner.close()
    else:
        _abandoned.append(runner)


async def _stopped() -> bool:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    if not others:
        return True
    _, left = await asyncio.wait(others, timeout=PATIENCE_S)
    return not left


def exit_process(code: int) -> NoReturn:
    """End the process with a code, whatever is left of tasks, threads, pools, children and exit handlers of tools.

    The interpreter's own end would wait for them, and for some of them no code of ours could tell that they are there.
    All that is ours is closed by now; what is printed is flushed here.
    """
    kill_registered()
    until_s = time.monotonic() + PATIENCE_S
    while (left := _threads()) and time.monotonic() < until_s:
        left[0].join(max(0.0, until_s - time.monotonic()))
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _threads() -> list[threading.Thread]:
    """The threads that the interpreter joins at its end."""
    here = threading.current_thread()
    return [thread for thread in threading.enumerate() if thread is not here and not thread.daemon]
