"""What the planner takes care of: guards, where criteria point, words of the directive, values that say nothing new."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from journeyman.mission.files.mission_file import validate_mission
from journeyman.mission.model.events import Proposed
from journeyman.mission.planner.arguments import call_space
from journeyman.mission.planner.sources import ValueSources
from tests.mission.simulation import Reply, SimTool, Simulation

SERVICES = [f"svc-{number}" for number in range(9)]
GUARD: dict[str, Any] = {
    "id": "too_many",
    "kind": "metric_threshold",
    "metric": "pushes",
    "op": ">",
    "target": 3,
    "abort_when_met": True,
}


def threshold(metric: str, op: str, target: float, **more: Any) -> dict[str, Any]:
    """A criterion."""
    return {"id": f"c_{metric}", "kind": "metric_threshold", "metric": metric, "op": op, "target": target, **more}


def run(
    tools: dict[str, SimTool], *criteria: dict[str, Any], directive: str = "Do it.", iterations: int = 20
) -> Simulation:
    """Play a mission by the planner alone."""
    mission = validate_mission(
        {
            "directive": directive,
            "tools": ["*"],
            "criteria": list(criteria),
            "budget": {"iterations": iterations},
            "stagnation": {"threshold": iterations},
        }
    )
    simulation = Simulation(mission, tools)
    simulation.run()
    return simulation


def called(simulation: Simulation) -> list[str]:
    """The tool of each proposal."""
    proposals = [item.event for item in simulation.events if isinstance(item.event, Proposed)]
    rows: list[Any] = [proposal.strategy.get("calls") or [{"tool": "wait"}] for proposal in proposals]
    return [str(calls[0]["tool"]) for calls in rows]


def pushing() -> dict[str, SimTool]:
    """A tool that brings the guard nearer, and one that does not."""
    count = {"pushes": 0}

    def push(_: dict[str, Any]) -> Reply:
        count["pushes"] += 1
        return Reply(metrics={**count, "done": 0})

    nudge = SimTool(lambda _: Reply(metrics={**count, "done": 0}), effect="keyed")
    return {"push": SimTool(push, {"target": {"type": "string", "enum": SERVICES}}, effect="keyed"), "nudge": nudge}


def test_a_guard_that_is_seen_coming_is_not_broken() -> None:
    """Which calls bring it nearer is learnt from the evidence; the last call that it allows is the last there is."""
    simulation = run(pushing(), threshold("done", ">=", 1), GUARD)
    assert (simulation.state.reason, called(simulation).count("push")) == ("nothing_left", 3)


def test_a_call_that_risks_a_guard_is_given_time_to_show_what_it_did() -> None:
    """At least two others between it and the next."""
    tools = called(run(pushing(), threshold("done", ">=", 1), {**GUARD, "target": 8}))
    pushes = [number for number, name in enumerate(tools) if name == "push"]
    assert len(pushes) > 3
    assert all(later - earlier > 2 for earlier, later in pairwise(pushes))


def knob(values: list[float] | None = None) -> dict[str, SimTool]:
    """A setting that a condition follows, up and down, and a look at both; or `values` of it in turn."""
    at = {"load": 0.1, "score": 0.0}
    shown = iter(values or [])

    def turn(args: dict[str, Any]) -> Reply:
        at.update(load=next(shown, 0.1) if values else args["to"] / 10, score=-abs(args["to"] - 11))
        return Reply(value="set")

    number: dict[str, Any] = {"to": {"type": "integer", "minimum": 1, "maximum": 32}}
    return {"turn": SimTool(turn, number, effect="keyed"), "look": SimTool(lambda _: Reply(metrics=dict(at)))}


@pytest.mark.parametrize("strikes_at", [1000, 40, 10])
def test_an_abort_condition_far_from_breaking_changes_nothing(strikes_at: float) -> None:
    """What a setting brings nearer by a little, and takes back, is nothing to be careful of: no wait, the same calls."""
    guard = {**GUARD, "metric": "load", "target": strikes_at}
    wanted = threshold("score", ">=", 0, probe={"tool": "look"})
    with_guard, without = run(knob(), wanted, guard), run(knob(), wanted)
    assert called(with_guard) == called(without)
    assert "wait" not in called(with_guard)
    assert with_guard.state.outcome == "achieved"


@pytest.mark.parametrize("strikes_at", [1000, 40, 10, 5, 4, 3.3])
def test_time_given_to_a_risky_call_is_no_stagnation(strikes_at: float) -> None:
    """However near the condition is, a mission with a way to its goal gets there by its default patience."""
    guard = {**GUARD, "metric": "load", "target": strikes_at}
    wanted = threshold("score", ">=", 0, probe={"tool": "look"})
    mission = {"directive": "Do it.", "tools": ["*"], "criteria": [wanted, guard], "budget": {"iterations": 40}}
    simulation = Simulation(validate_mission(mission), knob())
    assert simulation.run().outcome == "achieved"


def test_noise_of_a_condition_is_no_risk() -> None:
    """It comes nearer and goes away by itself; what adds up is what counts."""
    noise = [0.1, 0.4, 0.2, 0.3, 0.1, 0.5, 0.2, 0.4, 0.3, 0.2, 0.4, 0.1, 0.3, 0.5, 0.2] * 3
    names = called(run(knob(noise), threshold("score", ">=", 5, probe={"tool": "look"}), {**GUARD, "metric": "load"}))
    assert names.count("wait") < 4


def test_without_a_guard_nothing_is_risky() -> None:
    """The same tools, and no reason to be careful."""
    assert called(run(pushing(), threshold("done", ">=", 1))).count("push") > 6


def test_what_helped_is_not_repeated_where_it_risks_a_guard() -> None:
    """It holds and only time is needed: to act once more would be to break what works."""
    count = {"pushes": 0}

    def push(_: dict[str, Any]) -> Reply:
        count["pushes"] += 1
        return Reply(metrics={**count, "faults": 0})

    tools = {
        "push": SimTool(push, effect="keyed"),
        "look": SimTool(lambda _: Reply(metrics={**count, "faults": 0 if count["pushes"] else 9})),
    }
    simulation = run(tools, threshold("faults", "<=", 1, hold_for=4, **{"from": "*"}), GUARD)
    assert simulation.state.outcome == "achieved"
    assert count["pushes"] == 1


def test_what_unmet_criteria_speak_of_is_tried_first() -> None:
    """Of nine services the one with an alert is restarted, since alerts must go; no other is."""
    restarted: list[str] = []

    def restart(args: dict[str, Any]) -> Reply:
        restarted.append(args["target"])
        return Reply(metrics={"alerts_firing": int("svc-6" not in restarted)})

    shown: Any = {"names": SERVICES, "alerts": ["svc-6"]}
    tools = {
        "look": SimTool(lambda _: Reply(value=shown, metrics={"alerts_firing": 1})),
        "restart": SimTool(restart, {"target": {"type": "string", "enum": SERVICES}}, effect="keyed"),
    }
    simulation = run(tools, threshold("alerts_firing", "==", 0))
    assert (simulation.state.outcome, restarted) == ("achieved", ["svc-6"])


def test_a_tool_that_the_directive_names_comes_first() -> None:
    """Nine tools alike; the operator's words tell which."""
    tools = {
        f"{name}_cache": SimTool(lambda _: Reply(metrics={"done": 0})) for name in ("drop", "fill", "sweep", "trim")
    }
    assert called(run(tools, threshold("done", ">=", 1), directive="Sweep the cache."))[0] == "sweep_cache"


