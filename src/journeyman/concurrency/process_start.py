"""Start processes so that they are either known to their starter or not there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import anyio
from anyio.abc import Process

from journeyman.concurrency.abandonable_tasks import start_detached
from journeyman.concurrency.child_processes import Child, kill_group

Started = TypeVar("Started", bound=Child)
_DROP_S: Final = 0.5
"""How long is waited for the pipes of a killed process to close."""


async def start_process(
    command: Sequence[str],
    *,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    descriptors: Sequence[int] = (),
) -> Process:
    """Start a process in a session of its own, with pipes for all its streams, and these descriptors under their numbers.

    Cancelling takes effect after it: in the middle, asyncio would leave a process behind that nobody knows of.
    """
    variables = None if environment is None else dict(environment)
    return await _start_shielded(
        lambda: anyio.open_process(command, cwd=folder, env=variables, start_new_session=True, pass_fds=descriptors),
        _close_pipes,
    )


async def start_asyncio_process(
    command: Sequence[str], *, folder: Path | None = None, environment: Mapping[str, str]
) -> asyncio.subprocess.Process:
    """As `start_process`, for a library that wants asyncio's streams; what it writes to stderr is thrown away."""
    return await _start_shielded(
        lambda: asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=folder,
            env=dict(environment),
            start_new_session=True,
        ),
        lambda process: process.communicate(),
    )


async def _close_pipes(process: Process) -> None:
    await process.aclose()


async def _start_shielded(
    start: Callable[[], Coroutine[Any, Any, Started]], drop: Callable[[Started], Coroutine[Any, Any, object]]
) -> Started:
    """Start it in a task of its own: a shield holds off cancel scopes, but not `Task.cancel`, after which it is ended."""
    starting = start_detached(start())
    told: asyncio.CancelledError | None = None
    with anyio.CancelScope(shield=True):  # bounded: the system starts a program, or says that it cannot
        while not starting.done():
            try:
                await asyncio.wait({starting})
            except asyncio.CancelledError as cancelled:
                told = cancelled
    if told is None:
        return starting.result()
    if not starting.cancelled() and starting.exception() is None:
        kill_group(starting.result())
        with anyio.move_on_after(_DROP_S, shield=True):
            await drop(starting.result())
    raise told
