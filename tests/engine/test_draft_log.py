"""The audit of drafts holds at a kill: asked before, settled after, one pair each, and no text of anybody."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyman.engine.clock import SystemClock
from journeyman.engine.draft_log import DraftLog
from journeyman.mission.values.errors import Unavailable

CHILD = """
import asyncio, os, signal, sys
from pathlib import Path
from journeyman.advisors.base import Answer, AskLimits, Readiness
from journeyman.advisors.broker import Broker
from journeyman.engine.clock import SystemClock
from journeyman.engine.draft_log import DraftLog
from journeyman.engine.drafting import KnownMetrics, draft_criteria
from journeyman.mission.model.effects import EffectClass
from journeyman.mission.model.strategy import ToolSpec
from journeyman.advisors.scripted import ScriptedAnswer, ScriptedAdvisor

path, dies, name = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
row = {"id": "fast", "kind": "metric_threshold", "metric": "latency_ms", "op": "<", "target": 100}
log, answered = DraftLog(path, SystemClock()), [0]

class Model(ScriptedAdvisor):
    async def ask(self, request):
        if dies == "while it is asked":
            os.kill(os.getpid(), signal.SIGKILL)
        return await super().ask(request)

def note(row):
    if dies == "before it is settled" and row["event"] == "settled":
        os.kill(os.getpid(), signal.SIGKILL)
    log.append(row)
    if dies == "once it is settled" and row["event"] == "settled":
        os.kill(os.getpid(), signal.SIGKILL)

look = ToolSpec(name="look", description="CANARY", input_schema={}, pin="", effect=EffectClass.PURE, destructive=False)
known = KnownMetrics({"latency_ms": "look"}, {"latency_ms": 120})
model = Model([ScriptedAnswer(value={"criteria": [row], "CANARY": "CANARY"}), ScriptedAnswer(value={"criteria": [row]})])
asyncio.run(draft_criteria("CANARY: be fast.", [look], known, broker=Broker({"scripted": model}), wanted=("scripted",), draft_id=name, note=note))
"""


def draft(path: Path, dies: str, name: str) -> int:
    """Draft in a process of its own, which dies where it is said; give its exit status."""
    words = [sys.executable, "-c", CHILD, str(path), dies, name]
    return subprocess.run(words, check=False, capture_output=True).returncode


def lines(path: Path) -> list[dict[str, Any]]:
    """The lines of the log, read as JSON."""
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_each_question_has_one_pair_whenever_its_process_is_killed(tmp_path: Path) -> None:
    """Four drafts in one log; the killed ones have an `asked` before anything left, and no pair is mixed up."""
    path = tmp_path / "tenant" / "drafts.jsonl"
    for name, dies in {"a": "while it is asked", "b": "before it is settled", "c": "once it is settled"}.items():
        assert draft(path, dies, name) == -signal.SIGKILL
    assert draft(path, "never", "d") == 0
    rows = lines(path)
    counts = Counter((row["ask"], row["event"]) for row in rows)
    assert set(counts.values()) == {1}
    assert {row["ask"]: [one["event"] for one in rows if one["ask"] == row["ask"]] for row in rows} == {
        "draft-a#1": ["asked"],
        "draft-b#1": ["asked"],
        "draft-c#1": ["asked", "settled"],
        "draft-d#1": ["asked", "settled"],
        "draft-d#2": ["asked", "settled"],
    }
    assert "CANARY" not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@given(torn=st.integers(0, 60), counts=st.lists(st.integers(1, 4), min_size=1, max_size=4))
def test_a_line_that_was_cut_off_takes_no_other_with_it(
    torn: int, counts: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Cut anywhere, again and again: every whole line before and after stays readable."""
    path = tmp_path_factory.mktemp("log") / "drafts.jsonl"
    whole = 0
    for round_, count in enumerate(counts):
        for number in range(count):
            DraftLog(path, SystemClock()).append({"event": "asked", "ask": f"{round_}.{number}"})
        data = path.read_bytes()
        path.write_bytes(data[: max(0, len(data) - torn)])
        kept = [line for line in path.read_bytes().splitlines() if _is_whole(line)]
        assert len(kept) >= whole
        whole = len(kept)
    DraftLog(path, SystemClock()).append({"event": "asked", "ask": "last"})
    found = [line for line in path.read_bytes().splitlines() if _is_whole(line)]
    assert len(found) == whole + 1
    assert json.loads(found[-1])["ask"] == "last"


def _is_whole(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def test_several_writers_lose_no_line(tmp_path: Path) -> None:
    """Each line is one write at the end of the file."""
    path = tmp_path / "drafts.jsonl"

    def write(name: int) -> None:
        for number in range(25):
            DraftLog(path, SystemClock()).append({"ask": f"{name}.{number}", "x": "y" * 500})

    writers = [threading.Thread(target=write, args=(name,)) for name in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(row["ask"] for row in lines(path)) == sorted(f"{name}.{n}" for name in range(4) for n in range(25))


def test_a_log_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    """And the question is not asked: the first half is noted before the prompt leaves."""
    (tmp_path / "drafts.jsonl").mkdir()
    with pytest.raises(Unavailable, match="cannot write the audit of drafts"):
        DraftLog(tmp_path / "drafts.jsonl", SystemClock()).append({"event": "asked"})
