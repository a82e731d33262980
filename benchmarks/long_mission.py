"""One mission of 10,000 iterations with 5 KB results, through the whole engine.

Function tool, catalog, rules, planner, durable SQLite record: nothing is left out or faked. Times of single iterations
are taken where the engine tells that a verdict is durable. A window's p99 is the second slowest of 100 iterations, which
on a shared machine is mostly the neighbours' doing: so each end of the mission is ten windows, and their median counts.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import Final

from benchmarks.report import Meter, Row
from journeyman.config import Settings
from journeyman.engine.records import replay_of
from journeyman.mission import events as e
from journeyman.mission.events import Happened
from journeyman.mission.mission_file import validate_mission
from journeyman.mission.spec import Mission
from journeyman.mission.state import State
from journeyman.wiring import opened

ITERATIONS: Final = 10_000
WINDOW: Final = 100
WINDOWS: Final = 10
WARM_UP: Final = 200
"""Iterations at the start that are not looked at: imports, caches, the first pages of the file."""
WORLDS: Final = Path(__file__).parent / "worlds"


def long_mission(iterations: int) -> Mission:
    """Give a mission that is achieved after so many 5 KB samples."""
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
            "explore": False,
            "budget": {"iterations": iterations + 1},
        }
    )


class Watch:
    """Notes when each verdict became durable, and how much the tools gave."""

    def __init__(self, progress: Meter) -> None:
        self.times: list[float] = []
        self.cpu: list[float] = []
        self.payload_bytes = 0
        self._progress = progress

    def __call__(self, happened: Happened, _: State) -> None:
        """Take an event that is durable."""
        match happened.event:
            case e.Settled(result_bytes=size):
                self.payload_bytes += size
            case e.Decided():
                self.times.append(time.perf_counter())
                self.cpu.append(time.process_time())
                self._progress.step()
            case _:
                pass

    def laps_s(self) -> list[float]:
        """Give the time of each iteration."""
        return [later - earlier for earlier, later in zip(self.times, self.times[1:], strict=False)]


def p99(laps_s: list[float]) -> float:
    """Give the median over windows of 100 of each window's p99."""
    windows = [laps_s[start : start + WINDOW] for start in range(0, len(laps_s) - WINDOW + 1, WINDOW)]
    return statistics.median(sorted(window)[int(WINDOW * 0.99) - 1] for window in windows)


async def _measure(folder: Path, iterations: int, watch: Watch) -> tuple[State, int]:
    async with opened(Settings(data_dir=folder)) as journeyman:
        state = await journeyman.engine.run(long_mission(iterations), WORLDS, watch)
        replayed = await replay_of(journeyman.store, state.session_id, journeyman.predicates)
        assert replayed.difference is None, replayed.difference
    return state, sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def run(progress: Meter, iterations: int = ITERATIONS) -> list[Row]:
    """Measure, and give the rows."""
    progress.start("iterations", iterations)
    watch = Watch(progress)
    with tempfile.TemporaryDirectory() as name:
        state, disk_bytes = asyncio.run(_measure(Path(name), iterations, watch))
    laps_s = watch.laps_s()
    rate = len(laps_s) / (watch.times[-1] - watch.times[0])
    span = WINDOW * WINDOWS
    first_s, last_s = p99(laps_s[WARM_UP : WARM_UP + span]), p99(laps_s[-span:])
    first_all_s, last_all_s = (statistics.median(part) for part in (laps_s[WARM_UP : WARM_UP + span], laps_s[-span:]))
    cpu_ms = 1000 * (watch.cpu[-1] - watch.cpu[0]) / len(laps_s)
    ratio, growth = disk_bytes / watch.payload_bytes, last_s / first_s
    return [
        Row("outcome of the mission", state.outcome, "", "= achieved", state.outcome == "achieved"),
        Row("iterations", len(watch.times), "iterations", f"= {iterations:,}", len(watch.times) == iterations),
        Row("durable iterations", rate, "iterations/s", ">= 500", rate >= 500),
        Row("CPU per iteration", cpu_ms, "ms"),
        Row("payload", watch.payload_bytes, "bytes"),
        Row("bytes on disk, all files", disk_bytes, "bytes"),
        Row("bytes on disk / payload", ratio, "x", "<= 1.5", ratio <= 1.5),
        Row(f"p99 of {WINDOW} iterations, median of {WINDOWS} windows: first", 1000 * first_s, "ms"),
        Row(f"p99 of {WINDOW} iterations, median of {WINDOWS} windows: last", 1000 * last_s, "ms"),
        Row("p99 last / first", growth, "x", "<= 1.2", growth <= 1.2),
        Row("median iteration last / first", last_all_s / first_all_s, "x"),
    ]
