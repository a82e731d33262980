"""Random changes to stored and exported records: all found, with the first bad event named.

Half of the changes are made to rows of the SQLite file, half to the files of an export. What each change must be
found as is known from the change, not from the checker.
"""

from __future__ import annotations

import asyncio
import gzip
import random
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.report import Meter, Row
from journeyman.mission.chain import Entry, Head, genesis, head_of, seal
from journeyman.mission.values.canonical import Json, JsonObject, digest
from journeyman.mission.values.errors import InvalidInput, RecordBroken
from journeyman.stores.base import Batch, Summary
from journeyman.stores.files import export_record, read_export
from journeyman.stores.memory import MemoryStore
from journeyman.stores.sqlite import SqliteStore
from journeyman.stores.verify import verify_session

MUTATIONS: Final = 10_000
EVENTS: Final = 40
LARGE: Final = 100_000
BLOB_EVERY: Final = 8
FLOOR_EVENTS_PER_S: Final = 100_000
_AT: Final = "2026-11-20T10:00:00.000000Z"
_SESSION: Final = "s1"


@dataclass(frozen=True, slots=True)
class _TamperedRecord:
    entries: tuple[Entry, ...]
    blobs: dict[str, bytes]
    batch: Batch

    @property
    def head(self) -> Head:
        return head_of(self.entries[-1])


def _record(tenant: str, events: int, blob_every: int, seed: int) -> _TamperedRecord:
    draw = random.Random(seed)
    head, entries, blobs = genesis(tenant, _SESSION), list[Entry](), dict[str, bytes]()
    for number in range(events):
        value: Json = f"{draw.getrandbits(700):0200x}"
        if number % blob_every == 1:
            data = draw.randbytes(2_560).hex().encode()
            blobs[digest(data)] = data
            value = {"$blob": digest(data), "bytes": len(data)}
        body: JsonObject = {"iteration": number, "value": value}
        entries.append(seal(head, at=_AT, actor="engine", kind="EffectSettled", data=body))
        head = head_of(entries[-1])
    summary = Summary(
        session_id=_SESSION,
        name="tamper",
        status="open",
        verdict="",
        outcome="",
        iteration=0,
        created_at=_AT,
        updated_at=_AT,
    )
    start = genesis(tenant, _SESSION)
    batch = Batch(session_id=_SESSION, head=start, entries=tuple(entries), summary=summary, blobs=blobs)
    return _TamperedRecord(tuple(entries), blobs, batch)


def _flipped(data: bytes, draw: random.Random) -> bytes:
    raw = bytearray(data)
    raw[draw.randrange(len(raw))] ^= 1 << draw.randrange(8)
    return bytes(raw)


