"""What the planner promises of any world, against slow and obvious ways to tell: nothing twice, nothing made up, an end."""

from __future__ import annotations

from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeyman.mission.files.mission_file import validate_mission
from journeyman.mission.model import events as e
from journeyman.mission.model.effects import EFFECT_RULES, CallPurpose
from journeyman.mission.report.closing import lessons
from journeyman.mission.values.canonical import Json, canonical
from tests.mission.simulation import Reply, SimTool, Simulation, failed

GOAL: dict[str, Any] = {"id": "goal", "kind": "metric_threshold", "metric": "hit", "op": ">=", "target": 1, "from": "*"}
EFFECTS = st.sampled_from(["pure", "keyed", "probed", "unsafe"])
VALUES: list[Any] = ["a", "b", 3, 4.5, True]


def play(tools: dict[str, SimTool], directive: str = "Hit it.", iterations: int = 400, **more: Any) -> Simulation:
    """Play to the end by the planner alone."""
    mission = validate_mission({
        "directive": directive,
        "tools": ["*"],
        "criteria": [GOAL],
        "approve": "never",
        "budget": {"iterations": iterations},
        "stagnation": {"threshold": 10_000},
        "effects": {name: _class(tool.effect) for name, tool in tools.items()},
        **more,
    })  # fmt: skip
    simulation = Simulation(mission, tools)
    simulation.run()
    return simulation


def _class(effect: str) -> Any:
    return {"class": "probed", "probe": {"tool": "x"}, "done_when": "True"} if effect == "probed" else effect


def intents(simulation: Simulation) -> list[e.Intended]:
    """The calls that the planner wanted."""
    events = [item.event for item in simulation.events]
    return [event for event in events if isinstance(event, e.Intended) and event.purpose is CallPurpose.CALL]


def proposals(simulation: Simulation) -> list[dict[str, Any]]:
    """The strategies."""
    return [item.event.strategy for item in simulation.events if isinstance(item.event, e.Proposed)]


@st.composite
def enumerated(draw: st.DrawFn) -> tuple[dict[str, Any], list[str]]:
    """The arguments of a tool that can be gone through, and which are required."""
    names = draw(st.lists(st.sampled_from(["x", "y", "z"]), min_size=1, max_size=3, unique=True))
    properties: dict[str, Any] = {}
    for name in names:
        kind = draw(st.sampled_from(["enum", "enum", "flag", "range"]))
        if kind == "enum":
            values = draw(st.lists(st.sampled_from(VALUES), min_size=1, max_size=4, unique_by=repr))
            properties[name] = {"enum": values}
            if draw(st.booleans()):
                properties[name]["default"] = draw(st.sampled_from(values))
        else:
            properties[name] = (
                {"type": "boolean"} if kind == "flag" else {"type": "integer", "minimum": 2, "maximum": 5}
            )
    return properties, draw(st.lists(st.sampled_from(names), unique=True))


def every_call(properties: dict[str, Any], required: list[str]) -> set[bytes]:
    """All calls of a tool, the plain way; to write a default down is the same call as to leave it out."""
    choices: list[list[Any]] = []
    for name, spec in properties.items():
        values: list[Any] = spec.get("enum") or ([True, False] if spec["type"] == "boolean" else [2, 3, 4, 5])
        if name not in required:
            values = [
                None,
                *(value for value in values if "default" not in spec or repr(value) != repr(spec["default"])),
            ]
        choices.append(values)
    rows = [dict(zip(properties, row, strict=True)) for row in product(*choices)]
    return {canonical({name: value for name, value in row.items() if value is not None}) for row in rows}


@settings(deadline=None, max_examples=60)
@given(enumerated(), EFFECTS)
def test_every_candidate_of_a_finite_space_is_tried_once_before_any_is_repeated(
    space: tuple[dict[str, Any], list[str]], effect: str
) -> None:
    """Nothing hits: each call is made, and then it is over, with what was tried.

    What has no arguments may change by itself, or something each time: that alone is called again.
    """
    properties, required = space
    simulation = play({"act": SimTool(lambda _: Reply(metrics={"hit": 0}), properties, required, effect=effect)})
    made = [canonical(event.args) for event in intents(simulation)]
    wanted = every_call(properties, required)
    assert set(made[: len(wanted)]) == wanted
    again = made[len(wanted) :]
    assert set(again) <= {b"{}"}
    assert len(again) < 9
    assert simulation.state.reason == "nothing_left"
    assert f"act {len(made)}" in simulation.state.memory.nothing_left
    assert any("act" in line for line in lessons(simulation.state, iterated=True))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(["done", "no", "never", "lost"]), min_size=12, max_size=12), EFFECTS, EFFECTS)
