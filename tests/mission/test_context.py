"""Context calls: made when they are due, counted, shown, and never evidence."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeyman.mission.files.mission_file import parse_mission, validate_mission
from journeyman.mission.model import events as e
from journeyman.mission.model.effects import CallPurpose, EffectState
from journeyman.mission.model.mission import Mission
from journeyman.mission.model.reasons import VerdictLabel, VerdictReason
from journeyman.mission.values.errors import InvalidInput
from tests.mission.simulation import Reply, SimTool, Simulation, failed


def a_mission(*context: Any, **more: Any) -> Mission:
    """A mission of ten idle iterations with these context calls."""
    plain: dict[str, Any] = {
        "directive": "d",
        "tools": ["*"],
        "criteria": [{"id": "goal", "kind": "metric_threshold", "metric": "n", "op": ">=", "target": 1}],
        "plan": [{"calls": [{"tool": "idle"}]}] * 10,
        "explore": False,
        "budget": {"iterations": 10},
        "stagnation": {"threshold": 99},
        "context": list(context),
    }
    return validate_mission({**plain, **more})


def simulated(mission: Mission, look: Reply | None = None) -> Simulation:
    """Play a mission whose `look` measures the goal, and whose `idle` gives nothing."""
    given_look = look or Reply(value={"host": "db-7"}, metrics={"n": 1}, events=({"name": "ok"},))
    tools = {"look": SimTool(lambda _: given_look), "idle": SimTool(lambda _: Reply(), effect="pure")}
    simulation = Simulation(mission, tools, second_s=0)
    simulation.run()
    return simulation


def made(simulation: Simulation) -> list[tuple[int, str]]:
    """Each context call that was made: the iteration that it was made for, and its place in the mission."""
    events = [item.event for item in simulation.events]
    return [
        (event.iteration, event.place.rpartition(".")[2])
        for event in events
        if isinstance(event, e.Intended) and event.purpose is CallPurpose.CONTEXT
    ]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.none() | st.integers(1, 5), min_size=1, max_size=4), st.integers(1, 10))
def test_each_context_call_is_made_before_the_first_iteration_and_then_as_often_as_it_says(
    often: list[int | None], iterations: int
) -> None:
    """Compared with a plain count."""
    calls = [{"tool": "look", **({"every": every} if every else {})} for every in often]
    simulation = simulated(a_mission(*calls, budget={"iterations": iterations}))
    expected = [
        (iteration, str(index))
        for iteration in range(iterations)
        for index, every in enumerate(often)
        if iteration == 0 or (every is not None and iteration % every == 0)
    ]
    assert made(simulation) == expected
    names = [item.event.effect for item in simulation.events if isinstance(item.event, e.Intended)]
    assert len(set(names)) == len(names)


def test_what_a_context_call_reports_is_no_evidence() -> None:
    """It measured the goal before every iteration, and nobody judges by it."""
    criteria: list[Any] = [
        {"id": "goal", "kind": "metric_threshold", "metric": "n", "op": ">=", "target": 1},
        {"id": "told", "kind": "event", "event": "ok", "from": "look"},
        {"id": "seen", "kind": "tool_call_succeeded", "tool": "look"},
        {"id": "any", "kind": "predicate", "expression": "len(obs['tool_results']) > 1"},
    ]
    state = simulated(a_mission({"tool": "look", "every": 1}, criteria=criteria)).state
    assert state.reason is VerdictReason.MAX_ITERATIONS
    assert {known.met for known in state.progress.criteria.values()} == {False}
    assert (state.world.known, state.world.sources, state.world.order) == ({}, {}, 10)


def test_a_context_call_makes_nothing_stale_and_spoils_no_iteration() -> None:
    """Criteria are judged as without it, whether it succeeds or fails."""
    goal: list[Any] = [
        {"id": "goal", "kind": "metric_threshold", "metric": "n", "op": ">=", "target": 1, "hold_for": 3}
    ]
    plan: list[Any] = [{"calls": [{"tool": "look"}]}] * 10
    for look in (None, failed("no")):
        plain = simulated(a_mission(criteria=goal, plan=plan), look).state
        state = simulated(a_mission({"tool": "look", "every": 1}, criteria=goal, plan=plan), look).state
        assert (state.verdict, state.usage.iterations) == (plain.verdict, plain.usage.iterations)
        assert state.usage.tool_calls == plain.usage.tool_calls + plain.usage.iterations
        assert state.progress == plain.progress


def test_the_newest_result_of_each_call_is_remembered_and_the_planner_sees_its_values() -> None:
    """The state keeps one row for each, however often it was made."""
    simulation = simulated(a_mission({"tool": "look", "every": 2}, {"tool": "look"}))
    known = simulation.state.context
    assert {name: (row.iteration, row.state, row.value) for name, row in known.items()} == {
        "0": (8, EffectState.DONE, {"host": "db-7"}),
        "1": (0, EffectState.DONE, {"host": "db-7"}),
    }
    assert simulation.state.memory.seen["host"] == ("db-7",)
    assert simulation.state.memory.tools.keys() == {"idle"}


@pytest.mark.parametrize(("calls", "left"), [(0, 0), (1, 0), (2, 1), (3, 2), (9, 2)])
def test_a_context_call_for_which_no_call_is_left_beside_the_probes_is_not_made(calls: int, left: int) -> None:
    """One probe is kept back; the mission goes on without them, and ends by its budget."""
    goal: list[Any] = [
        {"id": "goal", "kind": "metric_threshold", "metric": "x", "op": ">=", "target": 1, "probe": {"tool": "idle"}}
    ]
    simulation = simulated(a_mission("look", "look", criteria=goal, budget={"iterations": 3, "tool_calls": calls}))
    assert len(made(simulation)) == left
    assert simulation.state.usage.tool_calls <= calls
    assert simulation.state.label is VerdictLabel.TERMINATE


def test_a_context_call_that_a_budget_kept_back_is_made_once_a_person_gives_more() -> None:
    """It stays due."""
    simulation = Simulation(
        a_mission("look", budget={"iterations": 3, "tool_calls": 0}, on_exhausted="ask"),
        {"look": SimTool(lambda _: Reply(value=1)), "idle": SimTool(lambda _: Reply())},
    )
    simulation.run()
    assert made(simulation) == []
    simulation.add(e.BudgetAmended(changes={"tool_calls": 9}, digest="d"), "person:p")
    simulation.run()
    assert made(simulation) == [(1, "0")]


def test_an_abort_and_a_pause_keep_context_calls_from_being_made() -> None:
    """People are heard before anything is intended."""
    for event, reason in ((e.EndAsked(reason=VerdictReason.ABORTED), VerdictReason.ABORTED), (e.Paused(), None)):
        simulation = Simulation(
            a_mission("look"), {"look": SimTool(lambda _: Reply()), "idle": SimTool(lambda _: Reply())}
        )
        simulation.add(event, "person:p")
        simulation.run()
        assert made(simulation) == []
        assert simulation.state.reason is reason


def test_context_is_a_list_of_names_and_calls_and_its_errors_name_the_place() -> None:
    """Short form and long form mean the same."""
    plain = {
        "directive": "d",
        "tools": ["*"],
        "budget": {"iterations": 1},
        "criteria": [{"id": "a", "kind": "event", "event": "x"}],
    }
    short = validate_mission({**plain, "context": ["look"]})
    assert short == validate_mission({**plain, "context": [{"tool": "look", "args": {}}]})
    text = "directive: d\ntools: ['*']\nbudget: {iterations: 1}\ncriteria: [{id: a, kind: event, event: x}]\n"
    with pytest.raises(InvalidInput) as caught:
        parse_mission(f"{text}context:\n  - look\n  - {{tool: look, evry: 2}}\n  - {{tool: look, every: 0}}\n")
    problems = {problem.where: (problem.line, problem.hint) for problem in caught.value.problems}
    assert problems["context.1.evry"] == (7, "did you mean 'every'?")
    assert "context.2.every" in problems
    with pytest.raises(InvalidInput):
        validate_mission({**plain, "context": ["look"] * 21})
