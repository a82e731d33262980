"""One mission of 10,000 iterations with 5 KB results, through the whole engine, beside a bare SQLite loop.

Function tool, catalog, rules, planner, durable SQLite record: nothing is left out or faked. After every 500 iterations
the mission stands still and a bare loop writes the very rows of those 500 into a file of its own, one commit for each
iteration, with the same settings (`synchronous=FULL`, write-ahead log): what the disk and the neighbours of a shared
machine cost at that moment, both pay; and it draws the tool's 5 KB each time, since the world's work is not ours.

At the end a third loop writes the same events through our own store, the tool in its thread, each event encoded, sealed
and read back, but with no rules: nothing is folded, judged, planned, checked or counted. That is the most that an engine
with these guarantees could reach in this language, and the bars are held to it (`docs/design/011` says why). It takes
turns with the bare loop, so that one run tells all three. Figures are medians of the ratios of windows, by the clock and
by the processor time of all threads. Growth is
told by processor time too: each end of the mission is ten windows of 100, and the median of their p99 counts. The plain
figures by the clock stand beside them.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.report import Meter, Row
from journeyman.config import Settings
from journeyman.engine.journal import summary_of
from journeyman.engine.replaying import replay_of
from journeyman.mission.chain import Entry, Envelope, genesis, head_of, open_entry, seal_bytes
from journeyman.mission.files.mission_file import validate_mission
from journeyman.mission.model import events as e
from journeyman.mission.model.events import EventRecord, decode, encode
from journeyman.mission.model.mission import Mission
from journeyman.mission.model.state import State
from journeyman.mission.values.canonical import Json, canonical, digest
from journeyman.stores.base import Batch, Store
from journeyman.tools.blocking import run_blocking
from journeyman.wiring import opened

ITERATIONS: Final = 10_000
PAUSE: Final = 500
"""Iterations between two stretches of the bare loop."""
WINDOW: Final = 100
WINDOWS: Final = 10
WARM_UP: Final = 200
"""Iterations at the start that are not looked at: imports, caches, the first pages of the file."""
UNRULED_WINDOWS: Final = 6
"""Windows of the loop without rules, each beside one of the bare loop."""
RAW_BYTES: Final = 4096
"""What the tool of `worlds/noise.py` draws for each result."""
WORLDS: Final = Path(__file__).parent / "worlds"


def long_mission(iterations: int) -> Mission:
    """A mission that is achieved after so many 5 KB samples."""
    return validate_mission(
        {
            "name": "long",
            "directive": "Take the samples.",
            "functions": ["noise:sample"],
            "tools": ["sample"],
            "criteria": [
                {
                    "id": "enough",
                    "kind": "metric_threshold",
                    "metric": "metrics.samples",
                    "op": ">=",
                    "target": iterations,
                }
            ],
            "plan": [{"calls": [{"tool": "sample"}]}],
            "repeat": True,
            "explore": False,
            "budget": {"iterations": iterations + 1},
        }
    )


@dataclass(frozen=True, slots=True)
class IterationCosts:
    """What some iterations took."""

    seconds: float
    cpu_s: float


class Watch:
    """Notes when each verdict became durable, and how much the tools gave; may let something else run between."""

    def __init__(self, progress: Meter, pause: Callable[[], object] | None = None) -> None:
        self.times: list[float] = []
        """By the clock, without the pauses."""
        self.cpu: list[float] = []
        self.payload_bytes = 0
        self._progress = progress
        self._pause = pause
        self._paused = IterationCosts(0.0, 0.0)

    def __call__(self, happened: EventRecord, _: State) -> None:
        """Take an event that is durable."""
        match happened.event:
            case e.Settled(value={"bytes": int(size)}):
                self.payload_bytes += size
            case e.Decided():
                self.times.append(time.perf_counter() - self._paused.seconds)
                self.cpu.append(time.process_time() - self._paused.cpu_s)
                self._progress.step()
                if self._pause is not None and len(self.times) % PAUSE == 0:
                    self._stand_still(self._pause)
            case _:
                pass

    def _stand_still(self, pause: Callable[[], object]) -> None:
        began, cpu = time.perf_counter(), time.process_time()
        pause()
        self._paused = IterationCosts(
            self._paused.seconds + time.perf_counter() - began, self._paused.cpu_s + time.process_time() - cpu
        )


Commit = tuple[Sequence[tuple[int, bytes, bytes]], Sequence[tuple[object, ...]]]
"""Rows of events and of blobs."""


class BareSqliteLoop:
    """Writes the rows that the mission wrote since the last time into another file, as plainly as SQLite allows."""

    def __init__(self, record: Path, copy: Path) -> None:
        self._record = record
        self._last = (0, 0)
        self._draw = random.Random(1)
        self._newest: list[Commit] = []
        self.stretches: list[IterationCosts] = []
        self._file = sqlite3.connect(copy, isolation_level=None)
        for line in (
            "PRAGMA page_size = 2048",
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            "PRAGMA wal_autocheckpoint = 256",
            "CREATE TABLE event (key INTEGER PRIMARY KEY, hash BLOB NOT NULL, body BLOB NOT NULL)",
            "CREATE TABLE blob (key INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, compressed INTEGER, data BLOB)",
            "CREATE TABLE session (key INTEGER PRIMARY KEY, hash BLOB)",
            "INSERT INTO session VALUES (1, NULL)",
        ):
            self._file.execute(line)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __call__(self) -> None:
        """Write what is new, one commit for each `Intended`, which is where the mission commits."""
        self._newest = self._new()
        self._write()

    def _write(self) -> None:
        began, cpu = time.perf_counter(), time.process_time()
        write = self._file.execute
        for events, blobs in self._newest:
            base64.b85encode(self._draw.randbytes(RAW_BYTES)).decode()
            write("BEGIN IMMEDIATE")
            self._file.executemany("INSERT INTO blob VALUES (?, ?, ?, ?)", blobs)
            self._file.executemany("INSERT INTO event VALUES (?, ?, ?)", events)
            write("UPDATE session SET hash = ?", (events[-1][1],))
            write("COMMIT")
        taken = IterationCosts(time.perf_counter() - began, time.process_time() - cpu)
        count = len(self._newest)
        self.stretches.append(IterationCosts(taken.seconds / count, taken.cpu_s / count))

    def again(self) -> None:
        """Take the newest rows out, and write them once more."""
        events, blobs = self._newest[0]
        self._file.execute("DELETE FROM event WHERE key >= ?", events[0][:1])
        self._file.execute("DELETE FROM blob WHERE key >= ?", blobs[0][:1])
        self._write()

    def _new(self) -> list[Commit]:
        record = sqlite3.connect(self._record)
        events = record.execute(
            "SELECT key, hash, body FROM event WHERE key > ? ORDER BY key", self._last[:1]
        ).fetchall()
        blobs = record.execute("SELECT * FROM blob WHERE key > ? ORDER BY key", self._last[1:]).fetchall()
        record.close()
        self._last = (events[-1][0], blobs[-1][0])
        ends = [index + 1 for index, row in enumerate(events) if b'"kind":"Intended"' in row[2]]
        share = -(-len(blobs) // len(ends))
        return [
            (events[start:end], blobs[number * share : (number + 1) * share])
            for number, (start, end) in enumerate(itertools.pairwise([0, *ends]))
        ]


class UnruledLoop:
    """Writes the mission's events again, into another record, as an engine would whose rules cost nothing.

    Each event is encoded, read back as every later reader reads it, and sealed; the tool draws in a thread, and one
    commit through the store makes an iteration durable before the next call begins.
    """

    def __init__(self, store: Store, state: State, entries: Sequence[Entry]) -> None:
        self._store = store
        self._draw = random.Random(1)
        self._head = genesis(store.tenant, state.session_id)
        self._session_id = state.session_id
        self._summary = summary_of(state, state.times.last_at)
        self._events = [decode(open_entry(entry)) for entry in entries]

    def _sample(self) -> Json:
        return {"data": base64.b85encode(self._draw.randbytes(RAW_BYTES)).decode(), "metrics": {"samples": 1}}

    async def __call__(self) -> IterationCosts:
        """Write all of it once more; what an iteration took."""
        iterations: list[list[EventRecord]] = [[]]
        for happened in self._events:
            iterations[-1].append(happened)
            if isinstance(happened.event, e.Intended):
                iterations.append([])
        began, cpu = time.perf_counter(), time.process_time()
        for events in iterations[:-1]:
            result = canonical(await run_blocking(self._sample))
            await self._store.append(self._batch(events, result))
        count = len(iterations) - 1
        return IterationCosts((time.perf_counter() - began) / count, (time.process_time() - cpu) / count)

    def _batch(self, events: Sequence[EventRecord], result: bytes) -> Batch:
        start, sealed = self._head, list[Entry]()
        for happened in events:
            kind, data = type(happened.event).__name__, canonical(encode(happened.event))
            decode(Envelope(self._head.seq + 1, happened.at, happened.actor, kind, data))
            sealed.append(seal_bytes(self._head, at=happened.at, actor=happened.actor, kind=kind, data=data))
            self._head = head_of(sealed[-1])
        return Batch(
            session_id=self._session_id,
            head=start,
            entries=tuple(sealed),
            summary=self._summary,
            blobs={digest(result): result},
        )


def laps(times: list[float]) -> list[float]:
    """The time from each to the next."""
    return [later - earlier for earlier, later in itertools.pairwise(times)]


def p99(times: list[float]) -> float:
    """The median over windows of 100 of each window's p99."""
    laps_s = laps(times)
    windows = [laps_s[start : start + WINDOW] for start in range(0, len(laps_s) - WINDOW + 1, WINDOW)]
    return statistics.median(sorted(window)[int(WINDOW * 0.99) - 1] for window in windows)


