"""A server over HTTP, in this process, that dies of its first calls as told: connections end, and nothing listens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from tests.tools.servers.dying_words import result_of

BACK_S = 0.03
"""How long nothing listens after a death."""


class DyingHttp:
    """Speaks just enough HTTP to be called, and to die in the middle of it."""

    def __init__(self, deaths: Sequence[str], ending: str = "close") -> None:
        self.arrived = 0
        self._deaths = list(deaths)
        self._ending = ending
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._port = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> str:
        """Listen; give the address."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{self._port}/mcp"

    async def close(self) -> None:
        """End for good."""
        for task in self._tasks:
            task.cancel()
        self._die()

    def _die(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in self._writers:
            writer.transport.abort()

    def _die_and_come_back(self) -> None:
        self._die()
        task = asyncio.ensure_future(self._back())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _back(self) -> None:
        await asyncio.sleep(BACK_S)
        await self.open()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if line)
                body = await reader.readexactly(int(fields.get(b"content-length", b"0")))
                await self._answer(head, body, writer)
        self._writers.discard(writer)
        writer.close()

    async def _answer(self, head: bytes, body: bytes, writer: asyncio.StreamWriter) -> None:
        if not head.startswith(b"POST"):
            writer.write(b"HTTP/1.1 405 No\r\ncontent-length: 0\r\n\r\n")
            return
        message = json.loads(body)
        if message["method"] == "tools/call":
            self.arrived += 1
            if self._deaths and self._deaths.pop(0) != "never":
                self._end_call(message, writer)
                return
        _write(writer, message)
        await writer.drain()
        if message["method"] == "tools/list" and self._deaths[:1] == ["before"]:
            self._deaths.pop(0)
            self._die_and_come_back()

    def _end_call(self, message: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        """Answer with anything but an answer."""
        match self._ending:
            case "close":
                self._die_and_come_back()
            case "half":
                writer.write(b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{"js')
                self._die_and_come_back()
            case "stream":
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 0\r\n\r\n")
            case "event":
                head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream"
                _raw(writer, head, b"event: \x1b[2Jcleared\ndata: \x1b]0;title\x07\n\n")
            case "garbage":
                _raw(writer, b"HTTP/1.1 200 OK\r\ncontent-type: application/json", b"{")
            case "page":
                _raw(writer, b"HTTP/1.1 200 OK\r\ncontent-type: text/html", b"<p>")
            case "accepted":
                _raw(writer, b"HTTP/1.1 202 Accepted", b"")
            case _:
                _raw(writer, f"HTTP/1.1 {self._ending} Words".encode(), b"")
        del message


def _raw(writer: asyncio.StreamWriter, head: bytes, body: bytes) -> None:
    writer.write(head + b"\r\ncontent-length: %d\r\n\r\n" % len(body) + body)


def _write(writer: asyncio.StreamWriter, message: dict[str, Any]) -> None:
    if "id" not in message:
        _raw(writer, b"HTTP/1.1 202 Accepted", b"")
        return
    found = result_of(message)
    reply = {"error": {"code": -32601, "message": "unknown"}} if found is None else {"result": found}
    body = json.dumps({"jsonrpc": "2.0", "id": message["id"], **reply}).encode()
    _raw(writer, b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nmcp-session-id: s1", body)


@asynccontextmanager
async def dying_http(deaths: Sequence[str], ending: str = "close") -> AsyncGenerator[tuple[DyingHttp, str]]:
    """Serve while the block runs."""
    server = DyingHttp(deaths, ending)
    try:
        yield server, await server.open()
    finally:
        await server.close()
