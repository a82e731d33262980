"""A small version of `python -m benchmarks hostile_agents`: the cheats, and all that only a sandbox can hold."""

from __future__ import annotations

import pytest

from benchmarks.hostile_agents import AGENTS, is_expected, trial
from benchmarks.hostility.cheating_agents import CHEATS
from journeyman.agents.drivers.confinement import confinement_fault
from journeyman.agents.settings import ConfineMode

pytestmark = pytest.mark.slow


def test_there_are_enough_of_them() -> None:
    """As many as are claimed."""
    assert len(AGENTS) >= 60


@pytest.mark.parametrize("name", [name for name, cheat in CHEATS.items() if not cheat.sandbox])
def test_a_cheat_is_told_and_scores_nothing(name: str) -> None:
    """Without any sandbox."""
    result = trial(name, ConfineMode.OFF)
    assert is_expected(name, result, ConfineMode.OFF), result


@pytest.mark.skipif(bool(confinement_fault()), reason=confinement_fault())
@pytest.mark.parametrize("name", [name for name, cheat in CHEATS.items() if cheat.sandbox])
def test_what_only_a_sandbox_can_hold_is_held_by_one(name: str) -> None:
    """And leaves nothing."""
    result = trial(name, ConfineMode.REQUIRE)
    assert is_expected(name, result, ConfineMode.REQUIRE), result
