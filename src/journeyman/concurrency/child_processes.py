"""Processes that end with ours: killed with their groups, where closing their input does not end them.

Nor does it where we are killed: a server in the middle of a call does not look at its input, and would finish what the
next process asks about and makes again. So a sentinel, which outlives us, ends them then.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

_SENTINEL: Final = str(Path(__file__).with_name("sentinel.py"))


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
_sentinel: Final[list[int]] = []
"""Where the sentinel is told of them, once there is one."""


def _forget() -> None:
    _registered.clear()
    while _sentinel:
        os.close(_sentinel.pop())


if hasattr(os, "register_at_fork"):  # a child has none of its parent's processes
    os.register_at_fork(after_in_child=_forget)


def kill_at_exit(child: Child) -> None:
    """Have a process killed with ours, however we end: closing its input does not end every program."""
    if not _registered:
        atexit.register(kill_registered)
    _registered[:] = [one for one in _registered if one.returncode is None]
    _registered.append(child)
    with suppress(OSError, NotImplementedError):
        os.write(_told_sentinel(), f"{child.pid}\n".encode())


def _told_sentinel() -> int:
    """The sentinel's input; it is started for the first process that it must know of.

    Raises:
        OSError: There can be none here.
        NotImplementedError: The same, where no process can be started in a session of its own.
    """
    if not _sentinel:
        if not sys.executable or not hasattr(os, "posix_spawn"):
            raise OSError("no sentinel on this system")
        heard, told = os.pipe()
        silent = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_WRONLY, 0) for number in (1, 2)]
        try:
            os.posix_spawn(
                sys.executable,
                [sys.executable, "-I", "-S", _SENTINEL],
                os.environ,
                file_actions=[(os.POSIX_SPAWN_DUP2, heard, 0), *silent],
                setsid=True,
            )
        finally:
            os.close(heard)
        _sentinel.append(told)
    return _sentinel[0]


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
