"""The server: a small HTTP/1.1 over asyncio that answers each request with the next line of its script."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final, cast

from journeyman.testing.model_server.anthropic import Anthropic
from journeyman.testing.model_server.bedrock import Bedrock
from journeyman.testing.model_server.gemini import Gemini
from journeyman.testing.model_server.openai import ChatCompletions
from journeyman.testing.model_server.responses import Responses
from journeyman.testing.model_server.script import Script, ScriptedFault, ScriptLine, spoken
from journeyman.testing.model_server.wire_types import ErrorResponse, ModelReply, ModelRequest, ProviderWire

_STATUS: Final[Mapping[ScriptedFault | None, int]] = {
    ScriptedFault.RATE_LIMITED: 429,
    ScriptedFault.SERVER_ERROR: 500,
    ScriptedFault.AUTH: 401,
    ScriptedFault.BAD_REQUEST: 400,
}
_MAX_BODY_BYTES: Final = 64 << 20
_DRIPS: Final = 20
_GARBLE: Final = bytes(range(48, 112)) + b"\n\n"
_EMPTY: Final = ScriptLine(fault=ScriptedFault.SERVER_ERROR)


@dataclass(slots=True, kw_only=True)
class ReceivedRequest:
    """One request that came in. Its texts are kept for assertions and never printed."""

    wire: str
    path: str
    model: str
    streamed: bool
    fault: ScriptedFault | None
    status: int
    request_bytes: int
    body: dict[str, Any] = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    """Names in lower case."""
    input_tokens: int = 0
    """What the answer reports as used: of the prompt …"""
    output_tokens: int = 0
    """… and of the answer; both 0 for an error, and where the script says that nothing is reported."""
    frames: int = 0
    """Frames of a streamed answer …"""
    frames_written: int = 0
    """… and how many of them were written so far; fewer at the end when the caller hung up."""


@dataclass(slots=True)
class ModelServer:
    """Answers OpenAI, Anthropic, Gemini and Bedrock requests on one port. Use `serving`, or `start` and `stop`."""

    script: Script
    host: str = "127.0.0.1"
    port: int = 0
    """0 takes a free one; the real one is here after `start`."""
    calls: list[ReceivedRequest] = field(default_factory=list[ReceivedRequest])
    """What came in, in order."""
    _said: int = 0
    _server: asyncio.Server | None = None
    _open: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    @property
    def url(self) -> str:
        """The base address; OpenAI clients add `/v1`."""
        return f"http://{self.host}:{self.port}"

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._connected, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the port and every connection."""
        if self._server is not None:
            self._server.close()
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def say(self, script: Script | Sequence[ScriptLine]) -> None:
        """Start another script."""
        self.script = script if isinstance(script, Script) else Script(answers=tuple(script))
        self._said = 0

    def line_for(self, body: Mapping[str, Any]) -> ScriptLine:
        """The line that answers a request: the next one; a subclass may look at what was asked."""
        if self.script.aside is not None and not body.get("tools"):
            return self.script.aside
        lines = self.script.lines()
        index, self._said = self._said, self._said + 1
        if index >= len(lines) and not (self.script.repeat and lines):
            return _EMPTY
        return lines[min(index, len(lines) - 1)]

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  start_server runs this in a task
        self._open.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, ValueError, asyncio.CancelledError):
                while await self._exchange(reader, writer):
                    pass
        finally:
            self._open.discard(task)
            writer.close()
            with suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; tell whether the connection goes on."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ", 2)
        headers = {name.lower(): value.strip() for name, _, value in (row.partition(":") for row in head[1:] if row)}
        size = int(headers.get("content-length", 0))
        if size > _MAX_BODY_BYTES:
            return False
        raw = await reader.readexactly(size)
        wire = _wire(path)
        if method != "POST" or wire is None:
            known = b'{"object": "list", "data": [{"id": "scripted", "object": "model"}]}'
            found = path.split("?")[0].endswith("/models")
            answer = ErrorResponse(200 if found else 404, known if found else b"{}")
            _write_whole(writer, answer, bodiless=method == "HEAD")
            return True
        body = cast("dict[str, Any]", json.loads(raw))
        asking = wire.asking(path, body)
        line = self.line_for(body)
        status = _status(line)
        status = 200 if status is None else wire.trouble(status).status
        call = ReceivedRequest(
            wire=wire.name, path=path.split("?")[0], model=asking.model, streamed=asking.streamed, fault=line.fault,
            status=status, request_bytes=size, body=body, headers=headers,
        )  # fmt: skip
        self.calls.append(call)
        return await _answer(reader, writer, wire, asking, line, call, len(self.calls))


async def _answer(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    wire: ProviderWire,
    asking: ModelRequest,
    line: ScriptLine,
    call: ReceivedRequest,
    number: int,
) -> bool:
    if line.delay_s:
        await asyncio.sleep(line.delay_s)
    if line.fault is ScriptedFault.SILENCE:
        await reader.read()
        return False
    if line.fault is ScriptedFault.RESET:
        linger = struct.pack("ii", 1, 0)  # closing with this sends RST instead of FIN
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        return False
    trouble_status = _status(line)
    if trouble_status is not None:
        trouble = _named(wire.trouble(trouble_status, line.text or "scripted fault"), line.code)
        wait = () if line.retry_after_s is None else (("retry-after", f"{line.retry_after_s:g}"),)
        _write_whole(
            writer, ErrorResponse(trouble.status, trouble.body, (*trouble.headers, *wait, *line.headers.items()))
        )
        return True
    reply = reply_to(asking, line, number)
    if reply.usage:
        call.input_tokens, call.output_tokens = asking.prompt_tokens, reply.output_tokens
    if asking.streamed:
        frames = [_GARBLE] if line.fault is ScriptedFault.GARBLED else wire.frames(asking, reply)
        return await _stream(writer, wire.stream_type, frames, line, call)
    body = _GARBLE if line.fault is ScriptedFault.GARBLED else wire.whole(asking, reply)
    return await _whole(writer, body, line)


