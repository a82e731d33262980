"""A floor of coverage fails from below, and asks to be raised from far above."""

from __future__ import annotations

from tests.shape.coverage_floors import above, below, branch_percentages


def test_a_floor_only_rises() -> None:
    """Less than it is a gap in the tests, more than a point above it is a floor to be raised."""
    floors = {"mission": 90.0}
    assert below({"mission": 90.0}, floors) == above({"mission": 91.0}, floors) == []
    assert "below the floor of 90.0" in below({"mission": 89.9}, floors)[0]
    assert "raise its floor from 90.0" in above({"mission": 91.1}, floors)[0]


def test_branches_are_counted_by_package() -> None:
    """A package of which nothing was measured has none, and so is below every floor."""
    measured = {
        "files": {
            "src/journeyman/mission/a.py": {"summary": {"num_branches": 6, "covered_branches": 6}},
            "src/journeyman/mission/model/b.py": {"summary": {"num_branches": 2, "covered_branches": 0}},
            "src/journeyman/engine/c.py": {"summary": {"num_branches": 4, "covered_branches": 1}},
        }
    }
    assert branch_percentages(measured, ["mission", "engine", "tools"]) == {
        "mission": 75.0,
        "engine": 25.0,
        "tools": 0.0,
    }
