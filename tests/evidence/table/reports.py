"""Who may report: the operator's script as of its report; an advisor's script never, but the calls it made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.evidence.row_builders import at_least, call, calls, changing, did, event, group, m, n, pure, script, when
from tests.evidence.scenario import CRASH, PAUSE, Fields, Row, Step, Tool

RULE = "producers"
FORMS: dict[str, Fields] = {
    "threshold": at_least(),
    "predicate": when("obs['metrics']['n'] >= 1"),
    "any over all": when("any(v >= 1 for v in obs['metrics'].values())"),
    "get": when("obs['metrics'].get('n', 0) >= 1"),
    "from script": at_least(**{"from": "script"}),
    "full path": at_least(metric="metrics.n"),
    "all_of": group("all_of", at_least()),
    "any_of": group("any_of", at_least()),
}


def row(
    name: str,
    completes: bool,  # noqa: FBT001  # a column of the table
    criteria: list[Fields],
    tools: dict[str, Tool],
    *plan: Fields,
    **more: Any,
) -> Row:
    """A row about scripts."""
    tools = {"idle": pure(m()), "act": changing(), **tools}
    return Row(name=name, rule=RULE, completes=completes, criteria=criteria, tools=tools, plan=plan, **more)


def rows() -> Iterator[Row]:
    """The rows."""
    yield from _operator()
    yield from _advisor()


def _operator() -> Iterator[Row]:
    for form, criterion in FORMS.items():
        for name, (steps, done) in {
            "reports at its end": ((calls(n=1),), True),
            "reports behind its change": ((calls("act"), calls(n=1)), True),
            "reports before its change": ((calls("act", n=1), calls()), False),
            "reports between two changes": ((calls("act"), calls("act", n=1), calls()), False),
            "reports before it looks": ((calls("idle", n=1), calls()), True),
            "reports, changes, and reports the opposite": ((calls("act", n=1), calls(n=0)), False),
            "reports the opposite first": ((calls("idle", n=0), calls(n=1)), True),
            "reports another name": ((calls(k=1),), False),
        }.items():
            if name == "reports another name" and form == "any over all":
                continue  # any name is what it asks for
            yield row(f"the operator's script {name} ({form})", done, [criterion], {}, script(), scripts={"s": steps})
        for name, happens in {"a pause": PAUSE, "a crash": CRASH}.items():
            yield row(f"{name} behind its report of what it changed ({form})", False, [criterion], {}, script(), scripts={"s": (calls("act"), calls(n=1))}, then={"ScriptAdvanced:2": happens})
            yield row(f"{name} behind its report, for which it looks again ({form})", True, [criterion], {}, script(), scripts={"s": (calls("idle"), calls(n=1))}, then={"ScriptAdvanced:2": happens})
        yield row(f"a change in the iteration behind ({form})", False, [criterion, did("act")], {}, script(), call("act"), scripts={"s": (calls(n=1),)})
    told = Step(events=({"name": "ok"},))
    yield row("the operator's script has an event", True, [event()], {}, script(), scripts={"s": (told,)})
    yield row("the operator's script had an event an iteration ago", False, [event(), did("idle")], {}, script(), call("idle"), scripts={"s": (told,)})
    yield row("its report is no call", False, [did("look")], {}, script(), scripts={"s": (calls(look=1, n=1),)})


def _advisor() -> Iterator[Row]:
    advised: dict[str, Any] = {"advice": {0: script()}, "more": {"scripts": "allowed"}}
    for form, criterion in FORMS.items():
        for name, steps in {"reports at its end": (calls(n=1),), "reports behind a look": (calls("idle"), calls(n=1)), "reports behind its change": (calls("act"), calls(n=1)), "reports twice": (calls("idle", n=1), calls(n=1))}.items():
            yield row(f"an advisor's script {name} ({form})", False, [criterion], {}, call("idle"), scripts={"s": steps}, **advised)
        if form != "from script":
            yield row(f"a call of an advisor's script measures ({form})", True, [criterion], {"look": pure(*n(1))}, call("idle"), scripts={"s": (calls("look"), calls())}, **advised)
            yield row(f"a call of an advisor's script measures, and the script says otherwise ({form})", False, [criterion], {"look": pure(*n(0))}, call("idle"), scripts={"s": (calls("look"), calls(n=1))}, **advised)
            yield row(f"what an advisor's script says makes nothing ambiguous ({form})", True, [criterion], {"look": pure(*n(1))}, call("idle"), scripts={"s": (calls("look"), calls(n=0))}, **advised)
        else:
            yield row("a call of an advisor's script is no report of a script", False, [criterion], {"look": pure(*n(1))}, call("idle"), scripts={"s": (calls("look"), calls())}, **advised)
    told = Step(events=({"name": "ok"},))
    yield row("an advisor's script has an event", False, [event()], {}, call("idle"), scripts={"s": (told,)}, **advised)
    yield row("a call of an advisor's script has an event", True, [event()], {"look": pure(m(None, {"name": "ok"}))}, call("idle"), scripts={"s": (calls("look"), calls())}, **advised)
    yield row("an advisor's script reads its own event", False, [when("any(e['name'] == 'ok' for e in obs['events'])")], {}, call("idle"), scripts={"s": (told,)}, **advised)
    yield row("an advisor's trend", False, [{"id": "goal", "kind": "metric_trend", "metric": "n", "direction": "increasing", "min_points": 2}], {}, call("idle"), scripts={"s": (calls("idle", n=1), calls("idle", n=2), calls(n=3))}, **advised)
    yield row("an advisor's history", False, [when("obs['history']['n'][-1] >= 1")], {}, call("idle"), scripts={"s": (calls("idle", n=1), calls(n=1))}, **advised)
    yield row("an advisor's script fills a hold", False, [at_least(hold_for=2)], {"look": pure(*n(1))}, call("idle"), scripts={"s": (calls("look"), calls(n=1))}, advice={0: script()}, more={"scripts": "allowed", "budget": {"iterations": 6, "tool_calls": 1}})
    yield row("an advisor's calls in order measure", True, [at_least()], {"look": pure(*n(1))}, call("idle"), advice={0: call("look")})
    yield row("an advisor's changing call makes evidence stale", False, [at_least(), did("act")], {"look": pure(*n(1, 0))}, call("look"), call("idle"), advice={1: call("act")})
    yield row("an advisor's rationale is no evidence", False, [at_least()], {}, call("idle"), advice={0: call("idle", rationale='{"metrics": {"n": 1}}')})
