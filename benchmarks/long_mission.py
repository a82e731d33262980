"""One mission of 10,000 iterations with 5 KB results, through the whole engine.

Function tool, catalog, rules, planner, durable SQLite record: nothing is left out or faked. Times of single iterations
are taken where the engine tells that a verdict is durable. On a shared machine the neighbours decide how long the second
slowest of 100 iterations takes, and may halve the speed of a minute. So the rate is the median over windows of 500
iterations, and growth is told by the CPU time of this process, all its threads, which a neighbour hardly moves; each end
of the mission is ten windows, and their median counts. The plain figures by the clock stand beside them.
"""

from __future__ import annotations

import asyncio
import itertools
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from benchmarks.report import Meter, Row
from journeyman.config import Settings
from journeyman.engine.records import replay_of
from journeyman.mission.files.mission_file import validate_mission
from journeyman.mission.model import events as e
from journeyman.mission.model.events import Happened
from journeyman.mission.model.mission import Mission
from journeyman.mission.model.state import State
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


def laps(times: list[float]) -> list[float]:
    """Give the time from each to the next."""
    return [later - earlier for earlier, later in itertools.pairwise(times)]


def median_rate(times: list[float], window: int = 500) -> float:
    """Give the median over windows of how many iterations a second was worth."""
    marks = times[::window]
    return statistics.median(window / lap for lap in laps(marks))


def p99(times: list[float]) -> float:
    """Give the median over windows of 100 of each window's p99."""
    laps_s = laps(times)
    windows = [laps_s[start : start + WINDOW] for start in range(0, len(laps_s) - WINDOW + 1, WINDOW)]
    return statistics.median(sorted(window)[int(WINDOW * 0.99) - 1] for window in windows)


async def _measure(folder: Path, iterations: int, watch: Watch) -> State:
    async with opened(Settings(data_dir=folder)) as journeyman:
        state = await journeyman.engine.run(long_mission(iterations), WORLDS, watch)
        replayed = await replay_of(journeyman.store, state.session_id, journeyman.predicates)
        assert replayed.difference is None, replayed.difference
    return state


def bytes_in(folder: Path) -> int:
    """Give what all files of a folder hold together."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def run(progress: Meter, iterations: int = ITERATIONS) -> list[Row]:
    """Measure, and give the rows."""
    progress.start("iterations", iterations)
    sys.modules.pop("noise", None)  # its count starts again with each run
    watch = Watch(progress)
    with tempfile.TemporaryDirectory() as name:
        state = asyncio.run(_measure(Path(name), iterations, watch))
        disk_bytes = bytes_in(Path(name))
    took_s = watch.times[-1] - watch.times[0]
    rate, plain_rate = median_rate(watch.times), iterations / took_s
    start, end = slice(WARM_UP, WARM_UP + WINDOW * WINDOWS + 1), slice(-WINDOW * WINDOWS - 1, None)
    first_s, last_s = p99(watch.cpu[start]), p99(watch.cpu[end])
    cpu_ms = 1000 * (watch.cpu[-1] - watch.cpu[0]) / iterations
    ratio, growth = disk_bytes / watch.payload_bytes, last_s / first_s
    return [
        Row("outcome of the mission", state.outcome, "", "= achieved", state.outcome == "achieved"),
        Row("iterations", len(watch.times), "iterations", f"= {iterations:,}", len(watch.times) == iterations),
        Row("durable iterations, median window", rate, "iterations/s", ">= 500", rate >= 500),
        Row("durable iterations, whole run", plain_rate, "iterations/s"),
        Row("CPU time per iteration, all threads", cpu_ms, "ms"),
        Row("payload", watch.payload_bytes, "bytes"),
        Row("bytes on disk, all files", disk_bytes, "bytes"),
        Row("bytes on disk / payload", ratio, "x", "<= 1.5", ratio <= 1.5),
        Row("p99 of CPU time, first windows", 1000 * first_s, "ms"),
        Row("p99 of CPU time, last windows", 1000 * last_s, "ms"),
        Row("p99 last / first, CPU time", growth, "x", "<= 1.2", growth <= 1.2),
        Row("p99 last / first, by the clock", p99(watch.times[end]) / p99(watch.times[start]), "x"),
    ]