def test_the_first_measurement_is_no_progress() -> None:
    """What holds from the start is nobody's merit: the tool that measured it first is not called once more for it."""
    tools = {
        name: SimTool(lambda _: Reply(metrics={"warm": 1, "done": 0}), {"n": {"enum": [1, 2]}}, effect="keyed")
        for name in "abc"
    }
    names = called(run(tools, threshold("warm", ">=", 1), threshold("done", ">=", 1), iterations=3))
    assert sorted(names) == ["a", "b", "c"]


def test_a_default_is_left_out_and_prose_comes_last() -> None:
    """To write a default down is the same call once more; which words to write is the last thing to try."""
    schema: Any = {
        "type": "object",
        "properties": {
            "topic": {"enum": ["one", "two"]},
            "target": {"enum": ["a", "b", "c"]},
            "to": {"enum": ["all", "ann"], "default": "all"},
            "message": {"type": "string", "default": ""},
        },
        "required": ["topic", "target"],
    }
    seen: dict[str, tuple[Any, ...]] = {"note": ("hello",)}
    sets = list(call_space(schema, ValueSources(seen, "Say it.", None), "tell").calls())
    assert all(given.get("to") != "all" and given.get("message") != "" for given in sets)
    plain = [given for given in sets if given.keys() == {"topic", "target"}]
    assert len(plain) == 6
    assert sets[:6] == plain
