"""A mission killed at its boundaries touches the world once; `benchmarks/crash_sweep.py` kills at every one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from journeyman.testing.crash_sweep import MISSIONS, sweep
from journeyman.testing.crash_sweep.child import attempt
from journeyman.testing.crash_sweep.sweep import judged
from journeyman.testing.crash_sweep.world import Ledger


@pytest.mark.parametrize("mission", sorted(MISSIONS))
def test_a_killed_mission_repeats_and_loses_nothing(mission: str) -> None:
    """Seven boundaries apart, all kinds of them are met; both the first and the second process die."""
    crashes = list(sweep(mission, every=7, twice=True))
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