def _status(line: ScriptLine) -> int | None:
    """The status of an error; `None` for an answer."""
    return line.status if line.status is not None else _STATUS.get(line.fault)


def _named(trouble: ErrorResponse, code: str) -> ErrorResponse:
    """The error with the provider's code where it keeps it: in the body, or in a header."""
    if not code:
        return trouble
    body: dict[str, Any] = json.loads(trouble.body)
    if "error" in body:
        body["error"] |= {"type": code, **({"code": code} if "code" in body["error"] else {})}
    headers = tuple((name, code if name == "x-amzn-ErrorType" else value) for name, value in trouble.headers)
    return ErrorResponse(trouble.status, json.dumps(body).encode(), headers)


def reply_to(asking: ModelRequest, line: ScriptLine, number: int = 1) -> ModelReply:
    """The line in the form that the request asks for, as the server's reply of this number."""
    text, tool, args = spoken(line), "", ""
    by_value = line.value is not None or line.fault is ScriptedFault.WRONG_SCHEMA
    if line.tool is not None:
        tool, args = line.tool, json.dumps(line.args)
    elif by_value and asking.tools:
        tool, args, text = asking.tools[0], text, ""
    if line.fault is ScriptedFault.TRUNCATED:
        text, args = text[: len(text) // 2], args[: len(args) // 2]
    finish = (
        {ScriptedFault.TRUNCATED: "length", ScriptedFault.REFUSAL: "refusal"}.get(line.fault) if line.fault else None
    )
    if finish == "refusal":
        tool, args = "", ""
    return ModelReply(
        text=text,
        tool=tool,
        args=args,
        number=number,
        finish=cast("Any", finish or ("tool" if tool else "stop")),
        output_tokens=(len(text) + len(args)) // 4 if line.output_tokens is None else line.output_tokens,
        usage=line.usage,
    )


def _wire(path: str) -> ProviderWire | None:
    plain = path.split("?", maxsplit=1)[0]
    if plain.endswith("/chat/completions"):
        return ChatCompletions()
    if plain.endswith("/responses"):
        return Responses()
    if plain.endswith("/v1/messages"):
        return Anthropic()
    if plain.endswith((":generateContent", ":streamGenerateContent")):
        return Gemini()
    return Bedrock() if plain.startswith("/model/") and plain.endswith(("/converse", "/converse-stream")) else None


def _write_head(writer: asyncio.StreamWriter, status: int, rows: Sequence[tuple[str, str]]) -> None:
    lines = [f"HTTP/1.1 {status} Scripted", *(f"{name}: {value}" for name, value in rows)]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))


def _write_whole(writer: asyncio.StreamWriter, answer: ErrorResponse, *, bodiless: bool = False) -> None:
    rows = (("content-type", "application/json"), ("content-length", str(len(answer.body))), *answer.headers)
    _write_head(writer, answer.status, rows)
    if not bodiless:
        writer.write(answer.body)


async def _whole(writer: asyncio.StreamWriter, body: bytes, line: ScriptLine) -> bool:
    _write_head(writer, 200, (("content-type", "application/json"), ("content-length", str(len(body)))))
    if line.fault is ScriptedFault.HALF:
        writer.write(body[: len(body) // 2])
        await writer.drain()
        return False
    if line.fault is ScriptedFault.SLOW_DRIP:
        step = max(1, len(body) // _DRIPS)
        for start in range(0, len(body), step):
            writer.write(body[start : start + step])
            await writer.drain()
            await asyncio.sleep(line.drip_s)
    else:
        writer.write(body)
    await writer.drain()
    return True


async def _stream(
    writer: asyncio.StreamWriter, kind: str, frames: Sequence[bytes], line: ScriptLine, call: ReceivedRequest
) -> bool:
    call.frames = len(frames)
    _write_head(writer, 200, (("content-type", kind), ("transfer-encoding", "chunked")))
    if line.fault is ScriptedFault.HALF:
        frames = frames[: len(frames) // 2]
    for each in frames:
        writer.write(f"{len(each):x}\r\n".encode() + each + b"\r\n")
        await writer.drain()
        call.frames_written += 1
        if line.fault is ScriptedFault.SLOW_DRIP:
            await asyncio.sleep(line.drip_s)
    if line.fault is ScriptedFault.HALF:
        return False
    writer.write(b"0\r\n\r\n")
    await writer.drain()
    return True


@asynccontextmanager
async def serving(script: Script | Sequence[ScriptLine], port: int = 0) -> AsyncGenerator[ModelServer]:
    """Serve a script while the block runs."""
    server = ModelServer(script if isinstance(script, Script) else Script(answers=tuple(script)), port=port)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
