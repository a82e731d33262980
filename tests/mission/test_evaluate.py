"""Each criterion kind: when it is met, unmet or inconclusive, and how far it has come."""

from __future__ import annotations

from typing import Any, cast

import pytest
from msgspec.structs import asdict

from journeyman.mission.files.mission_file import validate_mission
from journeyman.mission.model.state import State
from journeyman.mission.values.canonical import JsonObject
from tests.mission.simulation import Reply, SimTool, Simulation


def judged(criteria: list[dict[str, Any]], replies: list[Reply], *, effect: str = "pure", **more: Any) -> State:
    """The state after one call per reply of a tool named `look`."""
    turn = iter(replies)
    mission = validate_mission(
        {
            "directive": "d",
            "tools": ["*"],
            "criteria": [*criteria, {"id": "never", "kind": "event", "event": "never"}],
            "budget": {"iterations": len(replies)},
            "plan": [{"calls": [{"tool": "look"}]}] * len(replies),
            "stagnation": {"threshold": 99},
            **more,
        }
    )
    return Simulation(mission, {"look": SimTool(lambda _: next(turn), effect=effect)}).run()


def row(state: State, criterion: str) -> JsonObject:
    """The last judgement of a criterion."""
    return cast("JsonObject", asdict(state.progress.criteria[criterion].result))


def metric(**values: Any) -> Reply:
    """A reply that measures."""
    return Reply(metrics=values)


@pytest.mark.parametrize(
    ("op", "value", "met"),
    [("<", 1, True), ("<=", 2, True), (">", 2, False), (">=", 2, True), ("==", 2, True), ("!=", 2, False)],
)
def test_a_threshold_compares_the_newest_number(op: str, value: int, met: bool) -> None:  # noqa: FBT001  # a parameter
    """All six operators."""
    state = judged([{"id": "c", "kind": "metric_threshold", "metric": "n", "op": op, "target": 2}], [metric(n=value)])
    assert row(state, "c")["status"] == ("met" if met else "unmet")


def test_a_threshold_without_its_number_is_inconclusive_and_says_why() -> None:
    """An absent name, a text and a truth value are no numbers."""
    for reply, word in (
        (metric(other=1), "no call has reported 'n' yet; reported so far: other"),
        (metric(n="x"), "not a number"),
        (metric(n=True), "not a number"),
    ):
        found = row(
            judged([{"id": "c", "kind": "metric_threshold", "metric": "n", "op": ">", "target": 2}], [reply]), "c"
        )
        assert found["status"] == "inconclusive"
        assert word in str(found["evidence"])


def test_paths_walk_lists_and_dotted_names() -> None:
    """`tool_results.0.value.score` and a metric whose name holds a dot."""
    criteria = [
        {"id": "list", "kind": "metric_threshold", "metric": "tool_results.0.value.score", "op": "==", "target": 7},
        {"id": "dot", "kind": "metric_threshold", "metric": "metrics.cpu.load", "op": "==", "target": 1},
    ]
    state = judged(criteria, [Reply(value={"score": 7}, metrics={"cpu.load": 1})])
    assert row(state, "list")["status"] == row(state, "dot")["status"] == "met"


def test_progress_is_the_way_from_the_first_number_to_the_target() -> None:
    """10 towards 0: at 4 six tenths are done."""
    state = judged(
        [{"id": "c", "kind": "metric_threshold", "metric": "n", "op": "<=", "target": 0}], [metric(n=10), metric(n=4)]
    )
    assert row(state, "c")["progress"] == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("direction", "points", "met"),
    [
        ("decreasing", [5, 4, 4.5, 3], True),
        ("increasing", [5, 4, 4.5, 3], False),
        ("flat", [2, 2.01, 1.99, 2], True),
        ("non_decreasing", [1, 1, 1], True),
    ],
)
def test_a_trend_is_a_slope_with_a_tolerance(direction: str, points: list[float], met: bool) -> None:  # noqa: FBT001  # a parameter
    """One noisy point does not decide."""
    criterion = {
        "id": "c",
        "kind": "metric_trend",
        "metric": "n",
        "direction": direction,
        "window": 4,
        "tolerance": 0.05,
    }
    state = judged([criterion], [metric(n=point) for point in points])
    assert row(state, "c")["status"] == ("met" if met else "unmet")