def compare(pairs: Sequence[tuple[IterationCosts, IterationCosts]]) -> IterationCosts:
    """How many times as long, and as much processor time, one takes as the other: medians."""
    return IterationCosts(
        statistics.median(one.seconds / other.seconds for one, other in pairs),
        statistics.median(one.cpu_s / other.cpu_s for one, other in pairs),
    )


def ratios(watch: Watch, bare: BareSqliteLoop) -> IterationCosts:
    """What an iteration takes, as a multiple of its bare rows."""
    ours = [
        IterationCosts(
            (watch.times[end] - watch.times[end - PAUSE + 1]) / (PAUSE - 1),
            (watch.cpu[end] - watch.cpu[end - PAUSE + 1]) / (PAUSE - 1),
        )
        for end in range(PAUSE - 1, len(watch.times), PAUSE)
    ]
    return compare(list(zip(ours, bare.stretches, strict=False)))


async def _measure(folder: Path, iterations: int, watch: Watch) -> tuple[State, Sequence[Entry]]:
    async with opened(Settings(data_dir=folder)) as journeyman:
        state = await journeyman.engine.run(long_mission(iterations), WORLDS, watch)
        replayed = await replay_of(journeyman.store, state.session_id, journeyman.predicates)
        assert replayed.difference is None, replayed.difference
        return state, await journeyman.store.read(state.session_id, 0, PAUSE * 5)


