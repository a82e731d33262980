"""10,000 malformed and mutated MCP messages over HTTP, in both eras, and over stdio: no server error, no hang, no fault of ours.

Three kinds, drawn from a seed: bytes that are no message, messages of wrong shapes, and calls of every tool with arguments that
its schema does not allow, or only just. A fault is a status of 500 or more, an internal error (-32603), a tool's error of code
`bug`, an answer that does not come within 20 s, or a server that answers nothing afterwards. Each fault is told with its message.
"""

from __future__ import annotations

import json
import logging
import random
import sys
import tempfile
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, cast

import anyio
import httpx2

from benchmarks._mcp_served import EVERYTHING, access_to, served, write_missions
from benchmarks.report import Meter, Row
from journeyman.hosting.mission_sources import WantedMission
from journeyman.interfaces.mcp.access import McpAccess
from journeyman.interfaces.mcp.server import TOOLS

SEED: Final = 20_261_123
HTTP_MESSAGES: Final = 7_000
STDIO_MESSAGES: Final = 3_000
_WITHIN_S: Final = 20
_INTERNAL: Final = -32603
_MODERN: Final = "2026-07-28"
_LEGACY: Final = "2025-11-25"
_ODD: Final[tuple[Any, ...]] = (
    None, True, 0, -1, 1e308, 2**70, "", "x" * 5_000, "\0", "\ud800", "../../etc/passwd", "mission://", "${HOME}", [], {},
    [[[]]], {"$ref": "#"}, {"$blob": "x"}, "quick.yaml", "one", {"a": {"b": [1, None]}}, "%s%n", "<script>", "\x1b[31m", 0.5,
)  # fmt: skip
_METHODS: Final = (
    "tools/list", "tools/call", "resources/list", "resources/read", "resources/templates/list", "prompts/get", "ping",
    "initialize", "server/discover", "completion/complete", "logging/setLevel", "tasks/get", "subscriptions/listen",
    "notifications/cancelled", "notifications/initialized", "nonsense", "", "rpc.x",
)  # fmt: skip


def _odd(draw: random.Random, depth: int = 0) -> Any:
    pick = draw.random()
    if depth > 3 or pick < 0.7:
        return draw.choice(_ODD)
    if pick < 0.85:
        return [_odd(draw, depth + 1) for _ in range(draw.randrange(3))]
    return {str(draw.choice(_ODD))[:20]: _odd(draw, depth + 1) for _ in range(draw.randrange(3))}


_RIGHT: Final[dict[str, Any]] = {
    "file": "quick.yaml", "session_id": "one", "limit": 3, "cursor": "", "run": False, "offline": True, "note": "n",
    "iterations": 1, "budget": {"iterations": 4}, "text": "more", "task": "Write a.md", "agent": "nobody", "newest": True,
    "answers": {"p1": "x"}, "form": "json", "offset": 10, "status": "ended", "granted": True,
}  # fmt: skip
"""What a field may hold, whatever the tool."""


def _arguments(draw: random.Random, tool: str) -> dict[str, Any]:
    """The tool's arguments as they should be, but for some; none that may wait."""
    model = TOOLS[tool].arguments
    names = list(model.model_fields)
    found: dict[str, Any] = {
        name: _RIGHT[name]
        for name in names
        if name in _RIGHT and (model.model_fields[name].is_required() or draw.random() < 0.3)
    }
    for name in draw.sample(names, min(len(names), draw.choice((0, 0, 1, 1, 2)))):
        found[name] = _odd(draw)
    if "wait_s" in names:
        found["wait_s"] = draw.choice((0, -1, 1e9, "x", None, 0.01))
    if "session_id" in names and draw.random() < 0.9:
        found["session_id"] = draw.choice(("one", "two", "three", "none", "a" * 300, "../x"))
    if draw.random() < 0.05:
        found[str(draw.choice(_ODD))[:30]] = _odd(draw)
    return found


def _params(draw: random.Random, method: str) -> Any:
    if method == "tools/call" and draw.random() < 0.8:
        tool = draw.choice(list(TOOLS))
        return {"name": tool, "arguments": _arguments(draw, tool) if draw.random() < 0.9 else _odd(draw)}
    if method == "resources/read":
        return {
            "uri": draw.choice(("mission://sessions/one/events?after=", "mission://sessions/")) + str(_odd(draw))[:80]
        }
    if method.endswith("/list") and draw.random() < 0.6:
        return {"cursor": _odd(draw)}
    return _odd(draw)


