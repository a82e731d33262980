"""Parameters of missions: what `${name}` becomes where, and what is said of values that do not fit."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyman.engine.mission_check import expression_faults
from journeyman.mission.files.mission_file import parse_mission, validate_mission
from journeyman.mission.model.mission import Mission, dump
from journeyman.mission.values.canonical import Json, JsonObject
from journeyman.mission.values.errors import InvalidInput

GOAL: JsonObject = {"id": "done", "kind": "plan_finished"}


def mission(parameters: Json, more: JsonObject | None = None, values: JsonObject | None = None) -> Mission:
    """A mission that holds them."""
    plain: JsonObject = {
        "directive": "Do it.", "criteria": [GOAL], "budget": {"iterations": 3}, "commands": {"it": "true"},
        "plan": [{"calls": [{"tool": "it"}]}], **(more or {}), "parameters": parameters,
    }  # fmt: skip
    return validate_mission(plain, given=values)


def test_a_text_that_is_only_a_parameter_becomes_its_value_and_others_hold_it() -> None:
    """With its type: a budget is a number."""
    made = mission(
        {"n": 4, "where": {"default": "eu-west"}, "share": 0.5},
        {"budget": {"iterations": "${n}"}, "directive": "Make ${n} in ${where}, ${share} of all."},
        {"where": "us-east"},
    )
    assert (made.budget.iterations, made.directive) == (4, "Make 4 in us-east, 0.5 of all.")
    assert made.parameters["where"].default == "us-east"


def test_what_is_recorded_is_a_mission_that_is_the_same_again() -> None:
    """The values are in it, so a record tells with what it ran."""
    made = mission({"n": {"type": "integer", "minimum": 1}}, {"budget": {"iterations": "${n}"}}, {"n": "7"})
    assert Mission.model_validate(dump(made)) == made
    assert dump(made)["parameters"] == {"n": {"type": "integer", "minimum": 1, "default": 7}}


@pytest.mark.parametrize(
    ("declared", "values", "words"),
    [
        ({"n": "integer"}, {}, "parameters.n: has no value (say `--set n=…`"),
        ({"n": "integer"}, {"n": "four"}, "'four' is no integer"),
        ({"n": "integer"}, {"n": "4.5"}, "'4.5' is no integer"),
        ({"n": "integer"}, {"n": "true"}, "'true' is no integer"),
        ({"n": {"type": "integer", "maximum": 3}}, {"n": "4"}, "'4' is above 3"),
        ({"n": {"enum": ["a", "b"]}}, {"n": "c"}, "'c' is none of a, b"),
        ({"n": {"type": "integer", "default": "x"}}, {}, "parameters.n: 'x' is no integer"),
        ({"n": {"default": [1]}}, {}, "parameters.n: [1] is no string"),
        ({"n": "text"}, {}, "'text' names no type (string, integer, number, boolean)"),
        ({"workers": 3}, {"worker": "4"}, "the mission has no parameter 'worker' (did you mean 'workers'?)"),
        ({"n": "string"}, {"n": "${HOME}"}, "would be read from the environment"),
        ({"n": {"typ": "string"}}, {}, "typ: is not a known key (did you mean 'type'?)"),
        ({"N": 3}, {}, "parameters"),
    ],
)
def test_a_value_that_does_not_fit_is_told_with_what_to_do(
    declared: JsonObject, values: JsonObject, words: str
) -> None:
    """Before anything runs."""
    with pytest.raises(InvalidInput) as caught:
        mission(declared, values=values)
    assert words in str(caught.value)


def test_a_parameter_without_a_value_is_told_once_and_not_where_it_is_used() -> None:
    """What would be wrong there is not known."""
    with pytest.raises(InvalidInput) as caught:
        mission({"n": "integer"}, {"budget": {"iterations": "${n}", "tool_calls": "many"}})
    assert [problem.where for problem in caught.value.problems] == ["budget.tool_calls", "parameters.n"]


def test_a_name_that_is_nearly_a_parameter_is_a_mistake_and_others_are_left_alone() -> None:
    """Shells and environments have variables, too; `$${name}` is the text itself."""
    with pytest.raises(InvalidInput, match=r"directive: there is no parameter 'worker' \(did you mean 'workers'"):
        mission({"workers": 3}, {"directive": "Use ${worker}."})
    made = mission({"workers": 3}, {"directive": "In ${HOME}: $${workers} is ${workers}, $$ and ${ stay."})
    assert made.directive == "In ${HOME}: ${workers} is 3, $$ and ${ stay."


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_a_value_is_one_argument_of_a_command_line_and_a_literal_in_an_expression(value: str) -> None:
    """Whatever it holds."""
    criterion: JsonObject = {"id": "same", "kind": "predicate", "expression": "${word} == obs['metrics']['word']"}
    more: JsonObject = {
        "commands": {"it": "echo --word ${word}", "long": {"run": "echo a${word}b"}}, "criteria": [criterion, GOAL],
    }  # fmt: skip
    try:
        made = mission({"word": "string"}, more, {"word": value})
    except InvalidInput as refused:
        assert "${" in value or len(str(refused)) > 4096  # noqa: PT017 - one of two ways that it may end
        return
    assert made.commands["it"].argv == ["echo", "--word", value]
    assert shlex.split(str(made.commands["long"].run)) == ["echo", f"a{value}b"]
    criterion_made = made.criteria[0]
    assert str(criterion_made.expression()).removesuffix(" == obs['metrics']['word']") == repr(value)


def test_a_text_is_never_written_into_a_shell_line() -> None:
    """It would be run as code; numbers would not."""
    line: JsonObject = {"commands": {"it": {"run": "git checkout ${branch}", "shell": True}}}
    with pytest.raises(InvalidInput, match=r"'branch' is a text, which a shell would run as code"):
        mission({"branch": {"default": "main; rm -rf ~"}}, line)
    number: JsonObject = {"commands": {"it": {"run": "sleep ${n}", "shell": True}}}
    assert mission({"n": 3}, number).commands["it"].argv[-1] == "sleep 3"


def test_faults_of_expressions_and_of_all_else_come_together_with_their_lines() -> None:
    """In one go."""
    text = """
directive: Do it.
budget: {iterations: ten}
criteria:
  - id: one
    kind: predicate
    expression: "obs['metrics']['x'] >"
plan:
  - calls: [{tool: it}]
    until: "obz['x']"
"""
    with pytest.raises(InvalidInput) as caught:
        parse_mission(text, check=expression_faults)
    lines = [(problem.line, problem.where) for problem in caught.value.problems]
    assert lines == [(3, "budget.iterations"), (7, "criteria.0.expression"), (10, "plan.0.until")]
