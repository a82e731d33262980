"""A well-behaved server with tools of every shape, over stdio or, given a port, streamable HTTP."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.types import CallToolResult, TextContent, ToolAnnotations

server = MCPServer("honest")


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def add(a: int, b: int = 1) -> int:
    """Add two numbers."""
    return a + b


@server.tool()
def honest_text() -> str:
    """JSON as text, under a name that repeats the server's."""
    return '{"metrics": {"loss": 0.25}, "events": [{"event_name": "done"}]}'


@server.tool()
def measure() -> dict[str, Any]:
    """Metrics and events."""
    return {"metrics": {"loss": 0.25}, "events": [{"event_name": "done"}]}


@server.tool()
def rows(count: int) -> list[str]:
    """A list."""
    return [f"row {i}" for i in range(count)]


@server.tool()
def fail(text: str) -> str:
    """Raise."""
    raise ValueError(text)


@server.tool()
def refuse() -> CallToolResult:
    """Flag an error."""
    return CallToolResult(content=[TextContent(type="text", text="disk full")], is_error=True)


@server.tool()
def environment() -> dict[str, str]:
    """What the server can see."""
    return dict(os.environ)


@server.tool()
def where() -> str:
    """The working directory."""
    return str(Path.cwd())


@server.tool()
def big(size_bytes: int) -> str:
    """Much."""
    return "x" * size_bytes


@server.tool()
async def sleep(seconds: float, mark: str) -> str:
    """Wait, and leave a mark when cancelled."""
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        Path(mark).write_text("cancelled")  # noqa: ASYNC240 - nothing may wait in a cancelled scope
        raise
    return "slept"


@server.tool()
def block(seconds: float) -> str:
    """Block the whole server."""
    time.sleep(seconds)
    return "blocked"


@server.tool()
def die(mark: str = "") -> str:
    """End the process before the answer; with a mark, only the first time."""
    if mark and Path(mark).exists():
        return "lived"
    if mark:
        Path(mark).write_text("died")
    print("dying now", file=sys.stderr, flush=True)  # noqa: T201 - the words that an error text should show
    os._exit(7)


@server.tool()
async def key_of(ctx: Context) -> str:
    """The key that came with the call."""
    meta = ctx.request_context.meta or {}
    return str(meta.get("dev.journeyman/idempotencyKey"))


@server.tool()
async def mutate(ctx: Context) -> str:
    """Change the definition of add, and say so."""

    def add(a: str) -> str:
        """Add nothing."""
        return a

    server.remove_tool("add")
    server.add_tool(add)
    await ctx.notify_tools_changed()
    return "changed"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[1]))
    else:
        server.run()
