"""A mission is what a reader of its record gets, however it was written: so it is validated once."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, JsonValue

from journeyman.mission.criteria.schema import AS_RECORDED, IN_ORDER
from journeyman.mission.model.mission import Mission, approval_rule, dump, effect_spec
from journeyman.mission.values.canonical import canonical, parsed

ARGS = {"zoom": 2, "at": {"y": 1, "x": [3, {"b": 4, "a": 5}]}, "Ä": 6, "\U0001f600": 7}
PROBE = {"tool": "m.look", "args": ARGS}
FULL: dict[str, Any] = {
    "directive": "do it",
    "criteria": [
        {"id": "t", "kind": "metric_threshold", "metric": "n", "op": ">=", "target": 3, "weight": 2, "probe": PROBE},
        {"id": "r", "kind": "metric_trend", "metric": "n", "direction": "increasing", "tolerance": 1, "window": 3},
        {"id": "e", "kind": "event", "event": "done", "where": ARGS, "from": {"tool": "m.*", "args": ARGS}},
        {"id": "j", "kind": "artifact", "path": "a.json", "json": {"path": "x", "op": "==", "target": ARGS}},
    ],
    "budget": {"iterations": 3, "wall_clock_s": 60, "cost_usd": 0},
    "servers": {"m": {"command": "x", "env": {"Z": "1", "A": "2"}}, "b": {"url": "http://x/", "headers": {"z": "1", "a": "2"}}},
    "tools": ["m.*"],
    "effects": {"m.*": "pure", "m.act": {"class": "probed", "probe": PROBE, "done_when": "true"}, "*": "unsafe"},
    "metrics": {"z": {"tool": "m.a", "path": "x"}, "a": {"tool": "m.b", "path": "y"}},
    "context": [{"tool": "m.look", "args": ARGS}],
    "plan": [{"calls": [{"tool": "m.act", "args": ARGS}], "sleep_s": 1}],
    "approve": {"m.*": "always", "m.look": "never", "*": "never"},
    "limits": {"call_timeout_s": 9},
}  # fmt: skip


def rewritten(draw: st.DrawFn, value: Any) -> Any:
    """The same JSON, written in another way: keys in any order, integers perhaps as floats where they may be."""
    if isinstance(value, dict):
        keys = draw(st.permutations(sorted(value)))
        whole = {"iterations", "window"}  # counts, which are integers
        return {key: value[key] if key in whole else rewritten(draw, value[key]) for key in keys}
    if isinstance(value, list):
        return [rewritten(draw, item) for item in value]
    return float(value) if isinstance(value, int) and draw(st.booleans()) else value


@given(st.composite(rewritten)(FULL))
def test_a_mission_is_what_a_reader_of_its_record_gets(written: dict[str, Any]) -> None:
    """To the order of keys and the types of numbers: whoever drives it and whoever replays it work on the same."""
    mission = Mission.model_validate(written)
    read = Mission.model_validate(parsed(canonical(dump(mission))))
    assert repr(mission) == repr(read) == repr(Mission.model_validate(FULL))


def loose(annotation: Any, *metadata: object) -> Iterator[str]:
    """What in a field's type may differ from what is read back: tables, free JSON and floats that nothing makes alike."""
    if any(one is AS_RECORDED or one is IN_ORDER for one in metadata):
        return
    if annotation is float or annotation is JsonValue or typing.get_origin(annotation) is dict:
        yield str(annotation)
        return
    if hasattr(annotation, "__metadata__"):
        yield from loose(annotation.__origin__, *annotation.__metadata__)
        return
    for inner in typing.get_args(annotation):
        if not isinstance(inner, str):
            yield from loose(inner)


def models(annotation: Any, known: set[type[BaseModel]]) -> set[type[BaseModel]]:
    """The models that a type is made of, down to the last."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel) and annotation not in known:
        known.add(annotation)
        for field in annotation.model_fields.values():
            models(field.annotation, known)
    for inner in typing.get_args(annotation):
        models(inner, known)
    return known


def test_no_field_of_a_mission_can_differ_from_what_is_read_back() -> None:
    """A new field with an order of its own would let a run decide otherwise than its replay."""
    ours = models(Mission, set())
    assert {model.__name__ for model in ours} > {"Mission", "EvidenceSource", "JsonCheck", "ToolCall", "Probe"}
    found = {
        f"{model.__name__}.{name}": problems
        for model in ours
        for name, field in model.model_fields.items()
        if (problems := list(loose(field.annotation, *field.metadata)))
    }
    assert found == {}


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("first", "second", "name"), [("m.*", "*ct", "m.act"), ("*", "?", "m"), ("m.a*", "m.?*", "m.act")]
)
def test_of_two_patterns_of_one_length_the_stricter_counts(first: str, second: str, name: str, *, turned: bool) -> None:
    """Whichever stands first, and whatever they are called."""
    for lax, strict in ((first, second), (second, first)):
        approve = dict(reversed([(lax, "never"), (strict, "always")])) if turned else {lax: "never", strict: "always"}
        effects = dict(reversed([(lax, "pure"), (strict, "unsafe")])) if turned else {lax: "pure", strict: "unsafe"}
        plain = {key: item for key, item in FULL.items() if key not in ("context", "criteria")}
        goal = [{"id": "t", "kind": "tool_call_succeeded", "tool": "m.act"}]
        mission = Mission.model_validate(plain | {"criteria": goal, "approve": approve, "effects": effects})
        spec = effect_spec(mission, name)
        assert (approval_rule(mission, name), spec.effect if spec else None) == ("always", "unsafe")


@pytest.mark.parametrize(
    "look",
    [
        {"context": ["m.look"]},
        {
            "criteria": [
                {
                    "id": "t",
                    "kind": "metric_threshold",
                    "metric": "n",
                    "op": ">=",
                    "target": 1,
                    "probe": {"tool": "m.look"},
                }
            ]
        },
        {"effects": {"m.act": {"class": "probed", "done_when": "true", "probe": {"tool": "m.look"}}}},
    ],
)
def test_a_look_that_would_ask_a_person_is_refused(look: dict[str, Any]) -> None:
    """Nobody is there to ask in the middle of a judgement; a rule for all calls means those that are proposed."""
    goal = {"criteria": [{"id": "t", "kind": "tool_call_succeeded", "tool": "m.act"}]}
    plain = {key: item for key, item in FULL.items() if key not in ("context", "criteria", "effects")} | goal | look
    with pytest.raises(ValueError, match=r"'m\.look' is .* asks nobody"):
        Mission.model_validate(plain | {"approve": {"m.l*": "always"}})
    Mission.model_validate(plain | {"approve": "always"})


@pytest.mark.parametrize("turned", [False, True])
def test_the_closest_pattern_counts_wherever_it_stands(*, turned: bool) -> None:
    """Records sort keys: were it the first in the file, `*` would count before `m.*` once the mission was recorded."""
    rows = {name: dict(reversed(FULL[name].items())) if turned else FULL[name] for name in ("effects", "approve")}
    mission = Mission.model_validate(FULL | rows)
    effects = {tool: spec.effect.value for tool in ("m.act", "m.look", "b.x") if (spec := effect_spec(mission, tool))}
    assert effects == {"m.act": "probed", "m.look": "pure", "b.x": "unsafe"}
    assert [approval_rule(mission, tool) for tool in ("m.act", "b.x")] == ["always", "never"]
    only = Mission.model_validate(FULL | {"approve": {"m.*": "always", "m.look": "never"}})
    assert approval_rule(only, "b.x") == "destructive"
