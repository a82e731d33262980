"""Rule 5: an abort condition is judged by each piece of evidence as it arrives, and never forgiven."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.evidence.row_builders import again, at_least, call, calls, changing, did, group, harm, lost, m, pure, script
from tests.evidence.scenario import CRASH, PAUSE, Fields, Row, Step, Tool
from tests.mission.simulation import Reply

RULE = "5 aborts"
GOAL = at_least()
COMMON: Fields = {"abort_when_met": True, "required": False, "id": "harm"}
CONDITIONS: dict[str, Fields] = {"threshold": harm(), "predicate": {**COMMON, "kind": "predicate", "expression": "obs['metrics']['harm'] > 0"}, "any over all": {**COMMON, "kind": "predicate", "expression": "any(v > 5 for v in obs['metrics'].values())"}, "from": harm(**{"from": "look"})}


def row(
    name: str,
    completes: bool,  # noqa: FBT001  # a column of the table
    criteria: list[Fields],
    tools: dict[str, Tool],
    *plan: Fields,
    **more: Any,
) -> Row:
    """A row about abort conditions."""
    return Row(name=name, rule=RULE, completes=completes, criteria=criteria, tools=tools, plan=plan, **more)


def harms(*values: int, n: int = 0) -> Tool:
    """A tool that measures harm, and perhaps the goal."""
    return pure(*[m(harm=value, n=n) for value in values])


def tells(*values: int) -> Tool:
    """A tool that measures nothing but harm."""
    return pure(*[m(harm=value) for value in values])


def rows() -> Iterator[Row]:
    """The rows."""
    yield from _coming_and_going()
    yield from _several_voices()
    yield from _grouped()
    yield from _unresolved()
    yield from _never_blocking()
    yield from _probed()
    yield from _checked()
    yield from _interrupted()
    yield from _refused()


def _coming_and_going() -> Iterator[Row]:
    done = pure(m(n=1))
    for form, condition in CONDITIONS.items():
        both = [condition, GOAL]
        bad = {"look": pure(m(harm=9), m(harm=0)), "fix": changing("unsafe", [m(n=1)]), "done": done}
        broken: dict[str, Any] = {"reason": "guard_broken"}
        yield row(f"harm and goal at once ({form})", False, both, {"look": pure(m(harm=9, n=1))}, call("look"), **broken)
        yield row(f"harm that is gone at the next look ({form})", False, both, bad, call("look", "look", "done"), **broken)
        yield row(f"harm, then a change ({form})", False, both, bad, call("look", "fix"), **broken)
        yield row(f"harm beside a change, born stale ({form})", False, both, bad, call("fix", "look", parallel=True), **broken)
        yield row(f"harm beside a good look ({form})", False, both, bad, call("look", "done", parallel=True), **broken)
        yield row(f"harm in the operator's script ({form})", False, both, bad, script(), scripts={"s": (calls("look"), calls("look"), calls("done"), calls())}, **broken)
        yield row(f"harm, then a pause ({form})", False, both, bad, call("look", "look", "done"), then={"Settled:1": PAUSE}, **broken)
        yield row(f"harm, then a crash ({form})", False, both, bad, call("look", "look", "done"), then={"Settled:1": CRASH}, **broken)
        yield row(f"harm off every checkpoint ({form})", False, both, bad, call("look"), call("look", "done"), more={"cadence": {"every_iterations": 5}}, **broken)
        yield row(f"harm in the last iteration ({form})", False, both, {"look": pure(m(harm=0), m(harm=9, n=1))}, call("look"), call("look"), **broken)
        yield row(f"never any harm ({form})", True, both, {"look": harms(0, n=1)}, call("look"))
        if form not in ("any over all", "from"):
            two = {"look": pure(m(harm=9)), "fine": pure(m(harm=0)), "done": done}
            yield row(f"harm by one tool, none by another ({form})", False, both, two, call("look", "fine", parallel=True), call("done"), **broken)
    event: Fields = {**COMMON, "kind": "event", "event": "fire"}
    fire = pure(m(None, {"name": "fire"}), m())
    yield row("an event of harm, then quiet", False, [event, GOAL], {"look": fire, "done": done}, call("look"), call("done"), reason="guard_broken")
    yield row("an event of harm in the operator's script", False, [event, GOAL], {"done": done}, script(), call("done"), scripts={"s": (Step(events=({"name": "fire"},), calls=(("done", {}),)), calls())}, reason="guard_broken")
    yield row("an event of another name", True, [event, GOAL], {"look": pure(m(None, {"name": "smoke"}, n=1))}, call("look"))
    danger = {"rm": changing(), "done": done}
    yield row("a call that must never succeed", False, [did("rm", abort_when_met=True, required=False), GOAL], danger, call("rm", "done"), reason="guard_broken")
    yield row("a call that must never succeed failed", True, [did("rm", abort_when_met=True, required=False), GOAL], {**danger, "rm": changing("unsafe", [lost("failed", "tool_error")])}, call("rm"), call("done"))
    yield row("a call that may succeed once", True, [did("rm", 2, abort_when_met=True, required=False), GOAL], danger, call("rm", "done"))
    yield row("the operator's script reports harm", False, [harm(), GOAL], {"done": done}, script(), scripts={"s": (calls("done", harm=1), calls(harm=0))}, reason="guard_broken")
    trend: Fields = {**COMMON, "kind": "metric_trend", "metric": "harm", "direction": "increasing", "min_points": 3}
    yield row("harm that rises", False, [trend, did("look", 3)], {"look": pure(m(harm=1), m(harm=2), m(harm=3))}, *([call("look")] * 3), reason="guard_broken")
    yield row("harm that falls", True, [trend, did("look", 3)], {"look": pure(m(harm=3), m(harm=2), m(harm=1))}, *([call("look")] * 3))
    for count in (1, 3):  # one look at a time, or all within one iteration
        plan = [call(*["look"] * count)] * (3 // count)
        yield row(f"harm that rises, {count} looks an iteration", False, [trend, did("look", 3)], {"look": harms(1, 2, 3)}, *plan, reason="guard_broken")
        yield row(f"harm that rises and falls again, {count} looks an iteration", False, [trend, did("look", 5)], {"look": harms(1, 2, 3, 2, 0)}, *plan, call("look", "look"), reason="guard_broken")
        yield row(f"harm that falls, {count} looks an iteration", True, [trend, did("look", 3)], {"look": harms(3, 2, 1)}, *plan)
    for form, condition in {**CONDITIONS, "a trend": {**trend, "min_points": 2}}.items():
        if form != "from":
            told: dict[str, Any] = {"scripts": {"s": (again({"harm": 1}, {"harm": 9}, {"harm": 0}), )}, "reason": "guard_broken"}
            yield row(f"the operator's script reports harm, and then none ({form})", False, [condition, GOAL], {"done": done}, script(), call("done"), **told)
            fine = {"scripts": {"s": (again({"harm": 0}, {"harm": 0}, {"harm": -1}),)}}
            yield row(f"the operator's script reports three times, and no harm ({form})", True, [condition, GOAL], {"done": done}, script(), call("done"), **fine)
    held = [harm(hold_for=2), did("look", 4)]
    yield row("harm twice in a row", False, held, {"look": harms(0, 1, 1, 0)}, *([call("look")] * 4), reason="guard_broken")
    yield row("harm twice in a row within one iteration", False, held, {"look": harms(1, 1, 0, 0)}, call("look", "look", "look", "look"), reason="guard_broken")
    yield row("harm twice, but not in a row", True, held, {"look": harms(1, 0, 1, 0)}, *([call("look")] * 4))
    yield row("harm once within one iteration", True, held, {"look": harms(0, 1, 0, 0)}, call("look", "look", "look", "look"))
    yield row("two optional harms, the second strikes", False, [harm(), harm(id="more", metric="pain"), GOAL], {"look": pure(m(harm=0, pain=1, n=1))}, call("look"), reason="guard_broken")


def _unresolved() -> Iterator[Row]:
    """Whatever an alarm cannot tell must not keep it silent about what it can."""
    broken = {"reason": "guard_broken"}
    harmful = {**COMMON, "kind": "predicate"}

    def alarm(expression: str) -> Fields:
        return {**harmful, "expression": expression}

    two: dict[str, Tool] = {"look": pure(m(harm=9, pain=0)), "say": pure(m(harm=1, pain=9)), "done": pure(m(n=1))}
    both = alarm("obs['metrics']['harm'] > 5 and obs['metrics']['pain'] > 5")
    yield row("two names, each told of by two tools, broken by one value of each", False, [both, GOAL], two, call("look", "say", "done"), **broken)
    calm = {**two, "say": pure(m(harm=1, pain=2))}
    yield row("two names, each told of by two tools, broken by no choice of values", True, [both, GOAL], calm, call("look", "say", "done"))
    every = alarm("any(v > 5 for v in obs['metrics'].values())")
    yield row("any value of two tools", False, [every, GOAL], two, call("look", "say", "done"), **broken)
    one: dict[str, Tool] = {"look": pure(m(harm=9)), "done": pure(m(n=1))}
    for name, expression in {
        "plain": "obs['metrics']['harm'] > 5 or obs['metrics']['pain'] > 5",
        "by get": "obs['metrics'].get('pain', 0) > 5 or obs['metrics'].get('harm', 0) > 5",
        "three": "obs['metrics']['pain'] > 5 or obs['metrics']['other'] > 5 or obs['metrics']['harm'] > 5",
    }.items():
        yield row(f"one of two conditions, the other's metric was never measured: {name}", False, [alarm(expression), GOAL], one, call("look", "done"), **broken)
        yield row(f"one of two conditions, neither of which holds: {name}", True, [alarm(expression), GOAL], {**one, "look": pure(m(harm=1))}, call("look", "done"))
    for digits in (308, 309, 400, 4000):
        huge: dict[str, Tool] = {"look": pure(m(harm=str(10**digits))), "done": pure(m(n=1))}
        yield row(f"a number of {digits} digits in an expression", False, [alarm("obs['metrics']['harm'] > 5"), GOAL], huge, call("look", "done"), **broken)
        yield row(f"a number of {digits} digits", False, [{**COMMON, "kind": "metric_threshold", "metric": "harm", "op": ">", "target": 5}, GOAL], huge, call("look", "done"), **broken)
    held: Fields = {**COMMON, "kind": "metric_threshold", "metric": "harm", "op": ">", "target": 5, "hold_for": 3, "probe": {"tool": "look"}}
    yield row("a probed condition that has begun to hold", False, [held, GOAL], {"look": pure(m(harm=9)), "done": pure(m(n=1))}, call("done"), **broken)
    yield row("a probed condition that began to hold and stopped", True, [held, GOAL], {"look": pure(m(harm=9), m(harm=0)), "done": pure(m(n=1))}, call("done"), call("done"))


def _interrupted() -> Iterator[Row]:
    """What two measurements say together is said also where a kill or a pause lies between them; a change excuses it."""
    two: dict[str, Tool] = {"look": pure(m(harm=9)), "say": pure(m(pain=9)), "act": changing(), "done": pure(m(n=1))}
    fine: dict[str, Tool] = {**two, "say": pure(m(pain=0))}
    pain: Fields = {**harm(id="pain", metric="pain")}
    members = [{key: value for key, value in one.items() if key not in ("abort_when_met", "required")} for one in (harm(), pain)]
    alarms: dict[str, Fields] = {
        "predicate": {**COMMON, "kind": "predicate", "expression": "obs['metrics']['harm'] > 5 and obs['metrics']['pain'] > 5"},
        "group": {**COMMON, "kind": "all_of", "criteria": [{**one, "id": f"{one['id']}_in"} for one in members]},
        "group with sources": {**COMMON, "kind": "all_of", "criteria": [{**one, "id": f"{one['id']}_in", "from": tool} for one, tool in zip(members, ("look", "say"), strict=True)]},
        "sum": {**COMMON, "kind": "predicate", "expression": "obs['metrics']['harm'] + obs['metrics']['pain'] > 15"},
    }  # fmt: skip
    for form, alarm in alarms.items():
        for name, happens in {"a pause": PAUSE, "a crash": CRASH, "both": CRASH + PAUSE}.items():
            for place in ("Settled:1", "Decided:1", "Proposed:2", "Decided:2", "Intended:3"):
                then: dict[str, Any] = {"then": {place: happens}}
                steps = (call("look"), call("done"), call("say"))
                yield row(f"{name} at {place} between two parts of harm ({form})", False, [alarm, did("say")], two, *steps, reason="guard_broken", **then)
                yield row(f"{name} at {place} between harm and none ({form})", True, [alarm, did("say")], fine, *steps, **then)
        yield row(f"a change between two parts of harm ({form})", True, [alarm, did("say")], two, call("look"), call("act"), call("say"))
        yield row(f"a change and a crash between two parts of harm ({form})", True, [alarm, did("say")], two, call("look"), call("act"), call("say"), then={"Decided:2": CRASH})


def _grouped() -> Iterator[Row]:
    """Members of a group that must never become met are alarms too: anybody's values count, and its probes must answer."""
    done, act, broken = pure(m(n=1)), changing("unsafe", [m(n=1)]), {"reason": "guard_broken"}
    trend: Fields = {"kind": "metric_trend", "metric": "harm", "direction": "increasing", "window": 3, "min_points": 3}
    forms = {
        **{form: condition for form, condition in CONDITIONS.items() if form != "from"},
        "a hold": harm(hold_for=2),
        "a trend": trend,
    }
    for form, condition in forms.items():
        member = {key: value for key, value in condition.items() if key not in COMMON} | {"id": "inner"}
        many = ["look", "say"] * 3
        tools = {"look": tells(7, 8, 9), "say": tells(0), "act": act, "done": done}
        for kind in ("all_of", "any_of"):
            alarm: Fields = {**COMMON, "kind": kind, "criteria": [member]}
            nested: Fields = {**COMMON, "kind": "any_of", "criteria": [{"id": "middle", "kind": kind, "criteria": [member]}]}
            for name, one in {"a group": alarm, "a group in a group": nested}.items():
                yield row(f"{name} of harm by one of two tools ({kind}, {form})", False, [one, GOAL], tools, call(*many, "act"), **broken)
                yield row(f"{name} of no harm by two tools ({kind}, {form})", True, [one, GOAL], {**tools, "look": tells(-1)}, call(*many, "act"))
    pain = at_least(5, id="pain", metric="pain")
    both: Fields = {**COMMON, "kind": "all_of", "criteria": [at_least(5, id="inner", metric="harm"), pain]}
    three = {"look": tells(9), "say": tells(0), "hurt": pure(m(pain=9)), "act": act}
    yield row("a group whose members two tools tell of", False, [both, GOAL], three, call("look", "say", "hurt", "act"), **broken)
    script_tells: dict[str, Any] = {"scripts": {"s": (calls("look"), calls("hurt", harm=0), calls("act"), calls())}}
    yield row("a group of harm by a tool, none by the script", False, [both, GOAL], three, script(), **script_tells, **broken)
    for form, alarm in {"alone": {**pain, **COMMON}, "its trend": {**COMMON, "kind": "metric_trend", "metric": "pain", "direction": "flat", "min_points": 2}}.items():
        yield row(f"harm of another name than the one that two tools tell of ({form})", False, [alarm, GOAL], three, call("look", "say", "hurt", "hurt", "act"), **broken)
    lost_probe = {"look": tells(0), "hurt": pure(lost("failed", "tool_error")), "done": done}
    for kind in ("all_of", "any_of"):
        probed = [at_least(5, id="inner", metric="harm", probe={"tool": "look"}), {**pain, "probe": {"tool": "hurt"}}]
        asks: Fields = {**COMMON, "kind": kind, "criteria": probed}
        fine = {**lost_probe, "hurt": pure(m(pain=0))}
        yield row(f"a group of probes that all answer ({kind})", True, [asks, GOAL], fine, call("done"))
        told = kind == "all_of"  # one member that is not met is enough to know
        yield row(f"a group of probes one of which fails ({kind})", told, [asks, GOAL], lost_probe, call("done"))


