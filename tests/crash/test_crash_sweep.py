"""A mission killed at its boundaries touches the world once; `benchmarks/crash_sweep.py` kills at every one."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Sequence
from pathlib import Path

import pytest

from journeyman.evaluation.incident_tools import IncidentCatalog
from journeyman.testing.crash_sweep import MISSIONS, sweep
from journeyman.testing.crash_sweep.killed_process import attempt
from journeyman.testing.crash_sweep.ledger import Ledger
from journeyman.testing.crash_sweep.sweep import calls_and_verdicts, died, judged, strayed
from journeyman.tools.base import PastCall

EVERY = {
    "an incident": 11,
    "an incident by plan": 11,
    "a server that dies alone": 29,
    "a server that dies with the engine": 29,
    "calls without an answer": 13,
    "six that kill": 17,
    "three kills a call": 90,
}
"""Boundaries apart, where a mission is long or dies by itself over and over; all others are killed at each seventh."""


@pytest.mark.timeout(500)  # a mission that dies by itself again and again costs dozens of processes
@pytest.mark.parametrize("mission", sorted(MISSIONS))
def test_a_killed_mission_repeats_and_loses_nothing(mission: str) -> None:
    """Some boundaries apart, all kinds of them are met; both the first and the second process die."""
    crashes = list(sweep(mission, every=EVERY.get(mission, 7), twice=True))
    assert len(crashes) >= 3
    assert crashes[-1].boundary == "", "the last run is not killed"
    assert [crash for crash in crashes if not crash.clean] == []


def test_six_calls_that_kill_their_process_are_each_made_once_and_in_order(tmp_path: Path) -> None:
    """Each is resolved as done, and the strategy goes on behind it instead of from its start."""
    number = 0
    while died(tmp_path, "six that kill", number, frozenset()):
        number += 1
    fired = [line.number for line in Ledger(tmp_path / "ledger").lines() if line.what == "call" and line.tool == "fire"]
    assert fired == [200, 201, 202, 203, 204, 205]
    assert number == 6


def test_the_sweep_sees_a_repeat_and_a_loss(tmp_path: Path) -> None:
    """A check that cannot fail proves nothing: the ledger is changed by hand behind the record's back."""
    attempt(tmp_path, "with probes", 0)
    assert asyncio.run(judged(tmp_path, "with probes", 0, "", [])).clean
    ledger = Ledger(tmp_path / "ledger")
    known = next(line for line in ledger.lines() if line.what == "effect")
    ledger.write("effect", known.tool, known.key, known.number)
    assert asyncio.run(judged(tmp_path, "with probes", 0, "", [])).repeated == 1
    ledger.write("effect", "fire", "a key that no record knows", 9)
    assert asyncio.run(judged(tmp_path, "with probes", 0, "", [])).lost == 1


def test_the_sweep_sees_an_incident_that_is_not_brought_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its past the incident begins anew behind the record's back, and what it measures gives that away."""
    (tmp_path / "whole").mkdir()
    (tmp_path / "cut").mkdir()
    attempt(tmp_path / "whole", "an incident", 0)
    unharmed = asyncio.run(calls_and_verdicts(tmp_path / "whole"))
    child = multiprocessing.get_context("forkserver").Process(
        target=attempt, args=(tmp_path / "cut", "an incident", 0, frozenset({20}))
    )
    child.start()
    child.join(60)

    async def forgotten(_: IncidentCatalog, past: Sequence[PastCall]) -> None:
        assert past

    monkeypatch.setattr(IncidentCatalog, "replay", forgotten)
    attempt(tmp_path / "cut", "an incident", 1)
    assert asyncio.run(strayed(tmp_path / "cut", unharmed)) > 0
    assert asyncio.run(strayed(tmp_path / "whole", unharmed)) == 0
