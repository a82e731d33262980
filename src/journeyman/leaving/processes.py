"""Start processes so that they are either known to their starter or not there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import anyio
from anyio.abc import Process

from journeyman.leaving.owned import Child

Started = TypeVar("Started", bound=Child)


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
