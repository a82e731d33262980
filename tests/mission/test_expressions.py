"""What an expression over events asks for: presence where its form says so, and everything else as if it were absence."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from journeyman.engine.mission_check import check_tools
from journeyman.engine.observation_check import judge_observation
from journeyman.mission.criteria.allowed_tools import AllowedTools
from journeyman.mission.criteria.evidence import CriterionStatus
from journeyman.mission.criteria.expressions import uses
from journeyman.mission.criteria.predicate import PredicateCriterion
from journeyman.mission.files.mission_file import validate_mission
from journeyman.tools.predicate import Predicates
from journeyman.tools.sandbox import Sandbox
from journeyman.tools.script import ScriptRun
from tests.mission.simulation import run_plain

pytestmark = pytest.mark.anyio
EVENTS = st.sampled_from(["obs['events']", "obs.get('events', [])"])
NAMES = st.sampled_from(["'ok'", "'no'"])
tests = st.sampled_from(["e['name'] == {}", "e['name'] != {}", "not e['name'] == {}"])
counts = st.builds(
    lambda events, test, name, shape: shape.format(events=events, test=test.format(name)),
    EVENTS,
    tests,
    NAMES,
    st.sampled_from(
        [
            "any({test} for e in {events})",
            "any([{test} for e in {events}])",
            "any(True for e in {events} if {test})",
            "all({test} for e in {events})",
            "len([e for e in {events} if {test}]) >= 1",
            "len([e for e in {events} if {test}]) < 1",
            "len({events}) > 1",
            "len({events}) == 1",
            "sum({test} for e in {events}) >= 1",
            "1 <= len({events})",
            "{events} == []",
            "not {events}",
            "'ok' not in str({events})",
            "(lambda o: any({test} for e in o))({events})",
            "any(any({test} for e in {events}) for _ in [1])",
        ]
    ),
)
expressions = st.recursive(
    counts | st.sampled_from(["obs['iteration'] == 0", "True", "False"]),
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("not {}".format, inner),
        st.builds("({} == {})".format, inner, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("any([{}])".format, inner),
    ),
    max_leaves=5,
)
some = st.lists(st.sampled_from([{"name": "ok"}, {"name": "no"}]), max_size=4)


def truth(expression: str, events: Any) -> bool | None:
    """What the expression says of these events, in plain Python."""
    return run_plain(expression, {"events": events, "iteration": 0}).truth


@settings(max_examples=600, deadline=None)
@given(expressions, some, st.data())
def test_what_does_not_rest_on_absence_stays_true_when_more_events_come(
    expression: str, events: Any, data: Any
) -> None:
    """The slow way: leave events out and look whether that makes it true."""
    assume(not uses(expression).absence)
    fewer = [event for event in events if data.draw(st.booleans())]
    if truth(expression, fewer):
        assert truth(expression, events)


@pytest.mark.parametrize(
    ("expression", "absence"),
    [
        ("any(e['name'] == 'ok' for e in obs['events'])", False),
        ("any(e['name'] == 'ok' for e in obs.get('events', []))", False),
        ("len(obs['events']) >= 1 and obs['metrics']['n'] > 1", False),
        ("obs['metrics']['n'] > 1", False),
        ("obs.get('metrics', {}).get('n', 0) > 1", False),
        ("len(obs['errors']) == 0", False),
        ("not any(e['name'] == 'ok' for e in obs['events'])", True),
        ("len(obs['events']) >= 1 or obs['events'] == []", True),
        ("(lambda o: len(o['events']) == 0)(obs)", True),
        ("len(obs) > 0", True),
        ("all(r['value']['ms'] < 5 for r in obs['tool_results'] if r['tool'] == 'lat')", True),
        ("max([r['value']['ms'] for r in obs['tool_results']], default=0) < 5", True),
        ("any(r['value']['ms'] < 5 for r in obs['tool_results'] if r['tool'] == 'lat')", False),
        ("obs['tool_results'][-1]['value']['ms'] < 5", False),
    ],
)
def test_the_plain_forms_are_told_apart(expression: str, absence: bool) -> None:  # noqa: FBT001  # a column
    """Presence, absence, and expressions that look at no events."""
    assert uses(expression).absence is absence


def a_mission(**more: Any) -> Any:
    """A mission that asks that no error was reported."""
    quiet = {
        "id": "quiet",
        "kind": "predicate",
        "expression": "not any(e['name'] == 'error' for e in obs['events'])",
        **more,
    }
    return validate_mission({"directive": "d", "tools": ["*"], "budget": {"iterations": 1}, "criteria": [quiet]})


async def test_check_says_that_nothing_can_show_a_missing_event() -> None:
    """And is content with a probe or a source."""
    row: Any = {
        "name": "watch",
        "description": "",
        "input_schema": {"type": "object"},
        "pin": "0",
        "effect": "pure",
        "destructive": False,
    }
    async with Sandbox(1) as sandbox:
        for more, told in (({}, ["criterion quiet"]), ({"from": "watch"}, []), ({"probe": {"tool": "watch"}}, [])):
            found = await check_tools(a_mission(**more), [row], ScriptRun(sandbox))
            assert [problem.where for problem in found.problems] == told


async def test_an_observation_that_a_person_wrote_down_is_all_there_was() -> None:
    """Events that are not in it did not happen, whatever the sources are called."""
    async with Sandbox(1) as sandbox:
        for more in ({}, {"from": "watch"}, {"probe": {"tool": "watch"}}):
            for events, status in (([{"name": "ok"}], "met"), ([{"name": "error"}], "unmet")):
                seen: Any = {"metrics": {"n": 1}, "events": events}
                (found,) = await judge_observation(a_mission(**more), seen, Predicates(sandbox))
                assert found.status is CriterionStatus(status)


@pytest.mark.parametrize("metrics", ["obs['metrics']", "obs.get('metrics', {})", "(obs.get('metrics') or {})"])
def test_a_metric_is_named_however_its_place_is_written(metrics: str) -> None:
    """A default for a metric that nobody measured would decide."""
    assert uses(f"{metrics}.get('err', 0) < 5").metrics == frozenset({"err"})


@pytest.mark.parametrize(
    ("expression", "silent"),
    [
        ("not (obs['metrics']['n'] <= 5 and obs['metrics']['m'] <= 5)", True),
        ("(obs['metrics']['n'] > 5) | (obs['metrics']['m'] > 5)", True),
        ("max(obs['metrics']['n'], obs['metrics']['m']) > 5", True),
        ("obs['metrics']['n'] > 5 if True else obs['metrics']['m'] > 5", True),
        ("obs['metrics']['n'] > 5 or obs['metrics']['m'] > 5", False),
        ("0 > 1 or (obs['metrics']['n'] > 5 or obs['metrics']['m'] > 5)", False),
        ("obs['metrics']['n'] > 5 and obs['metrics']['m'] > 5", False),
        ("not obs['metrics']['n'] <= 5", False),
    ],
)
def test_an_alarm_that_waits_for_what_it_need_not_know_is_told(expression: str, silent: bool) -> None:  # noqa: FBT001  # a case
    """One side of a plain `or` speaks for itself; in other clothes it waits for the other."""
    alarm = PredicateCriterion.model_validate(
        {"id": "a", "kind": "predicate", "expression": expression, "abort_when_met": True}
    )
    told = [
        problem.message for problem in alarm.warnings(AllowedTools(names=(), pure=frozenset(), pure_with_arguments=()))
    ]
    assert any("says nothing before each" in message for message in told) is silent
