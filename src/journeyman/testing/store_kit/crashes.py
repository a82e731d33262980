"""Clauses about SIGKILL: a process dies in the middle of appending, and what it was told stays true."""

from __future__ import annotations

import inspect
import os
import signal
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from subprocess import PIPE
from typing import Final

import anyio
from anyio.abc import Process
from anyio.streams.text import TextReceiveStream

from journeyman.mission.values.canonical import digest
from journeyman.stores.base import Store
from journeyman.stores.verify import verify_session
from journeyman.testing.store_kit.fixtures import MakeStore, StorePlace, accounts_by_kind, expect, expect_equal

SESSIONS: Final = 4
"""Sessions that the child writes at once."""
_KILL_AFTER: Final = (1, 5, 23, 48)
"""Acknowledged appends after which the child is killed, round by round, always on the same store."""


async def what_was_acknowledged_outlives_a_kill(make_store: MakeStore, place: StorePlace) -> None:
    """Keeps each acknowledged append and no half of another, over SIGKILL in the middle of many appends."""
    acknowledged: dict[str, int] = {}
    for count in _KILL_AFTER:
        async with _child(make_store, place) as child:
            said = _lines(child)
            for _ in range(count):
                _note(await anext(said, ""), acknowledged)
            os.kill(child.pid, signal.SIGKILL)
            async for line in said:  # what it said before it died counts too
                _note(line, acknowledged)
        async with make_store(place) as store:
            await _check(store, acknowledged)


async def _check(store: Store, acknowledged: dict[str, int]) -> None:
    written = 0
    listed = {row.session_id: row.seq for row in await store.sessions()}
    for session_id, seq in {**dict.fromkeys(listed, 0), **acknowledged}.items():
        found = await verify_session(store, session_id)
        expect(holds=found.holds, clause=f"a record holds after SIGKILL: {found.problem}")
        expect(holds=found.events >= seq, clause=f"acknowledged event {seq} is kept (the record has {found.events})")
        entries = await store.read(session_id)
        expect_equal(len(entries) % 2, 0, "a batch of two is kept whole or not at all")
        expect_equal(listed.get(session_id), len(entries), "lists go as far as the record")
        written += len(entries) // 2
        for number in range(0, len(entries), 2):
            await store.blob(digest(blob_of(session_id, number)))
    tokens = (await accounts_by_kind(store))["tokens"]
    expect_equal(tokens.spent + tokens.reserved, written, "budget is booked with its batch or not at all")


def blob_of(session_id: str, seq: int) -> bytes:
    """The blob that the child keeps with the batch after `seq`."""
    return f"{session_id} after {seq} ".encode() * 50


@asynccontextmanager
async def _child(make_store: MakeStore, place: StorePlace) -> AsyncGenerator[Process]:
    name = getattr(make_store, "__qualname__", "")
    program = Path(__file__).with_name("crash_child.py")
    command = [
        sys.executable,
        str(program),
        inspect.getfile(inspect.unwrap(make_store)),
        name,
        str(place.directory),
        place.tenant,
    ]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    async with await anyio.open_process(command, stdout=PIPE, stderr=None, env=environment) as child:
        try:
            yield child
        finally:
            if child.returncode is None:
                child.kill()


async def _lines(child: Process) -> AsyncIterator[str]:
    if child.stdout is None:
        return
    rest = ""
    async for text in TextReceiveStream(child.stdout):
        *lines, rest = (rest + text).split("\n")
        for line in lines:
            yield line


def _note(line: str, acknowledged: dict[str, int]) -> None:
    expect(holds=bool(line), clause="a process can append through this store (what it wrote to stderr says why not)")
    session_id, seq = line.split()
    acknowledged[session_id] = int(seq)


CHECKS = (what_was_acknowledged_outlives_a_kill,)
