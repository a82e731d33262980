"""How long a look at a record of 100,000 events takes, and how much memory; and the list of 2,000 sessions.

The record is of one mission of 20,000 iterations through the whole engine. Each command runs in a process of its own,
three times, and the median counts, without the start of Python; its output goes nowhere. Beside it stands a bare SQLite
read of the rows that the command must look at: all of them, or those behind the newest snapshot, or one page.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.long_mission import WORLDS, Watch, long_mission
from benchmarks.report import Meter, Row
from journeyman.config import Settings
from journeyman.wiring import opened

ITERATIONS: Final = 20_000
EVENTS: Final = 100_000
SESSIONS: Final = 2_000
ROUNDS: Final = 3
MEMORY_BYTES: Final = 150_000_000
PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class _Look:
    words: tuple[str, ...]
    most_s: float
    rows: int
    """What a bare read of the same must read."""


LOOKS: Final = (
    _Look(("show", "last"), 0.5, PAGE),
    _Look(("resume", "last", "--quiet"), 0.5, PAGE),
    _Look(("history", "last"), 0.3, PAGE),
    _Look(("report", "last", "--json"), 3.0, EVENTS),
    _Look(("replay", "last"), 8.0, EVENTS),
)


@dataclass(frozen=True, slots=True)
class CommandCost:
    """What one command took: medians of all rounds."""

    seconds: float
    peak_bytes: float


def taken(words: Sequence[str]) -> CommandCost:
    """What a command took."""
    found: list[dict[str, float]] = []
    for _ in range(ROUNDS):
        program = [sys.executable, "-m", "benchmarks._reading_process", *words]
        done = subprocess.run(program, check=True, stdout=subprocess.PIPE)
        found.append(json.loads(done.stdout))
    return CommandCost(
        statistics.median(row["seconds"] for row in found), statistics.median(row["peak_bytes"] for row in found)
    )


async def _drive(folder: Path, watch: Watch) -> int:
    async with opened(Settings(data_dir=folder)) as journeyman:
        state = await journeyman.engine.run(long_mission(ITERATIONS), WORLDS, watch)
        assert state.outcome == "achieved", state.reason
        return (await journeyman.store.sessions())[0].seq


async def _create(folder: Path, progress: Meter) -> None:
    async with opened(Settings(data_dir=folder)) as journeyman:
        mission = long_mission(1)
        for _ in range(SESSIONS):
            await journeyman.engine.create(mission, WORLDS)
            progress.step()


def run(progress: Meter) -> list[Row]:
    """Measure, and give the rows."""
    sys.modules.pop("noise", None)  # its count starts again with each run
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as long, tempfile.TemporaryDirectory() as many:
        progress.start("iterations", ITERATIONS)
        events = asyncio.run(_drive(Path(long), Watch(progress)))
        rows.append(Row("events", events, "events", f">= {EVENTS:,}", events >= EVENTS))
        progress.start("sessions", SESSIONS)
        asyncio.run(_create(Path(many), progress))
        looks = [*LOOKS, _Look(("list",), 0.4, SESSIONS)]
        progress.start("looks", len(looks))
        for look in looks:
            place = Path(many if look.words == ("list",) else long)
            rows += _rows(look, place)
            progress.step()
    return rows


def _rows(look: _Look, place: Path) -> list[Row]:
    name = look.words[0]
    found = taken(["--data-dir", str(place), *look.words])
    bare = taken(["bare", str(place / "default" / "journeyman.db"), str(look.rows)])
    return [
        Row(name, found.seconds, "s", f"<= {look.most_s}", found.seconds <= look.most_s),
        Row(f"{name}: beside a bare read of {look.rows:,} rows", found.seconds / bare.seconds, "x"),
        Row(
            f"{name}: most memory",
            round(found.peak_bytes),
            "bytes",
            f"<= {MEMORY_BYTES:,}",
            found.peak_bytes <= MEMORY_BYTES,
        ),
    ]
