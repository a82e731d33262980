"""What Codex itself says of the hooks that it found: asked over its app server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import anyio

from journeyman.concurrency.child_processes import kill_group
from journeyman.concurrency.process_start import start_asyncio_process
from journeyman.mission.values.errors import Unavailable

_LIMIT_S: Final = 60.0
_END_S: Final = 5.0
_MOST_BYTES: Final = 4 * 2**20


@dataclass(frozen=True, slots=True)
class CodexHook:
    """A hook as Codex knows it."""

    key: str
    command: str
    current_hash: str
    trust: str
    """`trusted`, `untrusted` or `modified`."""
    source: str
    """The file that it stands in."""


async def codex_hooks(program: Sequence[str], folder: Path, environment: Mapping[str, str]) -> list[CodexHook]:
    """The hooks that Codex would run in a folder. Raises `Unavailable`."""
    process = await start_asyncio_process([*program, "app-server"], folder=folder, environment=environment)
    try:
        with anyio.fail_after(_LIMIT_S):
            return [_row(found) for found in await _asked(process, folder)]
    except (TimeoutError, OSError, ValueError, LookupError, TypeError, EOFError) as error:
        raise Unavailable(f"codex app-server does not say which hooks it found: {type(error).__name__}") from None
    finally:
        kill_group(process)
        with anyio.move_on_after(_END_S, shield=True):
            await process.communicate()


async def _asked(process: asyncio.subprocess.Process, folder: Path) -> list[dict[str, Any]]:
    assert process.stdin is not None  # noqa: S101 - pipes
    about = {"clientInfo": {"name": "journeyman", "version": "1"}}
    rows = _rows(process)
    process.stdin.write(_message({"id": 1, "method": "initialize", "params": about}))
    await _answer(rows, 1)
    process.stdin.write(_message({"method": "initialized"}))
    process.stdin.write(_message({"id": 2, "method": "hooks/list", "params": {"cwds": [str(folder)]}}))
    found = await _answer(rows, 2)
    return cast("list[dict[str, Any]]", found["data"][0]["hooks"])


async def _answer(rows: AsyncGenerator[dict[str, Any]], number: int) -> dict[str, Any]:
    async for row in rows:
        if row.get("id") == number:
            return cast("dict[str, Any]", row["result"])
    raise EOFError


async def _rows(process: asyncio.subprocess.Process) -> AsyncGenerator[dict[str, Any]]:
    assert process.stdout is not None  # noqa: S101 - pipes
    data = b""
    while len(data) < _MOST_BYTES:
        more = await process.stdout.read(65536)
        if not more:
            return
        *lines, data = (data + more).split(b"\n")
        for line in lines:
            if line.strip():
                yield json.loads(line)


def _message(row: Mapping[str, object]) -> bytes:
    return json.dumps({"jsonrpc": "2.0", **row}).encode() + b"\n"


def _row(found: Mapping[str, Any]) -> CodexHook:
    return CodexHook(
        key=str(found["key"]),
        command=str(found.get("command") or ""),
        current_hash=str(found["currentHash"]),
        trust=str(found["trustStatus"]),
        source=str(found.get("sourcePath") or ""),
    )
