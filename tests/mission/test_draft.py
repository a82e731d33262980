"""Drafts use the directive's own numbers, and only metrics that an allowed tool gives."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyman.mission.files.draft import draft, schema_metrics
from journeyman.mission.files.draft_checks import draft_problems
from journeyman.mission.files.mission_file import validate_mission
from journeyman.mission.model.effects import EffectClass
from journeyman.mission.model.strategy import ToolSpec
from journeyman.mission.values.value import replace

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
        ("A queue depth of at least 95", {"metric": "queue_depth", "op": ">=", "target": 95}),
        ("Hold latency <= 40, three times in a row", {"metric": "latency_ms", "op": "<=", "target": 40, "hold_for": 3}),
    ],
)
def test_numbers_in_the_directive_become_targets(directive: str, wanted: dict[str, Any]) -> None:
    """The older scaffold had one constant for everything."""
    found = draft(directive, METRICS).criteria
    assert [{key: value for key, value in row.items() if key not in ("id", "kind")} for row in found] == [wanted]


def test_two_bounds_make_two_criteria_with_different_ids() -> None:
    """Each clause finds its own metric."""
    found = draft("Latency under 100 ms and error ratio below 0.02.", METRICS).criteria
    assert [(row["metric"], row["target"]) for row in found] == [("latency_ms", 100), ("error_ratio", 0.02)]
    assert len({str(row["id"]) for row in found}) == 2


NOTHING = [
    "Sell more than 5 cars.",
    "If latency is above 500 ms, restart.",
    "Latency is above 500 ms.",
    "Reduce latency by at least 20 ms.",
    "Latency below 200 ms for 95 % of requests",
    "Latency p95 below 200 ms",
    "Avoid latency above 200 ms.",
    "Vermeide Latenz über 200 ms.",
    "Évite une latence supérieure à 200 ms.",
    "Ignore latency below 200 ms.",
    "It is not necessary that latency is below 200 ms.",
    "Latency and queue depth below 5",
    "Latency between 5 and at most 10 ms",
    "Latency below 200-300 ms",
    "Latency < 1e3 ms",
    "Latenz unter 1.500 ms",
    "Queue depth below 3 per minute",
    "Queue depth below 3 ms",
    "Error ratio below 5",
    "At most 1 error, ratio included somewhere",
    "Make more than 5 requests with latency measured",
    "Say `latency below 200 ms` to the team.",
    "Complete the error report at any cost.",
    "Latency below 10 ms, often in a row",
]


@pytest.mark.parametrize("directive", NOTHING)
def test_what_is_in_doubt_gives_nothing_and_says_why(directive: str) -> None:
    """Nothing is better than something false."""
    found = draft(directive, METRICS)
    assert found.criteria == ()
    assert found.notes != ()


@given(
    st.sampled_from([("latency_ms", "latency"), ("error_ratio", "error ratio"), ("queue_depth", "queue depth")]),
    st.sampled_from(
        [("below", "<"), ("at most", "<="), ("not above", "<="), ("never below", ">="), ("at least", ">=")]
    ),
    st.integers(0, 99),
    st.text("abcdefghij", min_size=3, max_size=9),
)
def test_a_word_that_nobody_knows_stops_a_draft(
    metric: tuple[str, str], bound: tuple[str, str], hundredths: int, word: str
) -> None:
    """The same sentence gives the criterion that it says without the word, and none with it."""
    number = hundredths / 100
    sentence = f"Keep the {metric[1]} {bound[0]} {number}."
    rows = draft(sentence, METRICS).criteria
    assert [(row["metric"], row["op"], row["target"]) for row in rows] == [(metric[0], bound[1], number)]
    unknown = f"{word}q"  # no English, German, French or Spanish word that the tables know
    assert draft(sentence.replace("the", f"the {unknown}"), METRICS).criteria == ()


@given(st.text(max_size=300))
def test_any_text_gives_valid_criteria_or_a_reason(text: str) -> None:
    """Never an error, never silence."""
    found = draft(text, METRICS)
    assert found.criteria or found.notes
    if found.criteria:
        validate_mission({"directive": "d", "criteria": list(found.criteria), "budget": {"iterations": 1}})


def problems(criterion: dict[str, Any], values: dict[str, Any] | None = None) -> list[str]:
    """What is said against one drafted criterion."""
    mission = validate_mission({"directive": "d", "criteria": [{"id": "c", **criterion}], "budget": {"iterations": 1}})
    specs = [*TOOLS, replace(TOOLS[0], name="write", effect=EffectClass.UNSAFE)]
    known = {**METRICS, "queue_depth": "load_test", "written": "write"}
    return [problem.message for problem in draft_problems(mission, specs, known, values or {})]


def threshold(metric: str, op: str, target: float, **more: Any) -> dict[str, Any]:
    """A threshold."""
    return {"kind": "metric_threshold", "metric": metric, "op": op, "target": target, **more}


@pytest.mark.parametrize(
    ("criterion", "values", "why"),
    [
        (threshold("latency_ms", "<", 200), {"latency_ms": 120}, "holds already"),
        (threshold("latency_ms", ">=", 0), {}, "cannot fail"),
        (threshold("error_ratio", "<=", 1), {}, "cannot fail"),
        (threshold("latency_ms", "<", 0), {}, "cannot be met"),
        (threshold("written", "==", 1), {}, "may write"),
        (threshold("queue_depth", "<", 3, probe={"tool": "write"}), {}, "may write"),
        (threshold("queue_depth", "<", 3, probe={"tool": "nobody"}), {}, "not an allowed tool"),
        (threshold("sales", ">", 3), {}, "no allowed tool"),
        ({"kind": "tool_call_succeeded", "tool": "write"}, {}, "may write"),
        ({"kind": "tool_call_succeeded", "tool": "nobody"}, {}, "not an allowed tool"),
        ({"kind": "command", "run": ["true"]}, {}, "runs a command"),
        ({"kind": "predicate", "expression": "1 == 1"}, {}, "looks at nothing"),
    ],
)
def test_what_decides_nothing_or_writes_is_refused(criterion: dict[str, Any], values: dict[str, Any], why: str) -> None:
    """From the rules and from a model alike."""
    assert [message for message in problems(criterion, values) if why in message]


def test_what_is_open_and_can_fail_is_not_refused() -> None:
    """The other side of the same checks."""
    assert problems(threshold("latency_ms", "<", 200), {"latency_ms": 320}) == []
    assert problems(threshold("latency_ms", "<", 200, hold_for=3), {"latency_ms": 120}) == []
    assert problems({"kind": "predicate", "expression": "obs['metrics']['queue_depth'] < 3"}) == []


def test_metrics_are_read_from_an_output_schema() -> None:
    """A typed tool says what it gives."""
    schema: Any = {"properties": {"metrics": {"properties": {"a": {}, "b": {}}}}}
    assert schema_metrics(schema) == ["a", "b"]
    assert schema_metrics({"properties": {"x": {}}}) == schema_metrics(None) == []
