"""Serves one client over this process's standard streams."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from io import TextIOWrapper
from typing import Any, Final, cast

from mcp.server.stdio import stdio_server

from journeyman.interfaces.mcp.access import McpAccess, RequestContext
from journeyman.interfaces.mcp.server import MissionServer
from journeyman.tools.blocking import run_blocking

_MOST_CHARACTERS: Final = 8 << 20
"""Of one message; the rest of a longer line is passed by, and what is left of it is no JSON."""


async def serve_stdio(access: McpAccess) -> None:
    """Serve until the client closes its end.

    While it runs, the standard streams belong to the protocol: what anything else prints goes to standard error, and
    whoever reads standard input finds its end.
    """

    async def access_of(_context: RequestContext) -> McpAccess:
        return access

    server = MissionServer(access_of).build()
    with _own_input() as lines:
        async with stdio_server(stdin=cast("Any", lines)) as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())


@contextmanager
def _own_input() -> Generator[AsyncIterator[str]]:
    """The lines of standard input, which nobody else reads meanwhile.

    The SDK's own reader holds the process at its end until the client sends something more: a thread that reads cannot be
    cancelled. Ours is left behind.
    """
    private, nothing = os.dup(0), os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    try:
        yield _lines(TextIOWrapper(os.fdopen(private, "rb", closefd=False), encoding="utf-8", errors="replace"))
    finally:
        os.dup2(private, 0)  # never closed: a thread may still read there


async def _lines(stream: TextIOWrapper) -> AsyncIterator[str]:
    whole = True
    while line := await run_blocking(lambda: stream.readline(_MOST_CHARACTERS)):
        if whole:
            yield line
        whole = line.endswith("\n")
