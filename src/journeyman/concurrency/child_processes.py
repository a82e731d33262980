"""Processes that end with ours: killed with their groups, where closing their input does not end them."""

from __future__ import annotations

import atexit
import os
import signal
import sys
from contextlib import suppress
from typing import Final, Protocol


class Child(Protocol):
    """A process of ours, of anyio or asyncio."""

    @property
    def pid(self) -> int:
        """The process id."""
        ...

    @property
    def returncode(self) -> int | None:
        """How it ended; `None` while it runs, and its number is its own."""
        ...

    def kill(self) -> None:
        """End it."""
        ...


_registered: Final[list[Child]] = []
"""Those that do not end by themselves when this process does."""
if hasattr(os, "register_at_fork"):  # a child has none of its parent's processes
    os.register_at_fork(after_in_child=_registered.clear)


def kill_at_exit(child: Child) -> None:
    """Have a process killed with ours: closing its input does not end every program."""
    if not _registered:
        atexit.register(kill_registered)
    _registered[:] = [one for one in _registered if one.returncode is None]
    _registered.append(child)


def kill_registered() -> None:
    """Kill what `own` was told of and is still there. For those who leave with `os._exit`, which asks nobody else."""
    atexit.unregister(kill_registered)
    while _registered:
        kill_group(_registered.pop())


def kill_group(child: Child) -> None:
    """Kill a process that leads a group, and its group; harmless where it has ended."""
    if child.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            if sys.platform == "win32":
                child.kill()
            else:
                os.killpg(child.pid, signal.SIGKILL)