def test_a_failure_is_not_repeated_while_nothing_has_changed(hows: list[str], one: str, other: str) -> None:
    """Whatever fails, and whichever tools change the world: the same call fails in the same words once for each change.

    What never came to an answer may be tried a few times.
    """

    def tool(effect: str, rows: list[str]) -> SimTool:
        def call(args: dict[str, Any]) -> Reply:
            how = rows[args["n"]]
            if how == "done":
                return Reply(value={"n": args["n"]}, metrics={"hit": 0})
            return failed(how, "timeout" if how == "lost" else "tool_error")

        return SimTool(call, {"n": {"enum": [0, 1, 2, 3, 4, 5]}}, effect=effect)

    simulation = play({"one": tool(one, hows[:6]), "other": tool(other, hows[6:])})
    failures: dict[bytes, tuple[str, int]] = {}
    lost: dict[bytes, int] = {}
    changes, calls = 0, {event.effect: event for event in intents(simulation)}
    for item in simulation.events:
        event = item.event
        if not isinstance(event, e.Settled) or event.effect not in calls:
            continue
        intent = calls[event.effect]
        name = canonical([intent.tool, intent.args])
        if event.state == "done":
            changes += EFFECT_RULES[intent.effect_class].changes_world
        elif event.error == "lost":
            lost[name] = lost.get(name, 0) + 1
        else:
            assert failures.get(name) != (event.error, changes)
            failures[name] = (event.error, changes)
    assert max(lost.values(), default=0) <= 5
    assert simulation.state.reason == "nothing_left"


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.sampled_from(["main", "eu-1", "/var/log/x", "a@b.example", "17", "slowly", "'two words'"]), max_size=4),
    st.sampled_from(["branch", "path", "email", "message"]),
    st.lists(st.sampled_from(["main", "T-7", "/etc/y"]), max_size=2),
    st.sampled_from(["keyed", "unsafe"]),
)
def test_a_text_that_nobody_wrote_never_reaches_a_tool_that_may_change_the_world(
    said: list[str], name: str, shown: list[str], effect: str
) -> None:
    """Each text stands in the directive or in an earlier result, word for word; none is empty."""
    directive = f"Do it with {' and '.join(said)}." if said else "Do it."
    rows: Json = {"items": [*shown], "branches": [*shown]}
    tools = {
        "show": SimTool(lambda _: Reply(value=rows, metrics={"hit": 0})),
        "send": SimTool(lambda _: failed("no"), {name: {"type": "string"}}, effect=effect),
    }
    for event in intents(play(tools, directive)):
        assert isinstance(event.args, dict)
        for text in event.args.values():
            assert isinstance(text, str)
            assert text
            assert text in directive or text in shown


def test_a_mission_that_may_only_wait_waits_ever_longer_and_says_for_what() -> None:
    """Each wait is twice the one before, up to a minute; none is silent."""
    criterion = {**GOAL, "probe": {"tool": "look"}}
    del criterion["from"]
    tools = {"look": SimTool(lambda _: Reply(metrics={"hit": 0}))}
    plan: list[Any] = [{"calls": [{"tool": "look"}]}]
    simulation = play(tools, iterations=12, plan=plan, explore=False, criteria=[criterion])
    waits = [row for row in proposals(simulation) if row.get("sleep_s")]
    assert [row["sleep_s"] for row in waits] == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60]
    assert all("goal may change by itself" in row["rationale"] for row in waits)


def test_a_look_is_repeated_with_a_wait_before_it_and_given_up_in_the_end() -> None:
    """A mission that may explore does not wait for ever for what never changes."""
    simulation = play({"look": SimTool(lambda _: Reply(metrics={"hit": 0}))})
    rows = proposals(simulation)
    assert all(earlier.get("sleep_s") for earlier, _ in pairwise(rows))
    assert (simulation.state.reason, len(rows) < 12) == ("nothing_left", True)