def test_a_trend_follows_nested_metrics_and_waits_for_points() -> None:
    """Observations of scripts can be trended too."""
    criterion = {"id": "c", "kind": "metric_trend", "metric": "metrics.train.loss", "direction": "decreasing"}
    two = judged([criterion], [metric(train={"loss": 3}), metric(train={"loss": 2})])
    three = judged([criterion], [metric(train={"loss": point}) for point in (3, 2, 1)])
    assert (row(two, "c")["status"], row(three, "c")["status"]) == ("inconclusive", "met")


def test_an_event_is_matched_by_name_and_fields() -> None:
    """`where` narrows."""
    criteria = [
        {"id": "any", "kind": "event", "event": "done"},
        {"id": "mine", "kind": "event", "event": "done", "where": {"job": 2}},
    ]
    state = judged(criteria, [Reply(events=({"name": "done", "job": 1},))])
    assert (row(state, "any")["status"], row(state, "mine")["status"]) == ("met", "unmet")


def test_only_successful_calls_count() -> None:
    """A failed call is no success."""
    criterion = {"id": "c", "kind": "tool_call_succeeded", "tool": "look", "min_count": 2}
    bad = Reply(state="failed", error_class="tool_error")
    assert row(judged([criterion], [Reply(), bad, bad, bad]), "c")["status"] == "unmet"
    assert row(judged([criterion], [Reply(), Reply()]), "c")["status"] == "met"


def test_a_predicate_that_raises_is_inconclusive() -> None:
    """A missing key does not decide."""
    state = judged([{"id": "c", "kind": "predicate", "expression": "obs['metrics']['absent'] > 1"}], [metric(n=1)])
    assert row(state, "c")["status"] == "inconclusive"


def test_groups_combine_their_members() -> None:
    """All of and any of, with evidence."""
    members = [
        {"id": "a", "kind": "metric_threshold", "metric": "n", "op": ">", "target": 0},
        {"id": "b", "kind": "metric_threshold", "metric": "n", "op": ">", "target": 9},
    ]
    state = judged(
        [
            {"id": "all", "kind": "all_of", "criteria": members},
            {"id": "any", "kind": "any_of", "criteria": [{**m, "id": f"x{m['id']}"} for m in members]},
        ],
        [metric(n=1)],
    )
    assert (row(state, "all")["status"], row(state, "any")["status"]) == ("unmet", "met")
    assert row(state, "all")["evidence"] == "1 of 2 met"


def test_holding_starts_again_after_a_break() -> None:
    """Met, met, not met, met: held once."""
    criterion = {"id": "c", "kind": "metric_threshold", "metric": "n", "op": ">", "target": 0, "hold_for": 3}
    state = judged([criterion], [metric(n=1), metric(n=1), metric(n=0), metric(n=1)])
    assert (row(state, "c")["status"], row(state, "c")["held"]) == ("unmet", 1)


def _changed(budget: dict[str, Any], looks: list[int]) -> State:
    """The state after a look and a change; each look sees the next number."""
    mission = validate_mission(
        {
            "directive": "d",
            "tools": ["*"],
            "criteria": [{"id": "c", "kind": "metric_threshold", "metric": "n", "op": ">=", "target": 1}],
            "budget": {"iterations": 1, **budget},
            "plan": [{"calls": [{"tool": "look"}, {"tool": "break_it"}]}],
        }
    )
    turn = iter(looks)
    tools = {
        "look": SimTool(lambda _: metric(n=next(turn))),
        "break_it": SimTool(lambda _: Reply(), effect="unsafe"),
    }
    return Simulation(mission, tools).run()


def test_evidence_older_than_a_change_is_stale_and_does_not_complete() -> None:
    """The world changed after the number was measured, and no call is left to measure it again."""
    state = _changed({"tool_calls": 2}, [1])
    assert (state.label, state.reason, state.outcome) == ("terminate", "max_iterations", "unknown")
    assert "stale" in str(row(state, "c")["evidence"])


@pytest.mark.parametrize(("after", "ending"), [(1, "complete"), (0, "terminate")])
def test_what_only_staleness_bars_is_measured_again(after: int, ending: str) -> None:
    """The pure call that measured it last is repeated, and what it sees then decides."""
    assert _changed({}, [1, after]).label == ending