class _Rows:
    """Changes rows of a SQLite file, and takes each change back."""

    def __init__(self, path: Path, foreign: _TamperedRecord, draw: random.Random) -> None:
        self._file = sqlite3.connect(path, isolation_level=None)
        self._file.execute("PRAGMA synchronous = OFF")
        self._foreign = foreign
        self._draw = draw
        self._events = self._file.execute("SELECT key, hash, body FROM event ORDER BY key").fetchall()
        self._blobs = self._file.execute("SELECT key, digest, compressed, data FROM blob ORDER BY key").fetchall()

    def close(self) -> None:
        self._file.close()

    @contextmanager
    def changed(self, kind: str) -> Generator[int]:
        """Make a change of `kind`, give the first event that is bad now, and take the change back."""
        self._file.execute("BEGIN")
        first_bad = _ROW_CHANGES[kind](self)
        self._file.execute("COMMIT")
        try:
            yield first_bad
        finally:
            self._file.execute("BEGIN")
            self._file.execute("DELETE FROM event")
            self._file.executemany("INSERT INTO event VALUES (?, ?, ?)", self._events)
            self._file.execute("DELETE FROM blob")
            self._file.executemany("INSERT INTO blob VALUES (?, ?, ?, ?)", self._blobs)
            self._file.execute("COMMIT")

    def flip(self) -> int:
        place = self._draw.randrange(len(self._events))
        key, hashed, body = self._events[place]
        if self._draw.random() < 0.5:
            self._file.execute("UPDATE event SET body = ? WHERE key = ?", (_flipped(body, self._draw), key))
        else:
            self._file.execute("UPDATE event SET hash = ? WHERE key = ?", (_flipped(hashed, self._draw), key))
        return place + 1

    def flip_blob(self) -> int:
        place = self._draw.randrange(len(self._blobs))
        key, _, _, data = self._blobs[place]
        self._file.execute("UPDATE blob SET data = ? WHERE key = ?", (_flipped(data, self._draw), key))
        return place * BLOB_EVERY + 2

    def drop(self) -> int:
        place = self._draw.randrange(len(self._events))
        self._file.execute("DELETE FROM event WHERE key = ?", (self._events[place][0],))
        return place + 1

    def drop_blob(self) -> int:
        place = self._draw.randrange(len(self._blobs))
        self._file.execute("DELETE FROM blob WHERE key = ?", (self._blobs[place][0],))
        return place * BLOB_EVERY + 2

    def reorder(self) -> int:
        one, two = sorted(self._draw.sample(range(len(self._events)), 2))
        for target, source in ((one, two), (two, one)):
            _, hashed, body = self._events[source]
            self._put(target, hashed, body)
        return one + 1

    def truncate(self) -> int:
        place = self._draw.randrange(len(self._events))
        self._file.execute("DELETE FROM event WHERE key >= ?", (self._events[place][0],))
        return place + 1

    def splice(self) -> int:
        first = self._draw.randrange(len(self._events))
        last = self._draw.randrange(first, len(self._events))
        for place in range(first, last + 1):
            self._put(place, self._foreign.entries[place].hash, self._foreign.entries[place].body)
        return first + 1

    def _put(self, place: int, hashed: bytes, body: bytes) -> None:
        self._file.execute("UPDATE event SET hash = ?, body = ? WHERE key = ?", (hashed, body, self._events[place][0]))


_ROW_CHANGES: Final[dict[str, Callable[[_Rows], int]]] = {
    "flip": _Rows.flip,
    "flip blob": _Rows.flip_blob,
    "drop": _Rows.drop,
    "drop blob": _Rows.drop_blob,
    "reorder": _Rows.reorder,
    "truncate": _Rows.truncate,
    "splice": _Rows.splice,
}


def _file_change(kind: str, lines: list[bytes], foreign: list[bytes], draw: random.Random) -> tuple[bytes, int]:
    """A changed `record.jsonl` and the first event that is bad in it."""
    place = draw.randrange(len(lines))
    changed = list(lines)
    if kind == "flip":
        changed[place] = _flipped(lines[place], draw)
        while b"\n" in changed[place]:  # would be a drop and an insertion, not a flip
            changed[place] = _flipped(lines[place], draw)
    elif kind == "drop":
        del changed[place]
    elif kind == "reorder":
        place, other = sorted(draw.sample(range(len(lines)), 2))
        changed[place], changed[other] = lines[other], lines[place]
    elif kind == "truncate":
        cut = draw.randrange(len(lines[place]))
        return b"".join(line + b"\n" for line in lines[:place]) + lines[place][:cut], place + 1
    else:
        last = draw.randrange(place, len(lines))
        changed[place : last + 1] = foreign[place : last + 1]
    return b"".join(line + b"\n" for line in changed), place + 1


async def _stored(directory: Path, count: int, draw: random.Random, progress: Meter) -> tuple[int, int, Counter[str]]:
    ours, foreign = _record("default", EVENTS, BLOB_EVERY, 1), _record("other", EVENTS, BLOB_EVERY, 1)
    found = named = 0
    kinds = Counter[str]()
    async with await SqliteStore.open(directory) as store:
        await store.append(ours.batch)
        rows = _Rows(store.path, foreign, draw)
        for _ in range(count):
            kind = draw.choice(list(_ROW_CHANGES))
            with rows.changed(kind) as first_bad:
                result = await verify_session(store, _SESSION)
            found += not result.holds
            named += result.bad_seq == first_bad
            kinds[kind] += 1
            progress.step()
        rows.close()
        whole = await verify_session(store, _SESSION)
        assert whole.holds, "the changes were not taken back"
    return found, named, kinds