def _several_voices() -> Iterator[Row]:
    """Alarms count from anybody, unless `from` or `probe` says whose."""
    done, broken = pure(m(n=1)), {"reason": "guard_broken"}
    for form, condition in CONDITIONS.items():
        if form == "from":
            continue
        both = [condition, GOAL]
        tools = {"look": tells(0), "say": tells(9), "done": done}
        for plan in ([call("look", "say")], [call("say", "look")], [call("look", "say", parallel=True)], [call("look"), call("say")]):
            order = "; ".join(" ".join(one["tool"] for one in step["calls"]) + (" at once" if "parallel" in step else "") for step in plan)
            yield row(f"harm by one of two tools ({form}; {order})", False, both, tools, *plan, call("done"), **broken)
        yield row(f"harm by one of two tools that the mission does not ask ({form})", True, [{**condition, "from": "look"}, GOAL], tools, call("look", "say", "done"))
        yield row(f"no harm by two tools ({form})", True, both, {**tools, "say": tells(-1)}, call("look", "say", "done"))
        yield row(f"harm by a tool, none by the operator's script ({form})", False, both, tools, script(), call("say", "done"), scripts={"s": (again({"harm": 0}),)}, **broken)
        yield row(f"harm by the operator's script, none by a tool ({form})", False, both, tools, call("look"), script(), call("done"), scripts={"s": (again({"harm": 9}),)}, **broken)
        probes = [{"tool": "look"}, {"tool": "say"}]
        yield row(f"two probes, one of which tells of harm ({form})", False, [{**condition, "probe": probes}, GOAL], tools, call("done"), **broken)
        yield row(f"two probes, neither of which tells of harm ({form})", True, [{**condition, "probe": probes}, GOAL], {**tools, "say": tells(-1)}, call("done"))
    together: Fields = {**COMMON, "kind": "predicate", "expression": "obs['metrics']['harm'] > 5 and obs['metrics']['pain'] > 5"}
    tools = {"look": pure(m(harm=9, pain=0), m(harm=9, pain=9)), "say": pure(m(harm=0, pain=0)), "done": done}
    yield row("one of two tools meets it by two names", False, [together, GOAL], tools, call("look", "say"), call("look"), call("done"), **broken)
    later: Fields = {**COMMON, "kind": "predicate", "expression": "obs['metrics']['harm'] > 5 and obs['counts']['done'] > 0"}
    two = {"look": tells(9), "say": tells(0), "done": done}
    yield row("what one tool told is met later by a fact", False, [later, GOAL], two, call("look", "say"), call("done"), **broken)
    dotted = harm(metric="a.b")
    for name, (one, other) in {"nested": (m(a={"b": 9}), m(**{"a.b": 0})), "dotted": (m(a={"b": 0}), m(**{"a.b": 9}))}.items():
        yield row(f"harm under a path that another tool reports too ({name})", False, [dotted, GOAL], {"look": pure(one), "say": pure(other), "done": done}, call("say", "look"), call("done"), **broken)
    trend: Fields = {**COMMON, "kind": "metric_trend", "metric": "harm", "direction": "increasing", "min_points": 3}
    yield row("harm that rises, between looks of another tool", False, [trend, did("look", 3)], {"look": tells(1, 2, 3), "say": tells(0)}, *([call("look", "say")] * 3), **broken)
    fire: Fields = {**COMMON, "kind": "event", "event": "fire"}
    burning = pure(m(None, {"name": "fire"}))
    yield row("an event of harm by two tools", False, [fire, GOAL], {"look": burning, "say": burning, "done": done}, call("look", "say", parallel=True), call("done"), **broken)
    yield row("harm twice in a row by one tool, none by another between", False, [harm(hold_for=2), did("look", 4)], {"look": tells(0, 9, 9, 0), "say": tells(0)}, call(*["look", "say"] * 4), **broken)


