"""Crashes around a question to a model, with SIGKILL, for every adapter: what is recorded, paid and asked again.

A process runs a mission on the default store; the scripted server behind its advisor keeps silent, or answers. Scene one: killed between
sending and answer. The asked event and its reservation must be there, and the resumed session must finish. Scene two:
killed in the tool call that the answer led to. The resumed session must not ask for that strategy again. Clients that fetch
questions send every answer twice, and late ones to questions of the dead process: none of these may count.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import tempfile
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from benchmarks._advice_process import KINDS
from benchmarks._advisor_bench import NOTES, advice
from benchmarks.report import Meter, Row
from journeyman.engine.records import read_record
from journeyman.mission.model import events as e
from journeyman.stores.sqlite import SqliteStore
from journeyman.testing.model_server import ModelServer, ScriptedFault, ScriptLine, serving

ROUNDS: Final = 3
DOOR: Final = '''
import time
from pathlib import Path


def door(code: int) -> dict[str, dict[str, int]]:
    """Try a code on the door."""
    here = Path(__file__).parent
    with (here / "knocks").open("a") as file:
        file.write("x")
    while (here / "slow").exists():
        time.sleep(0.01)
    return {"metrics": {"open": int(code == 417)}}
'''


async def _start(folder: Path, kind: str, url: str, session: str = "") -> asyncio.subprocess.Process:
    words = [sys.executable, "-m", "benchmarks._advice_process", str(folder), kind, url, session]
    keys = {"ANTHROPIC_API_KEY": "k", "OPENAI_API_KEY": "k", "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "k"}
    place = str(Path(__file__).parents[1])
    return await asyncio.create_subprocess_exec(
        *words, cwd=place, env={"PATH": "/usr/bin:/bin", "HOME": str(folder), **keys}, stderr=asyncio.subprocess.DEVNULL
    )


async def _until(folder: Path, server: ModelServer, *, knocked: bool) -> None:
    """Wait until the question is out, or until the tool runs."""
    while not ((folder / "knocks").exists() if knocked else server.calls or (folder / "asked").exists()):  # noqa: ASYNC110  another process makes the file
        await asyncio.sleep(0.01)


async def _events(folder: Path) -> tuple[str, list[e.Event]]:
    async with await SqliteStore.open(folder / "data", tenant="default") as store:
        session = (await store.sessions())[0].session_id
        return session, [item.event for item in (await read_record(store, session)).events]


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


async def _scene(kind: str, found: Counter[str], *, knocked: bool) -> None:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        first = ScriptLine(value=advice()) if knocked else ScriptLine(fault=ScriptedFault.SILENCE)
        server = await stack.enter_async_context(serving([first]))
        (folder / "lines.json").write_text(json.dumps([advice() if knocked else None]))
        (folder / "door.py").write_text(DOOR)
        if knocked:
            (folder / "slow").touch()
        process = await _start(folder, kind, server.url)
        await asyncio.wait_for(_until(folder, server, knocked=knocked), 60)
        process.send_signal(signal.SIGKILL)
        await process.wait()
        session, before = await _events(folder)
        asked = [event for event in before if isinstance(event, e.AdviceAsked)]
        found["crashes"] += 1
        found["asked event there"] += len(asked) == 1
        found["reserved"] += bool(asked) and asked[0].reserved_tokens > 0
        settled = [event for event in before if isinstance(event, e.AdviceSettled)]
        found["settled as it should"] += len(settled) == (1 if knocked else 0)
        (folder / "slow").unlink(missing_ok=True)
        rest = [NOTES] if knocked else [advice(), NOTES]
        server.say([ScriptLine(value=value) for value in rest])
        server.calls.clear()
        (folder / "lines.json").write_text(json.dumps(rest))
        for name in ("asked", "taken"):
            (folder / name).unlink(missing_ok=True)
        again = await _start(folder, kind, server.url, session)
        await asyncio.wait_for(again.wait(), 60)
        _, after = await _events(folder)
        found["achieved"] += any(isinstance(event, e.Ended) and event.outcome == "achieved" for event in after)
        strategies = [event.ask for event in after if isinstance(event, e.AdviceAsked) and event.purpose == "strategy"]
        if knocked:
            found["asked again after it was settled"] += len(strategies) - 1
        found["same ask twice"] += len(strategies) - len(set(strategies))
        found["calls after the crash"] += len(server.calls) + len(_read(folder / "asked"))
        for told in _read(folder / "taken").split():
            what, _, taken = told.partition(":")
            found["answers sent again or late"] += what != "first"
            found["repeated or late answers taken"] += what != "first" and taken == "taken"
            found["first answers not taken"] += what == "first" and taken != "taken"


async def _run(progress: Meter) -> list[Row]:
    progress.start("crashes", 2 * ROUNDS * len(KINDS))
    found: Counter[str] = Counter()
    two = asyncio.Semaphore(2)

    async def one(kind: str, *, knocked: bool) -> None:
        async with two:
            await _scene(kind, found, knocked=knocked)
            progress.step()

    await asyncio.gather(*(one(kind, knocked=knocked) for kind in KINDS for knocked in (False, True) * ROUNDS))
    crashes = found["crashes"]
    whole = ("asked event there", "reserved", "settled as it should", "achieved")
    none = (
        "asked again after it was settled",
        "same ask twice",
        "repeated or late answers taken",
        "first answers not taken",
    )
    expected = ROUNDS * len(KINDS) * 3
    return [
        Row("SIGKILLs", crashes, f"crashes of {len(KINDS)} adapters"),
        *(Row(what, found[what], "crashes", f"= {crashes}", found[what] == crashes) for what in whole),
        Row("answers sent again or late", found["answers sent again or late"], "answers", "> 0",
            found["answers sent again or late"] > 0),
        *(Row(what, found[what], "", "= 0", found[what] == 0) for what in none),
        Row("calls after the crash", found["calls after the crash"], "calls", f"= {expected}",
            found["calls after the crash"] == expected),
    ]  # fmt: skip


def run(progress: Meter) -> list[Row]:
    """Crash and resume."""
    return asyncio.run(_run(progress))
