"""What reports say of a criterion tells everything that its kind asks for."""

from __future__ import annotations

from typing import Any, get_args

import pydantic
import pytest

from journeyman.mission.criteria import KIND_TYPES, AnyCriterion
from journeyman.mission.criteria.base import Criterion, Measured

SHARED = {*Criterion.model_fields, *Measured.model_fields, "kind"}
READ: pydantic.TypeAdapter[Criterion] = pydantic.TypeAdapter(AnyCriterion)
METRIC: dict[str, Any] = {"kind": "metric_trend", "metric": "n", "direction": "flat", "window": 5, "min_points": 3}
GROUP = [{"id": "a", "kind": "approval", "by": "ann"}]
PAIRS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "metric_threshold": (
        {"metric": "n", "op": ">", "target": 1},
        {"metric": "m", "op": "<", "target": 2},
    ),
    "metric_trend": (METRIC, {"metric": "m", "direction": "increasing", "window": 6, "min_points": 4, "tolerance": 1}),
    "event": ({"event": "a"}, {"event": "b", "where": {"x": 1}}),
    "tool_call_succeeded": ({"tool": "a"}, {"tool": "b", "min_count": 2}),
    "plan_finished": ({}, {}),
    "predicate": ({"expression": "1 == 1"}, {"expression": "2 == 2"}),
    "artifact": (
        {"path": "a"},
        {
            "path": "b",
            "json": {"path": "x", "target": 1},
            "csv": {"header": ["x"]},
            "regex": "x",
            "sha256": "0" * 64,
        },
    ),
    "command": (
        {"run": ["a", "{report}"], "junit": {}},
        {
            "run": ["b", "{report}"],
            "path": "x",
            "exit_code": 1,
            "timeout_s": 5,
            "paths": ["src/**"],
            "junit": {"passed_at_least": 2},
        },
    ),
    "protected_files": ({}, {"touched": True}),
    "approval": ({"by": "ann"}, {"by": "bob", "question": "now?"}),
    "all_of": ({"criteria": GROUP}, {"criteria": GROUP * 2}),
    "any_of": ({"criteria": GROUP}, {"criteria": GROUP * 2}),
}


def _sentence(kind: str, fields: dict[str, Any]) -> str:
    return READ.validate_python({**fields, "kind": kind, "id": "c"}).sentence()


@pytest.mark.parametrize("kind", sorted(kind for kind, (_, other) in PAIRS.items() if other))
def test_each_field_of_a_kind_changes_its_sentence(kind: str) -> None:
    """A reader who sees two equal sentences may take the criteria for equal."""
    usual, other = PAIRS[kind]
    for field, value in other.items():
        assert _sentence(kind, {**usual, field: value}) != _sentence(kind, usual), field


def test_every_field_of_every_kind_is_tried() -> None:
    """A new field, or kind, is added here."""
    for kind_type in KIND_TYPES:
        kind = str(get_args(kind_type.model_fields["kind"].annotation)[0])
        own = {field.alias or name for name, field in kind_type.model_fields.items() if name not in SHARED}
        assert own == set(PAIRS[kind][1]), kind
