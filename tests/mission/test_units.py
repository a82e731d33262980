"""Durations and sizes in mission files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from journeyman.mission.files.mission_file import validate_mission
from journeyman.mission.files.mission_schema import mission_schema
from journeyman.mission.model.mission import Mission
from journeyman.mission.values.canonical import JsonObject
from journeyman.mission.values.errors import InvalidInput


def plain(wall_clock: object, size: object = 1024) -> JsonObject:
    """A mission that takes that long, and keeps as much of an output."""
    return {
        "directive": "Do it.", "budget": {"wall_clock_s": wall_clock}, "commands": {"it": {"run": "true", "output_bytes": size}},
        "plan": [{"calls": [{"tool": "it"}]}], "criteria": [{"id": "done", "kind": "plan_finished"}],
    }  # fmt: skip  # pyright: ignore[reportReturnType] - JSON by construction


def made(wall_clock: object, size: object = 1024) -> Mission:
    """The same, validated, after the schema for editors has said that it is one."""
    Draft202012Validator(mission_schema(Mission, "Journeyman mission")).validate(plain(wall_clock, size))
    return validate_mission(plain(wall_clock, size))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("500ms", 0.5), ("30s", 30), ("10m", 600), ("1h30m", 5400), ("2d", 172_800), ("1.5h", 5400), ("0.1m", 6)],
)
def test_a_duration_is_seconds_in_the_record(text: str, seconds: float) -> None:
    """So records, budgets and rules know one unit."""
    assert made(text).budget.wall_clock_s == seconds


@given(st.integers(1, 99), st.integers(1, 23), st.integers(1, 59), st.integers(1, 59))
def test_a_duration_is_the_sum_of_its_parts(days: int, hours: int, minutes: int, seconds: int) -> None:
    """Whatever they are."""
    found = validate_mission(plain(f"{days}d{hours}h{minutes}m{seconds}s")).budget.wall_clock_s
    assert found == ((days * 24 + hours) * 60 + minutes) * 60 + seconds


@pytest.mark.parametrize(("text", "size"), [("64KiB", 65_536), ("10kB", 10_000), ("0.5MiB", 524_288), ("2048", 2048)])
def test_a_size_is_bytes_in_the_record(text: str, size: int) -> None:
    """As pydantic reads sizes."""
    assert made(60, text).commands["it"].output_bytes == size


@pytest.mark.parametrize(
    ("wall_clock", "size", "words"),
    [
        ("10 minutes", 1024, "'10 minutes' is no duration: write seconds, or as in 500ms, 30s, 10m, 1h30m, 2d"),
        ("m", 1024, "'m' is no duration"),
        ("10", 1024, "'10' is no duration"),
        ("0s", 1024, "greater than 0"),
        (60, "many", "'many' is no size: write bytes, or as in 500kB, 64KiB, 10MB"),
        (60, "1B", "greater than or equal to 256"),
    ],
)
def test_what_is_neither_is_told_with_how_it_is_written(wall_clock: object, size: object, words: str) -> None:
    """With its place."""
    with pytest.raises(InvalidInput) as caught:
        validate_mission(plain(wall_clock, size))
    assert words in str(caught.value)