async def _measure_unruled(
    folder: Path, state: State, entries: Sequence[Entry], bare: BareSqliteLoop, progress: Meter
) -> IterationCosts:
    """What an iteration without rules takes, as a multiple of its bare rows."""
    pairs: list[tuple[IterationCosts, IterationCosts]] = []
    async with opened(Settings(data_dir=folder)) as journeyman:
        unruled = UnruledLoop(journeyman.store, state, entries)
        for _ in range(UNRULED_WINDOWS):
            one = await unruled()
            bare.again()
            pairs.append((one, bare.stretches[-1]))
            progress.step()
    return compare(pairs)


def bytes_in(folder: Path) -> int:
    """What all files of a folder hold together."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def run(progress: Meter, iterations: int = ITERATIONS) -> list[Row]:
    """Measure, and give the rows."""
    progress.start("iterations", iterations)
    sys.modules.pop("noise", None)  # its count starts again with each run
    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryDirectory() as beside:
        bare = BareSqliteLoop(Path(name) / "default" / "journeyman.db", Path(beside) / "bare.db")
        watch = Watch(progress, bare)
        state, entries = asyncio.run(_measure(Path(name), iterations, watch))
        ours = ratios(watch, bare)
        progress.start("windows without rules", UNRULED_WINDOWS)
        least = asyncio.run(_measure_unruled(Path(beside) / "unruled", state, entries, bare, progress))
        bare.close()
        disk_bytes = bytes_in(Path(name))
    reached, more_cpu = least.seconds / ours.seconds, ours.cpu_s / least.cpu_s
    plain_rate = iterations / (watch.times[-1] - watch.times[0])
    start, end = slice(WARM_UP, WARM_UP + WINDOW * WINDOWS + 1), slice(-WINDOW * WINDOWS - 1, None)
    first_s, last_s = p99(watch.cpu[start]), p99(watch.cpu[end])
    cpu_ms = 1000 * (watch.cpu[-1] - watch.cpu[0]) / iterations
    ratio, growth = disk_bytes / watch.payload_bytes, last_s / first_s
    return [
        Row("outcome of the mission", str(state.outcome), "", "= achieved", state.outcome == "achieved"),
        Row("iterations", len(watch.times), "iterations", f"= {iterations:,}", len(watch.times) == iterations),
        Row("speed beside the loop without rules", reached, "x", ">= 0.5", reached >= 0.5),
        Row("processor time beside the loop without rules", more_cpu, "x", "<= 2.5", more_cpu <= 2.5),
        Row("speed beside the bare loop", 1 / ours.seconds, "x"),
        Row("processor time beside the bare loop", ours.cpu_s, "x"),
        Row("without rules: speed beside the bare loop", 1 / least.seconds, "x"),
        Row("without rules: processor time beside the bare loop", least.cpu_s, "x"),
        Row("durable iterations", plain_rate, "iterations/s"),
        Row("processor time per iteration, all threads", cpu_ms, "ms"),
        Row("payload", watch.payload_bytes, "bytes"),
        Row("bytes on disk, all files", disk_bytes, "bytes"),
        Row("bytes on disk / payload", ratio, "x", "<= 1.5", ratio <= 1.5),
        Row("p99 of CPU time, first windows", 1000 * first_s, "ms"),
        Row("p99 of CPU time, last windows", 1000 * last_s, "ms"),
        Row("p99 last / first, CPU time", growth, "x", "<= 1.2", growth <= 1.2),
        Row("p99 last / first, by the clock", p99(watch.times[end]) / p99(watch.times[start]), "x"),
    ]
