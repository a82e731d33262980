"""What a running mission says of itself, line by line."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from journeyman.config import Settings
from journeyman.interfaces.cli.event_lines import EventLines
from journeyman.mission.files.mission_file import validate_mission
from journeyman.wiring import opened


def told(folder: Path, *functions: Any, **more: Any) -> list[str]:
    """The lines of one mission."""
    names = [function.__name__ for function in functions]
    mission = {"directive": "d", "tools": names, "effects": dict.fromkeys(names, "pure"), "budget": {"iterations": 6}}
    return told_by(EventLines(), folder, {**mission, **more}, *functions)


def told_by(words: EventLines, folder: Path, mission: dict[str, Any], *functions: Any) -> list[str]:
    """The lines of one mission, put so."""
    read, lines = validate_mission(mission), list[str]()

    async def work() -> None:
        async with opened(Settings(data_dir=folder), functions=functions) as journeyman:
            await journeyman.engine.run(read, folder, lambda *event: lines.append(words.line(*event)))

    asyncio.run(work())
    return [line for line in lines if line]


def test_each_iteration_tells_the_number_how_it_moved_and_what_it_needs(tmp_path: Path) -> None:
    """And not how many percent of something are done."""
    counts = iter((7, 5, 2))

    def measure() -> dict[str, object]:
        return {"metrics": {"load": next(counts)}}

    goal = {"id": "low", "kind": "metric_threshold", "metric": "load", "op": "<=", "target": 3}
    plan = {"plan": [{"calls": [{"tool": "measure"}]}], "repeat": True}
    lines = [line for line in told(tmp_path, measure, criteria=[goal], **plan) if line.startswith("iteration")]
    assert lines == [
        "iteration 0: measure() · low ✗ 7, needs load <= 3",
        "iteration 1: measure() · low ✗ 5 (-2), needs load <= 3",
        "iteration 2: measure() · low ✓ 2 (-3) · complete/criteria_met",
    ]


def test_a_failed_call_is_told_at_once_in_its_own_words(tmp_path: Path) -> None:
    """Before the verdict of its iteration."""

    def broken() -> dict[str, object]:
        raise ValueError("no such zone")

    goal = {"id": "low", "kind": "metric_threshold", "metric": "load", "op": "<=", "target": 3}
    lines = told(tmp_path, broken, criteria=[goal], plan=[{"calls": [{"tool": "broken"}]}])
    first = next(place for place, line in enumerate(lines) if "broken failed" in line)
    assert "no such zone" in lines[first]
    assert lines[first + 1].startswith("iteration 0:")


def test_what_must_hold_says_how_often_it_has_held(tmp_path: Path) -> None:
    """In place of a progress that falls when it begins to hold."""

    def measure() -> dict[str, object]:
        return {"metrics": {"load": 1}}

    goal = {"id": "low", "kind": "metric_threshold", "metric": "load", "op": "<=", "target": 3, "hold_for": 3}
    plan = {"plan": [{"calls": [{"tool": "measure"}]}], "repeat": True}
    lines = [line for line in told(tmp_path, measure, criteria=[goal], **plan) if line.startswith("iteration")]
    assert ["held 1 of 3" in lines[0], "held 2 of 3" in lines[1], "held" in lines[2]] == [True, True, False]


def test_an_abort_condition_says_how_far_it_is_from_striking(tmp_path: Path) -> None:
    """Before anything that a narrow terminal may cut off."""

    def measure() -> dict[str, object]:
        return {"metrics": {"load": 7, "error_ratio": 0.05}}

    goal = {"id": "low", "kind": "metric_threshold", "metric": "load", "op": "<=", "target": 3}
    guard = {
        "id": "safe",
        "kind": "metric_threshold",
        "metric": "error_ratio",
        "op": ">",
        "target": 0.2,
        "from": ["measure"],
    }
    criteria = [goal, {**guard, "abort_when_met": True}]
    lines = told(tmp_path, measure, criteria=criteria, plan=[{"calls": [{"tool": "measure"}]}])
    assert "safe ✓ clear 0.15 away: 0.05, strikes at error_ratio > 0.2" in lines[-2]


def of_command(folder: Path, run: list[str], **more: Any) -> list[str]:
    """The lines of a mission whose probe is a command that is to give `load`."""
    command = {"run": run, "effect": "pure", "metrics": {"load": {"regex": "load (\\d+)"}}, **more}
    goal = {"id": "low", "kind": "metric_threshold", "metric": "load", "op": "<=", "target": 3}
    return told(
        folder, commands={"measure": command}, tools=["measure"], effects={}, plan=[{"calls": [{"tool": "measure"}]}],
        repeat=True, criteria=[{**goal, "probe": {"tool": "measure"}}],
    )  # fmt: skip


def test_a_command_that_crashes_in_place_of_measuring_says_so_once(tmp_path: Path) -> None:
    """With its last words, in the line and in the criterion's reason; failing tests are a result, a crash is none."""
    lines = of_command(tmp_path, ["sh", "-c", "echo trace >&2; echo no database >&2; exit 2"])
    assert [line for line in lines if line.startswith("  ")] == [
        "  measure ended with exit code 2 and gave no load: no database"
    ]
    assert "low ? measure ended with exit code 2; no call has reported 'load'" in lines[2]


def test_a_command_that_prints_something_else_says_what_it_gave_not(tmp_path: Path) -> None:
    """It ends well, and its number is not where it is looked for."""
    lines = of_command(tmp_path, ["echo", "Load: 3"])
    assert "  measure gave no load: Load: 3" in lines


def test_a_command_whose_number_is_read_says_its_exit_code_and_no_more(tmp_path: Path) -> None:
    """As test runners end."""
    lines = of_command(tmp_path, ["sh", "-c", "echo load 7; exit 1"])
    assert [line for line in lines if line.startswith("  ")] == ["  measure ended with exit code 1: load 7"]


def test_in_a_narrow_line_values_stay_and_the_verdict_is_what_is_cut(tmp_path: Path) -> None:
    """Arguments give way first, long ones before short ones."""

    def measure(note: str, load: int) -> dict[str, object]:
        return {"metrics": {"load": load}, "note": note}

    goal = {"id": "low", "kind": "metric_threshold", "metric": "load", "op": "<=", "target": 3}
    call = {"tool": "measure", "args": {"note": "a text of quite some length " * 3, "load": 7}}
    mission = {
        "directive": "d", "tools": ["measure"], "effects": {"measure": "pure"}, "budget": {"iterations": 1},
        "criteria": [goal], "plan": [{"calls": [call]}],
    }  # fmt: skip
    for columns in (60, 80):
        words = EventLines(columns=lambda columns=columns: columns)
        lines = told_by(words, tmp_path / str(columns), mission, measure)
        line = next(line for line in lines if line.startswith("iteration 0"))
        assert "low ✗ 7, needs load <= 3" in line[: columns - 1]
        assert line.endswith(" · terminate/max_iterations")


def test_what_is_done_at_the_end_says_so(tmp_path: Path) -> None:
    """It reads like no iteration of the search."""

    def measure() -> dict[str, object]:
        return {"metrics": {"load": 7}}

    goal = {"id": "low", "kind": "metric_threshold", "metric": "load", "op": "<=", "target": 3}
    lines = told(tmp_path, measure, criteria=[goal], budget={"iterations": 2}, at_end={"tool": "measure"})
    assert any(line.startswith("iteration 1: at the end: measure() · ") for line in lines)
