"""Rule 4: `hold_for` counts measurements in a row, each once, under equal arguments, so far apart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.evidence.row_builders import (
    again,
    at_least,
    by_env,
    call,
    calls,
    changing,
    did,
    group,
    lost,
    m,
    n,
    pure,
    script,
    when,
)
from tests.evidence.scenario import PAUSE, Fields, Row, Tool

RULE = "4 holding"
FORMS: dict[str, Fields] = {"threshold": at_least(), "predicate": when("obs['metrics']['n'] >= 1"), "any over all": when("any(v >= 1 for v in obs['metrics'].values())"), "from": at_least(**{"from": "look"})}
IDLE = pure(m())


def row(
    name: str,
    completes: bool,  # noqa: FBT001  # a column of the table
    criteria: list[Fields],
    tools: dict[str, Tool],
    *plan: Fields,
    **more: Any,
) -> Row:
    """A row about holding."""
    return Row(name=name, rule=RULE, completes=completes, criteria=criteria, tools={"idle": IDLE, **tools}, plan=plan, **more)


def only(count: int, iterations: int = 6) -> dict[str, Any]:
    """A budget of so many calls, so that nothing is measured beyond the plan."""
    return {"budget": {"iterations": iterations, "tool_calls": count}}


def rows() -> Iterator[Row]:
    """The rows."""
    yield from _in_a_row()
    yield from _arguments()
    yield from _apart()
    yield from _probed()
    yield from _groups()


def _in_a_row() -> Iterator[Row]:
    look = call("look")
    for form, criterion in FORMS.items():
        three = [{**criterion, "hold_for": 3}]
        yield row(f"two of three ({form})", False, three, {"look": pure(*n(1))}, look, look, more=only(2))
        yield row(f"three of three ({form})", True, three, {"look": pure(*n(1))}, look, look, look, more=only(3))
        yield row(f"three within one iteration ({form})", True, three, {"look": pure(*n(1))}, call("look", "look", "look"), more=only(3))
        yield row(f"one measurement and three judgements ({form})", False, three, {"look": pure(*n(1))}, look, call("idle"), call("idle"), more=only(3))
        yield row(f"a bad one between ({form})", False, three, {"look": pure(*n(1, 1, 0, 1))}, *([look] * 4), more=only(4))
        yield row(f"a bad one between, within one iteration ({form})", False, three, {"look": pure(*n(1, 1, 0, 1))}, call("look", "look", "look", "look"), more=only(4))
        yield row(f"every second is bad, and it is repeated for ever ({form})", False, three, {"look": pure(*n(*[1, 0] * 20))}, *([look] * 9), more={"budget": {"iterations": 9}})
        yield row(f"bad ones first ({form})", True, three, {"look": pure(*n(0, 0, 1, 1, 1))}, *([look] * 5), more=only(5))
        yield row(f"bad ones first, within one iteration ({form})", True, three, {"look": pure(*n(0, 1, 1, 1))}, call("look", "look", "look", "look"), more=only(4))
        yield row(f"a silent look between ({form})", True, [{**criterion, "hold_for": 2}], {"look": pure(m(n=1), m(k=0), m(n=1))}, look, look, look, more=only(3))
        changed = {"look": pure(*n(1)), "act": changing()}
        yield row(f"a change between does not undo it ({form})", True, [{**criterion, "hold_for": 2}], changed, look, call("act", "look"), more=only(3))
        yield row(f"a change between, and the next is bad ({form})", False, [{**criterion, "hold_for": 2}], {**changed, "look": pure(*n(1, 0))}, look, call("act", "look"), more=only(3))
        yield row(f"a change behind it does not stand for a third ({form})", False, three, changed, look, look, call("act"), more=only(3))
        yield row(f"a pause between is no measurement ({form})", False, three, changed, look, look, then={"Decided:1": PAUSE}, more=only(2))
        yield row(f"a pause between does not undo it ({form})", True, [{**criterion, "hold_for": 2}], changed, look, look, then={"Decided:1": PAUSE}, more=only(2))
    two = [at_least(hold_for=2)]
    yield row("a look and the change it stands beside", False, two, {"look": pure(*n(1)), "act": changing()}, call("look", "act", parallel=True), look, more=only(3))
    yield row("measured by a script, twice", True, two, {"look": pure(*n(1))}, script(), scripts={"s": (calls("look"), calls("look"), calls())}, more=only(2))
    yield row("measured by a script, bad between", False, [at_least(hold_for=3)], {"look": pure(*n(1, 0, 1))}, script(), scripts={"s": (calls("look"), calls("look"), calls("look"), calls())}, more=only(3))
    yield row("the held one is met, the next measurement is bad", False, [at_least(hold_for=2), did("idle")], {"look": pure(*n(1, 1, 0))}, look, look, look, call("idle"), more=only(4))
    yield row("held once and kept", True, [at_least(hold_for=2), did("idle")], {"look": pure(*n(1))}, look, look, call("idle"), more=only(3))
    yield row("a failed look between proves nothing", False, [at_least(hold_for=3)], {"look": pure(m(n=1), lost("failed", "tool_error"), m(n=1))}, look, look, look, more=only(3))
    trend: Fields = {"id": "goal", "kind": "metric_trend", "metric": "n", "direction": "increasing", "min_points": 2, "window": 2, "hold_for": 2}
    yield row("a trend held twice", True, [trend], {"look": pure(*n(1, 2, 3))}, look, look, look, more=only(3))
    yield row("a trend held once", False, [trend], {"look": pure(*n(1, 2))}, look, look, call("idle"), call("idle"), more=only(4))
    yield row("a trend held twice within one iteration", True, [trend], {"look": pure(*n(1, 2, 3))}, call("look", "look", "look"), more=only(3))
    yield row("a report of the operator's script, twice in one step", True, two, {}, script(), scripts={"s": (again({"n": 1}, {"n": 1}),)})
    yield row("a report of the operator's script, and the opposite between", False, [at_least(hold_for=3)], {}, script(), scripts={"s": (again({"n": 1}, {"n": 1}, {"n": 0}, {"n": 1}),)})
    yield row("two names of one report are one measurement", False, [when("obs['metrics']['n'] >= 1 and obs['metrics']['k'] >= 1", hold_for=2)], {}, script(), scripts={"s": (again({"n": 1, "k": 1}),)})
    yield row("a trend broken in between", False, [trend], {"look": pure(*n(1, 2, 1, 2))}, *([look] * 4), more=only(4))


def _arguments() -> Iterator[Row]:
    prod: tuple[str, Fields] = ("look", {"env": "prod"})
    staging: tuple[str, Fields] = ("look", {"env": "staging"})
    good = {"look": by_env(prod=n(1), staging=n(1))}
    two = [at_least(hold_for=2)]
    yield row("two measurements under two arguments", False, two, good, call(prod), call(staging), more=only(2))
    yield row("two measurements under two arguments, within one iteration", False, two, good, call(prod, staging), more=only(2))
    yield row("arguments that come and go", False, two, good, call(prod), call(staging), call(prod), call(staging), more=only(4))
    yield row("the same arguments twice at last", True, two, good, call(prod), call(staging), call(staging), more=only(3))
    yield row("one argument more", False, two, {"look": pure(*n(1))}, call("look"), call(("look", {"deep": True})), more=only(2))
    yield row("true and 1", False, two, {"look": pure(*n(1))}, call(("look", {"k": 1})), call(("look", {"k": True})), more=only(2))
    named = [at_least(hold_for=2, **{"from": {"tool": "look", "args": {"env": "prod"}}})]
    yield row("others asked in between do not count", True, named, {"look": by_env(prod=n(1), staging=n(0))}, call(prod), call(staging), call(prod), more=only(3))
    yield row("others asked in between do not stand in", False, named, good, call(prod), call(staging), call(staging), more=only(3))
    sources = [at_least(hold_for=2, **{"from": ["look", "say"]})]
    yield row("two tools, one measurement each", False, sources, {"look": pure(*n(1)), "say": pure(*n(1))}, call("look"), call("say"), more=only(2))


def _apart() -> Iterator[Row]:
    look = call("look")
    for name, every, plan, completes in (
        ("closer than wanted", 1000, [look] * 5, False),
        ("far enough", 1, [look] * 3, True),
        ("within one iteration", 1000, [call("look", "look", "look")], False),
        ("after a sleep", 50, [{**look, "sleep_s": 60}, {**look, "sleep_s": 60}, look], True),
        ("after too short a sleep", 500, [{**look, "sleep_s": 60}, {**look, "sleep_s": 60}, look], False),
    ):
        criteria = [at_least(hold_for=2, hold_every_s=every)]
        yield row(f"measurements {name}", completes, criteria, {"look": pure(*n(1))}, *plan, more=only(len(plan) + 2 if len(plan) == 1 else len(plan)))
    bad = [at_least(hold_for=2, hold_every_s=50)]
    yield row("a bad one between two that are far enough apart", False, bad, {"look": pure(*n(1, 0, 1))}, look, {**look, "sleep_s": 60}, look, more=only(3))


def _probed() -> Iterator[Row]:
    check: Fields = {"tool": "check", "args": {}}
    for form, criterion in {"threshold": at_least(probe=check), "predicate": when("obs['metrics']['n'] >= 1", probe=check)}.items():
        three = [{**criterion, "hold_for": 3}]
        idle = call("idle")
        yield row(f"the probe, twice of three times ({form})", False, three, {"check": pure(*n(1))}, idle, idle, more={"budget": {"iterations": 2}})
        yield row(f"the probe, three times ({form})", True, three, {"check": pure(*n(1))}, idle, idle, idle, more={"budget": {"iterations": 3}})
        yield row(f"the probe, bad in between ({form})", False, three, {"check": pure(*n(1, 1, 0, 1, 1, 0))}, *([idle] * 5), more={"budget": {"iterations": 5}})
        yield row(f"the probe fails in between, which is no measurement ({form})", True, three, {"check": pure(m(n=1), m(n=1), lost("failed", "tool_error"), m(n=1), m(n=1))}, *([idle] * 5), more={"budget": {"iterations": 5}})
        yield row(f"the probe's call in the plan does not count ({form})", False, three, {"check": pure(*n(1))}, call("check"), call("check"), more={"budget": {"iterations": 2}})
        yield row(f"the plan is long and the probe comes in time ({form})", True, three, {"check": pure(*n(1))}, *([idle] * 6))


def _groups() -> Iterator[Row]:
    look = call("look")
    held, done = at_least(hold_for=2), at_least(1, "k")
    for kind in ("all_of", "any_of"):
        alone = [group(kind, held)]
        yield row(f"a member of {kind} held once", False, alone, {"look": pure(*n(1))}, look, more=only(1))
        yield row(f"a member of {kind} held twice", True, alone, {"look": pure(*n(1))}, look, look, more=only(2))
        yield row(f"a member of {kind}, bad in between", False, alone, {"look": pure(*n(1, 0, 1))}, call("look", "look", "look"), more=only(3))
        yield row(f"a member of {kind}, within one iteration", True, alone, {"look": pure(*n(1))}, call("look", "look"), more=only(2))
    yield row("one member holds, the other never does", False, [group("all_of", held, done)], {"look": pure(*n(1))}, look, look, more=only(2))
    yield row("one member holds once, the other is met", True, [group("any_of", held, done)], {"look": pure(m(n=1, k=1))}, look, more=only(1))
    yield row("both members are met, each at another time", False, [group("all_of", at_least(1, "n"), at_least(1, "k"))], {"look": pure(m(n=1, k=0), m(n=0, k=1))}, look, look, more=only(2))
    yield row("the other member of any_of comes and goes", False, [group("any_of", at_least(1, "n"), at_least(1, "k"), hold_for=2), did("idle")], {"look": pure(m(n=1, k=0), m(n=0, k=0))}, look, look, call("idle"), more=only(3))
    inner: Fields = {"id": "inner", "kind": "all_of", "criteria": [{**held, "id": "deep"}]}
    yield row("held once, two groups deep", False, [group("any_of", inner)], {"look": pure(*n(1))}, look, more=only(1))
    yield row("held twice, two groups deep", True, [group("any_of", inner)], {"look": pure(*n(1))}, look, look, more=only(2))
