"""Prompts at five iterations with a megabyte of observations each: time, size, and the same bytes for any order of keys."""

from __future__ import annotations

import random
import statistics
import time
from typing import Any, cast

from benchmarks.report import Meter, Row
from journeyman.mission.files.mission_file import validate_mission
from journeyman.mission.fold.fold import fold
from journeyman.mission.model import events as e
from journeyman.mission.model.events import EventRecord
from journeyman.mission.model.mission import dump, mission_digest
from journeyman.mission.model.state import State
from journeyman.mission.prompt import MAX_BYTES, strategy_prompt

RUNS = 30
ITERATIONS = 5
PERMUTATIONS = 1000
MEGABYTE = 1_000_000


def run(progress: Meter) -> list[Row]:
    """Measure large prompts, then permute the keys of smaller ones."""
    state, chance = _state(), random.Random(7)
    rows = [_iteration(index, _megabyte(chance)) for index in range(ITERATIONS)]
    seconds: list[float] = []
    sizes: set[int] = set()
    progress.start("assemble", RUNS)
    for _ in range(RUNS):
        began = time.perf_counter()
        prompt = strategy_prompt(state, rows, {"type": "object"})
        seconds.append(time.perf_counter() - began)
        sizes.add(prompt.size_bytes)
        progress.step()
    milliseconds = round(1000 * statistics.median(seconds), 2)
    progress.start("permute", PERMUTATIONS)
    small = [_iteration(index, _nested(chance)) for index in range(ITERATIONS)]
    forms: set[str] = set()
    for _ in range(PERMUTATIONS):
        forms.add(strategy_prompt(state, [_shuffled(row, chance) for row in small], {"type": "object"}).user)
        progress.step()
    return [
        Row("median time of a prompt", milliseconds, "ms", "<= 20", milliseconds <= 20),
        Row("size", max(sizes), "bytes", f"<= {MAX_BYTES}", max(sizes) <= MAX_BYTES),
        Row("different prompts from 1,000 key permutations", len(forms), "", "1", len(forms) == 1),
    ]


def _state() -> State:
    mission = validate_mission(
        {
            "directive": "Make it fast.",
            "tools": ["*"],
            "criteria": [{"id": "c", "kind": "metric_threshold", "metric": "ms", "op": "<", "target": 5}],
            "budget": {"iterations": 9},
        }
    )
    created = e.SessionCreated(tenant="t", session_id="s", mission=dump(mission), digest=mission_digest(mission))
    return fold(None, EventRecord("2026-01-01T00:00:00.000000Z", "engine", created))


def _iteration(index: int, value: Any) -> dict[str, Any]:
    result = {"tool": "look", "state": "done", "value": value, "metrics": {"ms": index}}
    return {
        "index": index,
        "source": "planner",
        "strategy": {"calls": []},
        "verdict": "continue",
        "reason": "in_progress",
        "results": [result],
    }


def _megabyte(chance: random.Random) -> dict[str, Any]:
    """Half a megabyte of text and half a megabyte of rows."""
    rows = [{"name": f"row {n}", "value": chance.random(), "tags": ["a", "b", "c"]} for n in range(8000)]
    return {"text": "".join(chance.choices("abcdefgh \n", k=MEGABYTE // 2)), "rows": rows, "count": len(rows)}


def _nested(chance: random.Random) -> dict[str, Any]:
    return {f"key{n}": {f"inner{m}": chance.random() for m in range(6)} for n in range(40)}


def _shuffled(value: Any, chance: random.Random) -> Any:
    if isinstance(value, dict):
        known = cast("dict[str, Any]", value)
        keys = list(known)
        chance.shuffle(keys)
        return {key: _shuffled(known[key], chance) for key in keys}
    return [_shuffled(item, chance) for item in cast("list[Any]", value)] if isinstance(value, list) else value