async def _exported(directory: Path, count: int, draw: random.Random, progress: Meter) -> tuple[int, int, Counter[str]]:
    for tenant in ("default", "other"):
        made = _record(tenant, EVENTS, BLOB_EVERY, 1)
        store = MemoryStore(tenant)
        await store.append(made.batch)
        end = head_of(made.entries[-1])
        await export_record(directory / tenant, store=store, session_id=_SESSION, head=end, report={})
    record = directory / "default" / "record.jsonl"
    whole = record.read_bytes()
    foreign = (directory / "other" / "record.jsonl").read_bytes().splitlines()
    blobs = sorted((directory / "default" / "blobs").iterdir())
    found = named = 0
    kinds = Counter[str]()
    for _ in range(count):
        kind = draw.choice(["flip", "drop", "reorder", "truncate", "splice", "flip blob"])
        target, before = (draw.choice(blobs), b"") if kind == "flip blob" else (record, whole)
        if kind == "flip blob":
            before = target.read_bytes()
            changed, first_bad = (
                gzip.compress(_flipped(gzip.decompress(before), draw), 1),
                _first_use(whole, target.name),
            )
        else:
            changed, first_bad = _file_change(kind, whole.splitlines(), foreign, draw)
        target.write_bytes(changed)
        error = await _import_error(directory / "default")
        target.write_bytes(before)
        found += bool(error)
        named += f" {first_bad} " in f"{error} "
        kinds[kind] += 1
        progress.step()
    assert not await _import_error(directory / "default"), "the changes were not taken back"
    return found, named, kinds


def _first_use(record: bytes, name: str) -> int:
    return next(number for number, line in enumerate(record.splitlines(), 1) if name.encode() in line)


async def _import_error(directory: Path) -> str:
    try:
        await read_export(directory)
    except (RecordBroken, InvalidInput) as error:
        return str(error).replace(":", " ")
    return ""


async def _speed(directory: Path, events: int, blob_every: int) -> float:
    made = _record("default", events, blob_every, 2)
    async with await SqliteStore.open(directory) as store:
        await store.append(made.batch)
        started = time.perf_counter()
        result = await verify_session(store, _SESSION)
        took_s = time.perf_counter() - started
    assert result.holds
    assert result.events == events
    return events / took_s


def run(progress: Meter) -> list[Row]:
    """Measure, and give the rows."""
    draw = random.Random(20_261_120)
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        progress.start("changes", MUTATIONS)
        stored = asyncio.run(_stored(place / "stored", MUTATIONS // 2, draw, progress))
        exported = asyncio.run(_exported(place / "exported", MUTATIONS // 2, draw, progress))
        progress.start("speed", 2)
        plain = asyncio.run(_speed(place / "plain", LARGE, LARGE * 2))
        progress.step()
        mixed = asyncio.run(_speed(place / "mixed", LARGE, 20))
        progress.step()
    rows: list[Row] = []
    for what, (found, named, kinds) in (("SQLite rows", stored), ("exported files", exported)):
        count = kinds.total()
        rows += [
            Row(f"{what}: changes ({', '.join(sorted(kinds))})", count, "changes"),
            Row(f"{what}: found", found, "changes", f"= {count:,}", found == count),
            Row(f"{what}: first bad event named", named, "changes", f"= {count:,}", named == count),
        ]
    bar = f">= {FLOOR_EVENTS_PER_S:,}"
    return [
        *rows,
        Row("verify from SQLite, events only", round(plain), "events/s", bar, plain >= FLOOR_EVENTS_PER_S),
        Row("verify, a 5 KB blob every 20 events", round(mixed), "events/s", bar, mixed >= FLOOR_EVENTS_PER_S),
    ]