def _never_blocking() -> Iterator[Row]:
    done = pure(m(n=1))
    replies: dict[str, Reply] = {"was never measured": m(n=1), "is text": m(harm="much", n=1), "is a truth": m(harm=True, n=1), "is null": m(harm=None, n=1), "is a list": m(harm=[1], n=1)}
    for name, reply in replies.items():
        yield row(f"harm that {name} does not block", True, [harm(), GOAL], {"look": pure(reply)}, call("look"))
        yield row(f"required harm that {name} does not block", True, [harm(required=True), GOAL], {"look": pure(reply)}, call("look"))
    yield row("harm that is stale does not block", True, [harm(), GOAL], {"look": pure(m(harm=0)), "act": changing("unsafe", [m(n=1)])}, call("look", "act"))
    yield row("harm that only another tool tells of", True, [harm(**{"from": "look"}), GOAL], {"say": pure(m(harm=1, n=1))}, call("say"))
    for name, value in {"a number": "1", "text": "'yes'", "a list": "[1]", "nothing": "None", "a count": "sum([1])"}.items():
        condition: Fields = {**COMMON, "kind": "predicate", "expression": f"{value} if obs['metrics']['n'] else 0"}
        yield row(f"a predicate that gives {name} does not abort", True, [condition, GOAL], {"done": done}, call("done"))
    advised: dict[str, Any] = {"advice": {0: script()}, "more": {"scripts": "allowed"}}
    yield row("an advisor's script tells of harm", True, [harm(), GOAL], {"done": done}, call("done"), scripts={"s": (calls("done", harm=1), calls(harm=1))}, **advised)
    yield row("a call of an advisor's script finds harm", False, [harm(), GOAL], {"look": harms(1, 0), "done": done}, call("done"), scripts={"s": (calls("look"), calls("done"), calls())}, reason="guard_broken", **advised)