def message(draw: random.Random) -> dict[str, Any]:
    """A message that may be right but for some of its parts."""
    method = "tools/call" if draw.random() < 0.6 else draw.choice(_METHODS)
    made: dict[str, Any] = {"jsonrpc": "2.0", "id": draw.choice((1, 2, "a", draw.randrange(10**6))), "method": method}
    if draw.random() < 0.95:
        made["params"] = _params(draw, method)
    for key in ("jsonrpc", "id", "method"):
        if draw.random() < 0.03:
            made[key] = _odd(draw)
    if draw.random() < 0.03:
        del made[draw.choice(list(made))]
    return made


def _bytes(draw: random.Random, made: object) -> bytes:
    """The message on the wire, now and then cut, doubled or overwritten."""
    raw = json.dumps(made).encode()
    pick = draw.random()
    if pick < 0.9:
        return raw
    if pick < 0.93:
        return raw[: draw.randrange(len(raw))]
    if pick < 0.95:
        return b"[" + raw + b"," + raw + b"]"
    if pick < 0.97:
        return b"[" * 3_000 + raw
    place = draw.randrange(len(raw))
    return raw[:place] + draw.randbytes(3) + raw[place + 3 :]


def fault_of(answer: object) -> str:
    """What is a fault of ours in an answer; empty where there is none."""
    if not isinstance(answer, dict):
        return ""
    row = cast("dict[str, Any]", answer)
    error = row.get("error")
    if isinstance(error, dict) and cast("dict[str, Any]", error).get("code") == _INTERNAL:
        return f"internal error: {error}"
    text = json.dumps(row)
    return text[:300] if '"code": "bug"' in text else ""


def _answers(body: str) -> list[object]:
    """The messages of a body, as JSON or as events."""
    rows = [line[5:] for line in body.splitlines() if line.startswith("data:")] or [body]
    found: list[object] = []
    for row in rows:
        try:
            found.append(json.loads(row))
        except ValueError:
            continue
    return found


class _Faults:
    """What went wrong, with what was sent."""

    def __init__(self) -> None:
        self.count = 0
        self.told: list[str] = []

    def add(self, words: str, sent: bytes) -> None:
        self.count += 1
        if len(self.told) < 5:
            self.told.append(f"{words} after {sent[:200]!r}")


async def _over_http(url: str, draw: random.Random, progress: Meter, faults: _Faults) -> None:
    async with httpx2.AsyncClient(timeout=_WITHIN_S) as http:
        session = await _legacy_session(http, url)
        for number in range(HTTP_MESSAGES):
            made = message(draw)
            modern = number % 2 == 0
            headers = (
                _modern_headers(draw, made) if modern else {"mcp-session-id": session, "mcp-protocol-version": _LEGACY}
            )
            raw = _bytes(draw, made)
            try:
                await _send(http, url, raw, {**headers, **_ACCEPT}, faults)
            except httpx2.TimeoutException:
                faults.add("no answer", raw)
            progress.step()
            if not modern and number % 500 == 1:
                session = await _legacy_session(http, url)
        if (await http.post(url, json=_opening(), headers=_ACCEPT)).status_code != 200:
            faults.add("the server answers no more", b"")


_ACCEPT: Final = {"accept": "application/json, text/event-stream", "content-type": "application/json"}


async def _send(http: httpx2.AsyncClient, url: str, raw: bytes, headers: Mapping[str, str], faults: _Faults) -> None:
    async with http.stream("POST", url, content=raw, headers=headers) as answer:
        if answer.status_code >= 500:
            faults.add(f"status {answer.status_code}", raw)
        body = ""
        async for line in answer.aiter_lines():
            body += line + "\n"
            if b"subscriptions/listen" in raw:
                break  # stays open by its nature
        for found in _answers(body):
            if fault := fault_of(found):
                faults.add(fault, raw)


def _modern_headers(draw: random.Random, made: dict[str, Any]) -> dict[str, str]:
    """Those of the newest era, mostly right, with the envelope in the message."""
    params: Any = made.get("params")
    if isinstance(params, dict) and draw.random() < 0.95:
        envelope = {"protocolVersion": _MODERN, "clientCapabilities": {}, "clientInfo": {"name": "f", "version": "1"}}
        params["_meta"] = {f"io.modelcontextprotocol/{key}": value for key, value in envelope.items()}
    name: Any = cast("dict[str, Any]", params).get("name") if isinstance(params, dict) else None
    headers = {"mcp-protocol-version": _MODERN, "mcp-method": _header(made.get("method"))}
    return {**headers, "mcp-name": _header(name)} if name is not None else headers


