"""Serves one client over this process's standard streams."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from typing import Any, Final, TypeAlias, cast

import mcp_types as types
from mcp.server.stdio import stdio_server
from mcp.shared.message import SessionMessage
from pydantic import ValidationError

from journeyman.interfaces.mcp.access import McpAccess, RequestContext
from journeyman.interfaces.mcp.server import MissionServer
from journeyman.tools.blocking import run_blocking

Refuse: TypeAlias = Callable[[types.JSONRPCError], Awaitable[None]]
"""Sends an answer that no handler made."""
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
    refused: list[Refuse] = []
    with _own_input(refused) as lines:
        async with stdio_server(stdin=cast("Any", lines)) as (incoming, outgoing):
            refused.append(lambda error: outgoing.send(SessionMessage(error)))
            await server.run(incoming, outgoing, server.create_initialization_options())


@contextmanager
def _own_input(refused: Sequence[Refuse]) -> Generator[AsyncIterator[str]]:
    """The messages on standard input, which nobody else reads meanwhile; what is none is answered by `refused`.

    The SDK's own reader holds the process at its end until the client sends something more: a thread that reads cannot be
    cancelled. Ours is left behind.
    """
    private, nothing = os.dup(0), os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    try:
        stream = TextIOWrapper(os.fdopen(private, "rb", closefd=False), encoding="utf-8", errors="replace")
        yield _messages(stream, refused)
    finally:
        os.dup2(private, 0)  # never closed: a thread may still read there


async def _messages(stream: TextIOWrapper, refused: Sequence[Refuse]) -> AsyncIterator[str]:
    whole = True
    while line := await run_blocking(lambda: stream.readline(_MOST_CHARACTERS)):
        if whole and line.strip():
            fault = _fault_of(line)
            if fault is None:
                yield line
            for refuse in refused if fault is not None else ():
                await refuse(cast("types.JSONRPCError", fault))
        whole = line.endswith("\n")


def _fault_of(line: str) -> types.JSONRPCError | None:
    """The answer to a line that is no message, which the SDK would pass by in silence, so that its sender waits for ever."""
    try:
        types.jsonrpc_message_adapter.validate_json(line)
    except ValidationError:
        pass
    else:
        return None
    try:
        message: Any = json.loads(line)
    except (ValueError, RecursionError):
        return _error(None, types.PARSE_ERROR, "this line is no JSON; send one message a line")
    name = cast("dict[str, Any]", message).get("id") if isinstance(message, dict) else None
    words = "this is no request, notification or answer of JSON-RPC 2.0: it needs `jsonrpc`, a `method`, and an object as `params`"
    return _error(name if isinstance(name, (str, int)) else None, types.INVALID_REQUEST, words)


def _error(name: str | int | None, code: int, words: str) -> types.JSONRPCError:
    return types.JSONRPCError(jsonrpc="2.0", id=name, error=types.ErrorData(code=code, message=words))