def _probed() -> Iterator[Row]:
    guarded = harm(probe={"tool": "check"})
    done, idle = pure(m(n=1)), pure(m())
    for name, (check, completes, reason) in {
        "says no harm": (pure(m(harm=0)), True, ""),
        "says harm": (pure(m(harm=1)), False, "guard_broken"),
        "fails": (pure(lost("failed", "tool_error")), False, ""),
        "tells nothing": (pure(m()), False, ""),
        "tells text": (pure(m(harm="no")), False, ""),
        "said no harm, then fails": (pure(m(harm=0), lost("failed", "tool_error")), False, ""),
        "said no harm, then tells nothing": (pure(m(harm=0), m()), False, ""),
        "said no harm, then says harm": (pure(m(harm=0), m(harm=1)), False, "guard_broken"),
    }.items():
        tools = {"check": check, "done": done, "idle": idle}
        plan = [call("idle"), call("done")] if "then" in name else [call("done")]
        yield row(f"the probe of an abort condition {name}", completes, [guarded, GOAL], tools, *plan, reason=reason)
        required = harm(probe={"tool": "check"}, required=True)
        yield row(f"the probe of a required abort condition {name}", completes, [required, GOAL], tools, *plan, reason=reason)
    yield row("a call tells of harm, the probe does not", True, [guarded, GOAL], {"check": pure(m(harm=0)), "done": pure(m(n=1, harm=1))}, call("done"))
    yield row("a call tells of no harm, the probe fails", False, [guarded, GOAL], {"check": pure(lost("failed", "tool_error")), "done": pure(m(n=1, harm=0))}, call("done"))
    slow: dict[str, Any] = {"more": {"cadence": {"every_iterations": 2}}}
    yield row("no harm at the checkpoint, harm at completion", False, [guarded, GOAL], {"check": pure(m(harm=0), m(harm=1)), "done": done, "idle": idle}, call("idle"), call("idle"), call("done"), **slow)


