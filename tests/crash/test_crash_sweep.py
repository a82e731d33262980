"""A mission killed at its boundaries touches the world once; `benchmarks/crash_sweep.py` kills at every one."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Sequence
from pathlib import Path

import pytest

from journeyman.engine.incident import IncidentCatalog
from journeyman.engine.world import PastCall
from journeyman.testing.crash_sweep import MISSIONS, sweep
from journeyman.testing.crash_sweep.child import attempt
from journeyman.testing.crash_sweep.sweep import course, judged, strayed
from journeyman.testing.crash_sweep.world import Ledger


@pytest.mark.parametrize("mission", sorted(MISSIONS))
def test_a_killed_mission_repeats_and_loses_nothing(mission: str) -> None:
    """Some boundaries apart, all kinds of them are met; both the first and the second process die."""
    crashes = list(sweep(mission, every=7 if MISSIONS[mission].gym is None else 11, twice=True))
    assert len(crashes) >= 4
    assert crashes[-1].boundary == "", "the last run is not killed"
    assert [crash for crash in crashes if not crash.clean] == []


def test_the_sweep_sees_a_repeat_and_a_loss(tmp_path: Path) -> None:
    """A check that cannot fail proves nothing: the ledger is changed by hand behind the record's back."""
    attempt(tmp_path, "with probes", 0, 0)
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
    attempt(tmp_path / "whole", "an incident", 0, 0)
    unharmed = asyncio.run(course(tmp_path / "whole"))
    child = multiprocessing.get_context("forkserver").Process(
        target=attempt, args=(tmp_path / "cut", "an incident", 0, 20)
    )
    child.start()
    child.join(60)

    async def forgotten(_: IncidentCatalog, past: Sequence[PastCall]) -> None:
        assert past

    monkeypatch.setattr(IncidentCatalog, "replay", forgotten)
    attempt(tmp_path / "cut", "an incident", 1, 0)
    assert asyncio.run(strayed(tmp_path / "cut", unharmed)) > 0
    assert asyncio.run(strayed(tmp_path / "whole", unharmed)) == 0
