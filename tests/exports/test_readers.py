"""Inspect's log reader and Harbor's models of ATIF take what we write, of sessions of every kind."""
# pyright: basic, reportMissingImports=false
# Inspect and Harbor live in an environment of their own, which the checks of this project do not see.

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from harbor.utils.trajectory_validator import TrajectoryValidator
from inspect_ai.log import read_eval_log, read_eval_log_sample_summaries

from tests.exports.sessions import SESSIONS


def _run(folder: Path, *words: str, codes: tuple[int, ...] = (0,)) -> str:
    ended = subprocess.run(
        [sys.executable, "-m", "journeyman", "--data-dir", str(folder / "data"), *words],
        cwd=folder, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert ended.returncode in codes, (words, ended.stdout, ended.stderr)
    return ended.stdout


@pytest.mark.parametrize("name", SESSIONS)
def test_a_session_is_read_by_the_other_side(name: str, tmp_path: Path) -> None:
    """No error, and what it says is what the session was."""
    (tmp_path / "mission.yaml").write_text(SESSIONS[name].mission)
    (tmp_path / "things.py").write_text(SESSIONS[name].tools)
    _run(tmp_path, "run", "mission.yaml", "-q", "--id", "s1", "--no-input", codes=(0, 1, 3))
    if SESSIONS[name].trace:
        trace = tmp_path / "data" / "default" / "tasks" / "s1" / "attempts" / "01" / "trace.jsonl"
        trace.parent.mkdir(parents=True)
        trace.write_text(SESSIONS[name].trace)
    report = json.loads(_run(tmp_path, "report", "s1", "--json"))

    _run(tmp_path, "export", "s1", "s1.json", "--format", "atif")
    validator = TrajectoryValidator()
    assert validator.validate(tmp_path / "s1.json"), validator.errors
    trajectory: dict[str, Any] = json.loads((tmp_path / "s1.json").read_text())
    assert trajectory["schema_version"] == "ATIF-v1.8"
    calls = [call for step in trajectory["steps"] for call in step.get("tool_calls", ())]
    assert [call["function_name"] for call in calls] == [row["tool"] for row in report["effects"]]

    _run(tmp_path, "export", "s1", "s1.eval", "--format", "inspect")
    log = read_eval_log(str(tmp_path / "s1.eval"))
    assert log.status == ("success" if report["outcome"] else "started")
    assert log.samples is not None
    [sample] = log.samples
    assert sample.input == report["directive"]
    assert sum(message.role == "tool" for message in sample.messages) == len(report["effects"])
    if report["outcome"]:
        assert sample.scores is not None
        assert sample.scores["journeyman"].answer == report["outcome"]
        assert {f"criterion {row['id']}" for row in report["criteria"]} <= {*sample.scores, *_never_judged(report)}
    assert [row.id for row in read_eval_log_sample_summaries(str(tmp_path / "s1.eval"))] == ["s1"]

    again = tmp_path / "again.eval"
    _run(tmp_path, "export", "s1", str(again), "--format", "inspect")
    assert again.read_bytes() == (tmp_path / "s1.eval").read_bytes()


def _never_judged(report: dict[str, Any]) -> set[str]:
    return {f"criterion {row['id']}" for row in report["criteria"] if row["evidence"] == "never evaluated"}
