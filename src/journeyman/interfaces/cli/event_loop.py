"""The bridge from commands to async code."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Final, TypeVar

from journeyman.interfaces.cli.process_exit import close_runner

T = TypeVar("T")

_TURN_S: Final = 0.0005
"""How long a thread may compute while the loop wants its turn. With Python's 5 ms, four tools that compute in threads
make each step of the loop 20 ms long, and the ending of a mission seconds."""


def run_async(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run async work to its end; SIGTERM ends it as cleanly as Ctrl-C does. Tasks that will not stop are left behind."""

    async def guarded() -> T:
        task = asyncio.current_task()
        with suppress(NotImplementedError, ValueError):
            asyncio.get_running_loop().add_signal_handler(
                signal.SIGTERM, lambda: task.cancel() if task is not None else None
            )
        return await work()

    sys.setswitchinterval(_TURN_S)
    runner = asyncio.Runner()
    try:
        return runner.run(guarded())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    finally:
        close_runner(runner)