def _checked() -> Iterator[Row]:
    """The engine's own check of an abort condition is made before completion, whatever the cadence skips."""
    checks: dict[str, Fields] = {
        "artifact": {"id": "stop", "kind": "artifact", "path": "stop", "abort_when_met": True},
        "command": {"id": "stop", "kind": "command", "run": ["stop"], "path": ".", "abort_when_met": True},
    }
    sparse: dict[str, dict[str, Any]] = {
        "each iteration": {},
        "every fifth iteration": {"more": {"cadence": {"every_iterations": 5}}},
        "on an event": {"more": {"cadence": {"on_event": "tick"}}},
    }
    tools = {"done": pure(m(n=1)), "idle": pure(m())}
    for kind, stop in checks.items():
        for when, more in sparse.items():
            for found, completes, reason in ((True, False, "guard_broken"), (False, True, ""), (None, False, "")):
                yield row(f"the {kind} of an abort condition is {found}, checked {when}", completes, [stop, GOAL], tools, call("idle"), call("done"), checks={"stop": [found]}, reason=reason, **more)
            member = {**group("any_of", {key: value for key, value in stop.items() if key != "abort_when_met"}, {"id": "never", "kind": "event", "event": "never"}), "abort_when_met": True}
            yield row(f"the {kind} in a group, checked {when}", False, [member, GOAL], tools, call("done"), checks={"stop": [True]}, **more)
        held = {**stop, "hold_for": 2}
        yield row(f"the {kind} has begun to hold", False, [held, GOAL], tools, call("done"), checks={"stop": [True]}, reason="guard_broken")


def _refused() -> Iterator[Row]:
    """An abort condition in a group has no meaning; the file is refused."""
    for kind in ("all_of", "any_of"):
        yield row(f"an abort condition in {kind}", False, [group(kind, harm(), GOAL)], {"look": harms(0, n=1)}, call("look"), reason="refused")
        inner: Fields = {"id": "inner", "kind": "any_of", "criteria": [harm()]}
        yield row(f"an abort condition two groups deep in {kind}", False, [group(kind, inner, GOAL)], {"look": harms(0, n=1)}, call("look"), reason="refused")
    yield row("nothing but an abort condition", False, [harm(required=True)], {"look": harms(0)}, call("look"), reason="refused")