def test_noise_is_measured_and_the_reason_says_so() -> None:
    """Equal calls that gave different numbers are worth repeating near the best, and only there it is said."""
    noise = iter([0.6, -0.4, 0.5, -0.6, 0.3, -0.2] * 40)
    tool = SimTool(
        lambda args: Reply(metrics={"hit": -abs(args["x"] - 6) / 4 + next(noise)}),
        {"x": {"type": "integer", "minimum": 0, "maximum": 12}},
    )
    simulation = play({"tune": tool}, iterations=60, criteria=[{**GOAL, "hold_for": 4, "target": 0.2}])
    known: set[bytes] = set()
    for row in proposals(simulation):
        for call in row.get("calls", []):
            name = canonical(call)
            assert name not in known or "noisy" in row["rationale"] or "holds" in row["rationale"]
            known.add(name)


def test_a_service_is_moved_from_where_it_runs() -> None:
    """The value seen in use comes first, not the least one that the schema allows; and no step is a leap."""
    held = {"replicas": 9}
    asked: list[int] = []

    def scale(args: dict[str, Any]) -> Reply:
        asked.append(args["replicas"])
        held["replicas"] = args["replicas"]
        return Reply(value={"ok": True})

    tools = {
        "look": SimTool(lambda _: Reply(value=dict(held), metrics={"hit": min(1, held["replicas"] / 14)})),
        "scale": SimTool(scale, {"replicas": {"type": "integer", "minimum": 1, "maximum": 40}}, effect="keyed"),
    }
    criterion = {**GOAL, "probe": {"tool": "look"}}
    del criterion["from"]
    simulation = play(tools, criteria=[criterion])
    assert simulation.state.outcome == "achieved"
    steps = [abs(later - earlier) for earlier, later in pairwise([9, *asked])]
    assert asked[0] in (7, 8, 10, 11)
    assert max(steps) <= 20


def test_a_setting_that_helped_is_not_set_once_more() -> None:
    """Repeating what moved progress is for calls that add; one that sets shows at its second time that it does not."""
    held = {"mode": "a"}

    def choose(args: dict[str, Any]) -> Reply:
        held["mode"] = args["mode"]
        return Reply(metrics={"hit": "abcd".index(held["mode"]) / 4})

    simulation = play({"choose": SimTool(choose, {"mode": {"enum": [*"abcd"]}}, effect="keyed")})
    assert len(intents(simulation)) <= 5


def test_the_missions_parameters_are_values_before_any_other() -> None:
    """Who sets `region` means the argument `region`, also of a tool that may change the world."""
    asked: list[str] = []

    def deploy(args: dict[str, Any]) -> Reply:
        asked.append(args["region"])
        return Reply(metrics={"up": 1})

    mission = validate_mission({
        "directive": "Deploy it.", "tools": ["*"], "budget": {"iterations": 3}, "approve": "never",
        "parameters": {"region": {"default": "eu-west"}},
        "criteria": [{"id": "up", "kind": "metric_threshold", "metric": "up", "op": ">=", "target": 1}],
    })  # fmt: skip
    Simulation(mission, {"deploy": SimTool(deploy, {"region": {"type": "string"}}, effect="unsafe")}).run()
    assert asked == ["eu-west"]


@pytest.mark.parametrize(("words", "tries"), [(("no", "no", "no"), 2), (("a", "b", "c"), 3), (("a", "b", "b"), 3)])
def test_a_step_of_the_plan_that_fails_in_the_same_words_is_not_made_a_third_time(
    words: tuple[str, ...], tries: int
) -> None:
    """The same answer twice is an answer; another one may lead on."""
    said = iter(words)
    tools = {"push": SimTool(lambda _: failed(next(said)), effect="keyed")}
    mission = validate_mission(
        {
            "directive": "d", "tools": ["*"], "plan": [{"calls": [{"tool": "push"}]}], "budget": {"iterations": 9},
            "criteria": [{"id": "c", "kind": "plan_finished"}],
        }
    )  # fmt: skip
    simulation = Simulation(mission, tools)
    simulation.run()
    assert sum(isinstance(row.event, e.Settled) for row in simulation.events) == tries
