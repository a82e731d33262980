"""What `journeyman new` shows must be right when its comments are taken away."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import jsonschema_rs
import pytest
import yaml

from journeyman.engine.mission_check import check_tools
from journeyman.interfaces.cli.templates import Template, text_of
from journeyman.mission.criteria import PredicateCriterion
from journeyman.mission.criteria.base import walk
from journeyman.mission.files.mission_file import validate_mission
from journeyman.mission.files.mission_schema import mission_schema
from journeyman.mission.model.mission import Mission
from journeyman.mission.values.canonical import JsonObject
from journeyman.mission.values.errors import InvalidInput
from journeyman.tools.sandbox import Sandbox
from journeyman.tools.script import ScriptRun
from tests.evidence.row_builders import call, m, pure
from tests.evidence.scenario import Row, play

TOOL: JsonObject = {"name": "measure", "description": "", "input_schema": {"type": "object"}, "pin": "0", "effect": "pure", "destructive": False}  # fmt: skip


def warned(criterion: JsonObject) -> list[str]:
    """What `check` warns of a mission with one criterion."""
    mission = validate_mission({"directive": "d", "criteria": [criterion], "tools": ["*"], "budget": {"iterations": 3}})

    async def scene() -> list[str]:
        async with Sandbox() as sandbox:
            checked = await check_tools(mission, [TOOL], ScriptRun(sandbox))
            return [*map(str, checked.problems), *map(str, checked.warnings)]

    return asyncio.run(scene())


def uncommented(text: str) -> str:
    """The file with each commented line of it that is YAML, and no sentence, made a line of it."""
    keys = "clean|deploy|format|fix|scale|method|url|parameters|effect|headers|metrics"
    return re.sub(rf"^( *)# ( *(?:- \{{|(?:{keys}):))", r"\1\2", text, flags=re.MULTILINE)


@pytest.mark.parametrize("template", Template)
def test_each_template_is_valid_with_its_comments_and_without(template: Template) -> None:
    """Also by the schema that editors check it with; what is commented out must be right when it is taken in."""
    schema = jsonschema_rs.validator_for(mission_schema(Mission, "Journeyman mission"))
    for text in (text_of(template, Path("mission.yaml")), uncommented(text_of(template, Path("mission.yaml")))):
        plain = yaml.safe_load(text)
        validate_mission(plain)
        schema.validate(plain)


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parents[2] / "examples").rglob("*.yaml")), ids=lambda path: path.stem
)
def test_the_schema_takes_every_example(path: Path) -> None:
    """Short forms included."""
    plain = yaml.safe_load(path.read_text("utf-8"))
    jsonschema_rs.validator_for(mission_schema(Mission, "Journeyman mission")).validate(plain)


@pytest.mark.parametrize(
    "wrong",
    [
        {"commands": {"tests": {"rum": "pytest"}}},
        {"commands": {"tests": 3}},
        {"http": {"health": {"url": "https://h.example/", "method": 3}}},
        {"budget": {"iteration": 3}},
        {"tool": ["x"]},
    ],
)
def test_the_schema_finds_what_stands_in_no_mission(wrong: JsonObject) -> None:
    """A key that nobody knows is the commonest slip."""
    plain = {**yaml.safe_load(text_of(Template.COMMAND, Path("mission.yaml"))), **wrong}
    assert not jsonschema_rs.validator_for(mission_schema(Mission, "Journeyman mission")).is_valid(plain)


def test_each_example_of_a_criterion_is_valid_and_its_predicate_needs_a_measurement() -> None:
    """The predicate used to ask for no errors, which an iteration that did nothing has not either."""
    text = text_of(Template.PYTHON, Path("mission.yaml"))
    shown = yaml.safe_load(re.sub(r"^  # - ", "  - ", text, flags=re.MULTILINE))
    mission = validate_mission(shown)
    found = [one for one in walk(mission.criteria) if isinstance(one, PredicateCriterion)]
    assert len(found) == 1
    criterion: JsonObject = {"id": "sane", "kind": "predicate", "expression": found[0].text}
    tools = {"idle": pure(m()), "measure": pure(m(latency_ms=20))}
    base = Row(name="", rule="", completes=False, criteria=[criterion], tools=tools)
    ends = [play(replace(base, plan=[call(name)])) for name in tools]
    assert [str(state.reason) for state in ends if state is not None] == ["nothing_left", "criteria_met"]
    assert warned({**criterion, "from": "measure"}) == []


@pytest.mark.parametrize("expression", ["len(obs['errors']) == 0", "obs['iteration'] > 1", "not obs['errors']"])
def test_a_predicate_that_looks_at_no_measurement_is_warned_of(expression: str) -> None:
    """No error is no success."""
    found = warned({"id": "c", "kind": "predicate", "expression": expression})
    assert len(found) == 1
    assert "may hold though nothing was done" in found[0]
    assert (
        warned({"id": "c", "kind": "predicate", "expression": f"({expression}) and obs['counts']['measure'] > 0"}) == []
    )


def test_a_target_that_readers_would_round_is_refused_with_what_to_write_instead() -> None:
    """It used to be called no valid integer."""

    def mission(target: float) -> JsonObject:
        criterion: JsonObject = {"id": "c", "kind": "metric_threshold", "metric": "n", "op": ">=", "target": target}
        return {"directive": "d", "criteria": [criterion], "budget": {"iterations": 1}}

    with pytest.raises(InvalidInput, match="beyond 9007199254740991") as raised:
        validate_mission(mission(2**53))
    assert "9007199254740992.0" in str(raised.value)
    validate_mission(mission(2.0**53))
