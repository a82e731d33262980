"""A server that floods its output with garbage holds nobody else up."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import anyio
import anyio.lowlevel
from anyio.abc import Process
from mcp.shared.message import SessionMessage

from journeyman.tools.servers import stdio

LINES = 100_000


class Flood:
    """A process whose output comes in one chunk."""

    def __init__(self) -> None:
        self.chunks = [b"x\n" * LINES]
        self.stdout = self

    async def receive(self, _: int) -> bytes:
        """The chunk, and then the end."""
        await anyio.lowlevel.checkpoint()
        if not self.chunks:
            raise anyio.EndOfStream
        return self.chunks.pop()


def test_others_get_their_turn_while_a_chunk_of_garbage_is_read() -> None:
    """A chunk of short lines used to be read in one go, and every verdict waited for it."""

    async def scene() -> tuple[int, stdio.ServerHealth]:
        incoming, received = anyio.create_memory_object_stream[SessionMessage | Exception](0)
        health, turns, over = stdio.ServerHealth(), 0, anyio.Event()

        async def others() -> None:
            nonlocal turns
            while not over.is_set():
                turns += 1
                await anyio.lowlevel.checkpoint()

        async with anyio.create_task_group() as group:
            group.start_soon(others)
            read: Any = vars(stdio)["_read"]
            await read(cast("Process", Flood()), incoming, health, 10 * LINES)
            over.set()
        received.close()
        return turns, health

    turns, health = asyncio.run(scene())
    assert (health.garbage_lines, health.ended) == (LINES, True)
    assert turns >= LINES // 100
