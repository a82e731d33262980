"""Start a process so that it is either known to its caller or not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import anyio
from anyio.abc import Process


async def opened_process(
    command: Sequence[str], *, folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> Process:
    """Give a process in a session of its own, with pipes for all its streams.

    Cancelling takes effect after it: in the middle, asyncio would leave a process behind that nobody knows of.
    """
    opened: list[Process] = []
    with anyio.CancelScope(shield=True):
        variables = None if environment is None else dict(environment)
        opened.append(await anyio.open_process(command, cwd=folder, env=variables, start_new_session=True))
    return opened[0]