def _header(value: object) -> str:
    return "".join(character for character in str(value) if " " <= character <= "~")[:200] or "x"


def _opening() -> dict[str, Any]:
    params = {"protocolVersion": _LEGACY, "capabilities": {}, "clientInfo": {"name": "f", "version": "1"}}
    return {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params}


async def _legacy_session(http: httpx2.AsyncClient, url: str) -> str:
    opened = await http.post(url, json=_opening(), headers=_ACCEPT)
    return opened.headers["mcp-session-id"]


@asynccontextmanager
async def _stdio_server(folder: Path) -> AsyncGenerator[Any]:
    command = [
        sys.executable,
        "-m",
        "journeyman",
        "--data-dir",
        str(folder / "stdio"),
        "mcp",
        "--missions",
        str(folder / "missions"),
    ]
    scopes = [word for scope in ("read", "run", "author", "person") for word in ("--scope", scope)]
    async with await anyio.open_process([*command, *scopes], stderr=None) as process:
        yield process


async def _over_stdio(folder: Path, draw: random.Random, progress: Meter, faults: _Faults) -> None:
    """Bursts of lines, each followed by a question that must be answered: whatever came before it."""
    write_missions(folder / "missions")
    async with _stdio_server(folder) as process:
        lines = _Lines(process.stdout)
        await process.stdin.send(json.dumps(_opening()).encode() + b"\n")
        await lines.until(lambda row: row.get("id") == 0, faults)
        for start in range(0, STDIO_MESSAGES, 50):
            sent = [_bytes(draw, message(draw)).replace(b"\n", b" ") for _ in range(50)]
            await process.stdin.send(b"\n".join(sent) + b"\n")
            ask = {"jsonrpc": "2.0", "id": f"ping-{start}", "method": "ping"}
            await process.stdin.send(json.dumps(ask).encode() + b"\n")
            if not await lines.until(lambda row, start=start: row.get("id") == f"ping-{start}", faults):
                faults.add("no answer", sent[0])
                break
            progress.step(50)
        await process.stdin.aclose()
        with anyio.move_on_after(_WITHIN_S):
            await process.wait()
        if process.returncode != 0:
            faults.add(f"the server ended with {process.returncode}", b"")


class _Lines:
    """The messages that the server writes."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._rest = b""

    async def until(self, wanted: Callable[[dict[str, Any]], bool], faults: _Faults) -> bool:
        """Read up to a message; tell whether it came in time."""
        with anyio.move_on_after(_WITHIN_S):
            while True:
                while b"\n" not in self._rest:
                    self._rest += await self._stream.receive()
                line, self._rest = self._rest.split(b"\n", 1)
                row = json.loads(line)
                if fault := fault_of(row):
                    faults.add(fault, line)
                if wanted(row):
                    return True
        return False


async def _start_sessions(access: McpAccess) -> None:
    for name, file in (("one", "asks.yaml"), ("two", "quick.yaml"), ("three", "asks.yaml")):
        mission, folder = access.sources.read(WantedMission(file=file), access.caller)
        await access.actions.start_once(mission, folder, name)


async def _measure(progress: Meter, folder: Path) -> list[Row]:
    draw = random.Random(SEED)
    http, stdio = _Faults(), _Faults()
    async with access_to(folder, EVERYTHING) as access, served(access) as url:
        await _start_sessions(access)
        progress.start("HTTP", HTTP_MESSAGES)
        await _over_http(url, draw, progress, http)
    progress.start("stdio", STDIO_MESSAGES)
    await _over_stdio(folder, draw, progress, stdio)
    return [
        Row("messages", HTTP_MESSAGES + STDIO_MESSAGES, "messages", "10,000", HTTP_MESSAGES + STDIO_MESSAGES == 10_000),
        Row("faults over HTTP", http.count, "", "0", not http.count),
        Row("faults over stdio", stdio.count, "", "0", not stdio.count),
        *(Row("fault", words) for words in (*http.told, *stdio.told)),
    ]


def run(progress: Meter) -> list[Row]:
    """Measure, and give the rows."""
    logging.getLogger("mcp").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="jm-fuzz-") as folder:
        return anyio.run(_measure, progress, Path(folder))
