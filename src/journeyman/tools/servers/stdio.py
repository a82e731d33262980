"""Talk to an MCP server over its standard streams, believing nothing it writes.

Own transport instead of the SDK's: that one reads a line of any length (and in quadratic time), throws away what is not
JSON-RPC without a trace, and sends the server's own messages to our terminal. Here a line is bounded, garbage is
counted, and the end of stderr is kept for error texts.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final, TypeAlias

import anyio
import anyio.lowlevel
from anyio.abc import AsyncResource, ByteReceiveStream, Process
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage
from mcp.types import PARSE_ERROR, ErrorData, JSONRPCError, jsonrpc_message_adapter

from journeyman.concurrency.child_processes import kill_at_exit, kill_group
from journeyman.concurrency.process_start import start_process
from journeyman.tools.blocking import run_blocking
from journeyman.tools.processes.environment import environment
from journeyman.tools.servers.health import ServerHealth
from journeyman.tools.servers.outbox import Outbox, attempt_in_params

Streams: TypeAlias = (
    "tuple[MemoryObjectReceiveStream[SessionMessage | Exception], MemoryObjectSendStream[SessionMessage]]"
)

_KILLED_S: Final = 2.0
"""How long the system may take to end a process that was killed."""
_ID: Final = re.compile(rb'"id"\s*:\s*(\d{1,15})\b')
_ENDS_BYTES: Final = 200
"""How much of an unreadable line, at each end, is searched for the request it answers."""
_CHUNK_BYTES: Final = 256 * 2**10
_LINES_A_TURN: Final = 64
"""Lines read before others get their turn: a chunk of garbage may hold 100,000, which take a second, and verdicts wait."""
_LAST_WORDS_S: Final = 0.2
"""How long the stderr of an ended server is still read."""
_THREAD_BYTES: Final = 2**20
"""Messages over this size are parsed in a thread, so that they do not hold up the event loop."""


@asynccontextmanager
async def stdio_transport(
    command: Sequence[str],
    folder: Path | None,
    variables: Mapping[str, str],
    health: ServerHealth,
    outbox: Outbox,
    line_bytes: int,
) -> AsyncGenerator[Streams]:
    """Start the server and give the streams of messages from and to it; stop it, tree and all, at the end."""
    process = await start_process([*command], folder=folder, environment=environment(variables))
    kill_at_exit(process)
    health.process = process
    if not health.grace_s:  # nobody wanted it any more while it was started
        kill_group(process)
    incoming, received = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    outgoing, sent = anyio.create_memory_object_stream[SessionMessage](0)
    try:
        async with anyio.create_task_group() as group:
            group.start_soon(_read, process, incoming, health, line_bytes)
            group.start_soon(_write, process, sent, incoming, outbox)
            heard = anyio.Event()
            group.start_soon(_listen, process, health, heard)
            try:
                yield received, outgoing
            finally:
                received.close()
                outgoing.close()
                with anyio.CancelScope(shield=True):  # bounded: `_stop` kills what does not leave in time
                    await _stop(process, health)
                    health.process, health.returncode = None, process.returncode
                    with anyio.move_on_after(_LAST_WORDS_S):
                        await heard.wait()
                    await _close(process.stdout, process.stderr)
                    _close_transport(process)
                group.cancel_scope.cancel()
    finally:
        for stream in (incoming, received, outgoing, sent):
            stream.close()


async def _read(
    process: Process,
    incoming: MemoryObjectSendStream[SessionMessage | Exception],
    health: ServerHealth,
    line_bytes: int,
) -> None:
    assert process.stdout is not None  # noqa: S101 - the process was opened with pipes
    pieces: list[bytes] = []
    size = 0
    with suppress(anyio.EndOfStream, anyio.ClosedResourceError, anyio.BrokenResourceError, OSError):
        async with incoming:
            while True:
                head, *lines = (await process.stdout.receive(_CHUNK_BYTES)).split(b"\n")
                pieces.append(head)
                size += len(head)
                if size > line_bytes:
                    health.fault = f"it wrote a message of more than {line_bytes:,} bytes and was stopped"
                    break
                for place, line in enumerate(lines):
                    await _deliver(b"".join(pieces), incoming, health)
                    pieces, size = [line], len(line)
                    if place % _LINES_A_TURN == 0:
                        await anyio.lowlevel.checkpoint()
    health.ended = True


async def _deliver(
    line: bytes, incoming: MemoryObjectSendStream[SessionMessage | Exception], health: ServerHealth
) -> None:
    if not line.strip():
        return
    try:
        if len(line) > _THREAD_BYTES:
            message = await run_blocking(lambda: jsonrpc_message_adapter.validate_json(line, by_name=False))
        else:
            message = jsonrpc_message_adapter.validate_json(line, by_name=False)
    except (ValueError, RecursionError) as error:
        health.first_garbage = health.first_garbage or line[:200].decode("utf-8", "replace")
        health.garbage_lines += 1
        message = _unreadable(line, error)
    if message is not None:
        await incoming.send(SessionMessage(message))


def _unreadable(line: bytes, error: Exception) -> JSONRPCError | None:
    """An error for the request that an unreadable line seems to answer, so that its caller need not time out."""
    found = _ID.search(line[:_ENDS_BYTES]) or _ID.search(line[-_ENDS_BYTES:])
    if not line.lstrip().startswith(b"{") or found is None:
        return None
    text = f"its answer cannot be parsed: {str(error).splitlines()[-1]}"
    return JSONRPCError(jsonrpc="2.0", id=int(found[1]), error=ErrorData(code=PARSE_ERROR, message=text))


async def _write(
    process: Process,
    sent: MemoryObjectReceiveStream[SessionMessage],
    incoming: MemoryObjectSendStream[SessionMessage | Exception],
    outbox: Outbox,
) -> None:
    assert process.stdin is not None  # noqa: S101 - the process was opened with pipes
    try:
        async with sent:
            async for item in sent:
                number = attempt_in_params(getattr(item.message, "params", None))
                if number is not None and not outbox.may_send(number):
                    continue
                text = item.message.model_dump_json(by_alias=True, exclude_unset=True)
                await process.stdin.send(text.encode() + b"\n")
    except (anyio.ClosedResourceError, anyio.BrokenResourceError, OSError):
        incoming.close()  # The session then sees the end instead of waiting for answers to what was never read.


async def _listen(process: Process, health: ServerHealth, heard: anyio.Event) -> None:
    stream: ByteReceiveStream | None = process.stderr
    assert stream is not None  # noqa: S101 - the process was opened with pipes
    rest = ""
    # Cancelling does not stop this, or the last words of a server that we end were never heard; that it is closed does.
    with (
        anyio.CancelScope(shield=True),
        suppress(anyio.EndOfStream, anyio.ClosedResourceError, anyio.BrokenResourceError, OSError),
    ):
        while True:
            *lines, rest = (rest + (await stream.receive()).decode("utf-8", "replace")).split("\n")
            health.stderr.extend(line.strip()[:300] for line in lines if line.strip())
            rest = rest[:300]
    if rest.strip():
        health.stderr.append(rest.strip())
    heard.set()


async def _stop(process: Process, health: ServerHealth) -> None:
    """End the process in bounded time: close its input, then SIGTERM, then SIGKILL to its whole group."""
    await _close(process.stdin)
    if await _left(process, health):
        return
    _signal(process, signal.SIGTERM)
    if not await _left(process, health):
        _signal(process, signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
        await _left(process, ServerHealth(grace_s=_KILLED_S))


async def _close(*streams: AsyncResource | None) -> None:
    for stream in streams:
        if stream is not None:
            with suppress(OSError, anyio.BrokenResourceError, anyio.ClosedResourceError):
                await stream.aclose()


def _close_transport(process: Process) -> None:
    """Let go of the pipes: asyncio keeps one open whose data nobody read, and no public call closes it."""
    transport: object = getattr(getattr(process, "_process", None), "_transport", None)
    close: object = getattr(transport, "close", None)
    if callable(close):
        with suppress(PermissionError):
            close()


def _signal(process: Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.terminate()
        else:
            os.killpg(process.pid, number)


async def _left(process: Process, health: ServerHealth) -> bool:
    # Not `process.wait()`: it also waits for the pipes, which a grandchild may hold open.
    began_s = anyio.current_time()
    while process.returncode is None and anyio.current_time() < began_s + health.grace_s:  # noqa: ASYNC110 - as above
        await anyio.sleep(0.005)
    return process.returncode is not None
