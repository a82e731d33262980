"""Processes that are known to their starter, or not there; and none that is outlived by what it was started for."""

from __future__ import annotations

import asyncio
import atexit
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol, TypeVar

import anyio
from anyio.abc import Process


class Child(Protocol):
    """A process of ours, of anyio or asyncio."""

    @property
    def pid(self) -> int:
        """Give its number."""
        ...

    @property
    def returncode(self) -> int | None:
        """Give how it ended; `None` while it runs, and its number is its own."""
        ...

    def kill(self) -> None:
        """End it."""
        ...


Started = TypeVar("Started", bound=Child)

_owned: Final[list[Child]] = []
"""Those that do not end by themselves when this process does."""
if hasattr(os, "register_at_fork"):  # a child has none of its parent's processes
    os.register_at_fork(after_in_child=_owned.clear)


async def opened_process(
    command: Sequence[str], *, folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> Process:
    """Give a process in a session of its own, with pipes for all its streams.

    Cancelling takes effect after it: in the middle, asyncio would leave a process behind that nobody knows of.
    """
    variables = None if environment is None else dict(environment)
    return await _whole(lambda: anyio.open_process(command, cwd=folder, env=variables, start_new_session=True))


async def opened_streams(
    command: Sequence[str], *, folder: Path | None = None, environment: Mapping[str, str]
) -> asyncio.subprocess.Process:
    """Give the same for a library that wants asyncio's streams; what it writes to stderr is thrown away."""
    return await _whole(
        lambda: asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=folder,
            env=dict(environment),
            start_new_session=True,
        )
    )


async def _whole(start: Callable[[], Awaitable[Started]]) -> Started:
    opened: list[Started] = []
    with anyio.CancelScope(shield=True):  # bounded: the system starts a program, or says that it cannot
        opened.append(await start())
    return opened[0]


def own(child: Child) -> None:
    """Have a process killed with ours: closing its input does not end every program."""
    if not _owned:
        atexit.register(kill_owned)
    _owned[:] = [one for one in _owned if one.returncode is None]
    _owned.append(child)


def kill_owned() -> None:
    """Kill what `own` was told of and is still there. For those who leave with `os._exit`, which asks nobody else."""
    atexit.unregister(kill_owned)
    while _owned:
        kill_group(_owned.pop())


def kill_group(child: Child) -> None:
    """Kill a process that leads a group, and its group; harmless where it has ended."""
    if child.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            if sys.platform == "win32":
                child.kill()
            else:
                os.killpg(child.pid, signal.SIGKILL)