def test_a_probe_makes_evidence_fresh_again() -> None:
    """The same mission with a probe completes."""
    mission = validate_mission(
        {
            "directive": "d",
            "tools": ["*"],
            "criteria": [
                {
                    "id": "c",
                    "kind": "metric_threshold",
                    "metric": "n",
                    "op": ">=",
                    "target": 1,
                    "probe": {"tool": "look"},
                }
            ],
            "budget": {"iterations": 1},
            "plan": [{"calls": [{"tool": "act"}]}],
        }
    )
    state = Simulation(
        mission, {"look": SimTool(lambda _: metric(n=1)), "act": SimTool(lambda _: Reply(), effect="unsafe")}
    ).run()
    assert state.label == "complete"


def test_a_guard_that_is_met_ends_the_mission() -> None:
    """Before completion is looked at."""
    criteria = [
        {
            "id": "harm",
            "kind": "metric_threshold",
            "metric": "harm",
            "op": ">",
            "target": 0,
            "abort_when_met": True,
            "required": False,
        },
        {"id": "goal", "kind": "metric_threshold", "metric": "n", "op": ">", "target": 0},
    ]
    state = judged(criteria, [metric(harm=1, n=1)])
    assert (state.label, state.reason, str(state.outcome)) == ("terminate", "guard_broken", "not_achieved")


def test_an_optional_criterion_that_cannot_be_decided_does_not_block() -> None:
    """The older engine burned its whole budget on one."""
    mission = validate_mission(
        {
            "directive": "d",
            "tools": ["*"],
            "criteria": [
                {"id": "goal", "kind": "metric_threshold", "metric": "n", "op": ">", "target": 0},
                {
                    "id": "nice",
                    "kind": "metric_threshold",
                    "metric": "absent",
                    "op": ">",
                    "target": 0,
                    "required": False,
                },
            ],
            "budget": {"iterations": 9},
        }
    )
    state = Simulation(mission, {"look": SimTool(lambda _: metric(n=1))}).run()
    assert (state.label, state.usage.iterations) == ("complete", 1)


def test_an_approval_is_asked_when_all_else_holds() -> None:
    """The person sees a finished job, not a promise."""
    mission = validate_mission(
        {
            "directive": "d",
            "tools": ["*"],
            "criteria": [
                {"id": "goal", "kind": "metric_threshold", "metric": "n", "op": ">=", "target": 2},
                {"id": "sign", "kind": "approval", "by": "ada", "question": "Ship?"},
            ],
            "budget": {"iterations": 9},
        }
    )
    numbers = iter([1, 2, 2])
    simulation = Simulation(mission, {"look": SimTool(lambda _: metric(n=next(numbers)))})
    asked: list[str] = []
    state = simulation.run(ask=lambda question: not asked.append(question))
    assert asked == ["Ship?"]
    assert (state.label, state.usage.iterations, state.usage.tool_calls) == (
        "complete",
        2,
        3,
    )  # measured after the wait


def test_a_denied_approval_ends_the_mission() -> None:
    """It could never complete."""
    state = judged([{"id": "sign", "kind": "approval", "by": "ada"}], [metric(n=1)])
    assert state.reason == "max_iterations"
    mission = validate_mission(
        {
            "directive": "d",
            "tools": ["*"],
            "criteria": [{"id": "sign", "kind": "approval", "by": "ada"}],
            "budget": {"iterations": 9},
        }
    )
    denied = Simulation(mission, {"look": SimTool(lambda _: metric(n=1))}).run(ask=lambda _: False)
    assert (denied.label, denied.reason) == ("terminate", "denied")


def test_with_a_probe_only_the_probe_may_measure() -> None:
    """An agent that can make any allowed tool print a metric cannot forge the checker's."""
    mission = validate_mission(
        {
            "directive": "d",
            "tools": ["*"],
            "criteria": [
                {
                    "id": "c",
                    "kind": "metric_threshold",
                    "metric": "done",
                    "op": ">=",
                    "target": 1,
                    "probe": {"tool": "check"},
                }
            ],
            "budget": {"iterations": 1},
            "plan": [{"calls": [{"tool": "say"}]}],
        }
    )
    broken = SimTool(lambda _: Reply(state="failed", error_class="timeout"))
    state = Simulation(mission, {"say": SimTool(lambda _: metric(done=1)), "check": broken}).run()
    assert row(state, "c")["status"] == "inconclusive"
    assert "gave nothing fresh" in str(row(state, "c")["evidence"])
    honest = SimTool(lambda _: metric(done=0))
    state = Simulation(mission, {"say": SimTool(lambda _: metric(done=1)), "check": honest}).run()
    assert row(state, "c")["status"] == "unmet"
