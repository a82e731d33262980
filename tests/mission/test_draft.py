"""Drafts use the directive's own numbers, and only metrics that an allowed tool gives."""

from __future__ import annotations

from typing import Any

import pytest

from journeyman.mission.files.draft import draft, schema_metrics, undecidable
from journeyman.mission.files.mission_file import validate_mission
from journeyman.mission.model.effects import EffectClass
from journeyman.mission.model.strategy import ToolSpec

METRICS = {"latency_ms": "load_test", "error_ratio": "load_test", "queue_depth": "look"}
TOOLS = [
    ToolSpec(
        name="load_test",
        description="Measure under load.",
        input_schema={},
        pin="",
        effect=EffectClass.PURE,
        destructive=False,
    )
]


@pytest.mark.parametrize(
    ("directive", "wanted"),
    [
        ("Get the latency below 200 ms.", {"metric": "latency_ms", "op": "<", "target": 200}),
        ("Latency at most 0.2 seconds", {"metric": "latency_ms", "op": "<=", "target": 200}),
        ("Keep the error ratio under 1 %.", {"metric": "error_ratio", "op": "<", "target": 0.01}),
        ("Drain the queue until its depth is exactly 0.", {"metric": "queue_depth", "op": "==", "target": 0}),
        ("At least 95 items of queue depth", {"metric": "queue_depth", "op": ">=", "target": 95}),
        ("Hold latency <= 40, three times in a row", {"metric": "latency_ms", "op": "<=", "target": 40, "hold_for": 3}),
    ],
)
def test_numbers_in_the_directive_become_targets(directive: str, wanted: dict[str, Any]) -> None:
    """The older scaffold had one constant for everything."""
    found = draft(directive, TOOLS, METRICS).criteria
    assert [{key: value for key, value in row.items() if key not in ("id", "kind")} for row in found] == [wanted]


def test_two_bounds_make_two_criteria_with_different_ids() -> None:
    """Each clause finds its own metric."""
    found = draft("Latency under 100 ms and error ratio below 0.02.", TOOLS, METRICS).criteria
    assert [(row["metric"], row["target"]) for row in found] == [("latency_ms", 100), ("error_ratio", 0.02)]
    assert len({str(row["id"]) for row in found}) == 2


def test_a_number_without_a_metric_is_a_note_not_a_guess() -> None:
    """Nothing is invented."""
    found = draft("Sell more than 5 cars.", TOOLS, METRICS)
    assert found.criteria == ()
    assert any("no allowed tool" in note for note in found.notes)


def test_words_like_error_or_cost_alone_draft_nothing() -> None:
    """Innocent sentences matched in the older scaffold."""
    assert all(
        row["kind"] != "metric_threshold"
        for row in draft("Complete the error report at any cost.", TOOLS, METRICS).criteria
    )


def test_drafts_are_valid_and_decidable() -> None:
    """What is drafted can be put into a mission file as it stands."""
    rows = draft("Latency under 100 ms, falling, and queue depth at most 3", TOOLS, METRICS).criteria
    mission = validate_mission({"directive": "d", "criteria": list(rows), "budget": {"iterations": 1}})
    assert undecidable(mission, ["load_test"], METRICS) == ()
    assert [problem.where for problem in undecidable(mission, ["load_test"], {})] == [str(row["id"]) for row in rows]


def test_metrics_are_read_from_an_output_schema() -> None:
    """A typed tool says what it gives."""
    schema: Any = {"properties": {"metrics": {"properties": {"a": {}, "b": {}}}}}
    assert schema_metrics(schema) == ["a", "b"]
    assert schema_metrics({"properties": {"x": {}}}) == schema_metrics(None) == []
