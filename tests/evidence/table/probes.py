"""Rule 1: a criterion with probes is judged by those very calls, made for this judgement, and by nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.evidence.row_builders import (
    at_least,
    by_env,
    call,
    calls,
    changing,
    did,
    event,
    group,
    lost,
    m,
    n,
    pure,
    script,
    when,
)
from tests.evidence.scenario import CRASH, PAUSE, Fields, Row, Tool

RULE = "1 probes"
CHECK: Fields = {"tool": "check", "args": {}}
PROBED: dict[str, Fields] = {
    "threshold": at_least(probe=CHECK),
    "predicate": when("obs['metrics']['n'] >= 1", probe=CHECK),
    "get": when("obs['metrics'].get('n', 1) >= 1", probe=CHECK),
    "any over all": when("any(v >= 1 for v in obs['metrics'].values())", probe=CHECK),
    "all_of": group("all_of", at_least(probe=CHECK)),
    "any_of": group("any_of", at_least(probe=CHECK)),
    "history": when("obs['history']['n'][-1] >= 1", probe=CHECK),
    "result": when("obs['tool_results'][-1]['value']['n'] >= 1", probe=CHECK),
}


def row(
    name: str,
    completes: bool,  # noqa: FBT001  # a column of the table
    criteria: list[Fields],
    tools: dict[str, Tool],
    *plan: Fields,
    **more: Any,
) -> Row:
    """A row about probes."""
    return Row(name=name, rule=RULE, completes=completes, criteria=criteria, tools=tools, plan=plan, **more)


def rows() -> Iterator[Row]:
    """The rows."""
    yield from _too_dear()
    yield from _by_nothing_else()
    yield from _arguments()
    yield from _lists()
    yield from _when()


def _by_nothing_else() -> Iterator[Row]:
    for form, criterion in PROBED.items():
        bad = pure(m({"n": 0}, n=0))
        good = pure(m({"n": 1}, n=1))
        say = pure(m({"n": 1}, n=1))
        no = pure(m({"n": 0}, n=0))
        yield row(f"a call says yes, the probe no ({form})", False, [criterion], {"say": say, "check": bad}, call("say"))
        if form != "result":
            yield row(f"a call says no, the probe yes ({form})", True, [criterion], {"say": no, "check": good}, call("say"))
        yield row(f"a call says yes, the probe fails ({form})", False, [criterion], {"say": say, "check": pure(lost("failed", "tool_error"))}, call("say"))
        yield row(f"a call says yes, the probe tells nothing ({form})", False, [criterion], {"say": say, "check": pure(m())}, call("say"))
        yield row(f"the probe's own call in the plan says yes, the probe no ({form})", False, [criterion], {"check": pure(m({"n": 1}, n=1), m({"n": 0}, n=0))}, call("check"))
        yield row(f"the probe's tool is asked for something else ({form})", False, [criterion], {"check": by_env(staging=[m({"n": 1}, n=1)], **{"": [m({"n": 0}, n=0)]})}, call(("check", {"env": "staging"})))
    for name, expression in {"the best": "max(obs['history']['n']) >= 1", "the first": "obs['history']['n'][0] >= 1"}.items():
        tools = {"say": pure(*n(1)), "check": pure(*n(0))}
        yield row(f"{name} of a history that others fill", False, [when(expression, probe=CHECK)], tools, call("say"), call("say"))
        yield row(f"{name} of a history of one source that others fill", False, [when(expression, **{"from": "check"})], tools, call("say"), call("check"))
    first = at_least(metric="history.n.0", probe=CHECK)
    yield row("a path into a history that others fill", False, [first], {"say": pure(*n(1)), "check": pure(*n(0))}, call("say"), call("say"))
    told: Fields = event(probe=CHECK)
    yield row("a call's event is no probe's", False, [told], {"say": pure(m(None, {"name": "ok"})), "check": pure(m())}, call("say"))
    yield row("the probe's event", True, [told], {"say": pure(m()), "check": pure(m(None, {"name": "ok"}))}, call("say"))
    yield row("the script's report is no probe's", False, [at_least(probe=CHECK)], {"check": pure(*n(0))}, script(), scripts={"s": (calls(n=1),)})
    yield row("the script calls what the probe calls", False, [at_least(probe=CHECK)], {"check": pure(*n(1, 0))}, script(), scripts={"s": (calls("check"), calls())})
    yield row("the predicate looks past its probe", False, [when("obs['metrics']['k'] == 1", probe=CHECK)], {"say": pure(m(k=1)), "check": pure(*n(1))}, call("say"))
    yield row("the predicate sees its probe's second metric", True, [when("obs['metrics']['k'] == 1", probe=CHECK)], {"say": pure(m(k=0)), "check": pure(m(n=0, k=1))}, call("say"))
    yield row("another criterion's probe under the same name", False, [at_least(probe=CHECK), at_least(0, id="b", probe={"tool": "say"})], {"say": pure(*n(1)), "check": pure(*n(0))}, call("say"))
    yield row("two criteria, two probes, one name", True, [at_least(probe=CHECK), at_least(5, id="b", probe={"tool": "say"})], {"say": pure(*n(7)), "check": pure(*n(1)), "idle": pure(m())}, call("idle"))
    yield row("a probe and a source that is not it", False, [at_least(probe=CHECK, **{"from": "say"})], {"say": pure(*n(1)), "check": pure(*n(1))}, call("say"))
    yield row("a probe that repeats to fill a count", False, [did("check", 2), at_least(probe=CHECK)], {"check": pure(*n(1)), "idle": pure(m())}, call("idle"), call("idle"))


def _arguments() -> Iterator[Row]:
    pairs: dict[str, tuple[Fields, Fields]] = {
        "another value": ({"env": "prod"}, {"env": "staging"}),
        "one argument less": ({"env": "prod", "deep": True}, {"env": "prod"}),
        "one argument more": ({"env": "prod"}, {"env": "prod", "deep": True}),
        "true for 1": ({"k": 1}, {"k": True}),
        "text for a number": ({"k": 1}, {"k": "1"}),
        "null for nothing": ({}, {"k": None}),
        "another order in a list": ({"k": [1, 2]}, {"k": [2, 1]}),
        "another depth": ({"k": {"a": 1}}, {"k": {"a": {"a": 1}}}),
        "another case": ({"env": "prod"}, {"env": "Prod"}),
        "a blank at the end": ({"env": "prod"}, {"env": "prod "}),
    }
    for name, (asked, made) in pairs.items():
        for form, criterion in {"threshold": at_least(), "predicate": when("obs['metrics']['n'] >= 1")}.items():
            yield row(f"{name} proves nothing ({form})", False, [{**criterion, "probe": {"tool": "check", "args": asked}}], {"check": _telling(asked, wanted=0, other=1)}, call(("check", made)))
        yield row(f"{name} disproves nothing", True, [at_least(probe={"tool": "check", "args": asked})], {"check": _telling(asked, wanted=1, other=0)}, call(("check", made)))


def _telling(asked: Fields, *, wanted: int, other: int) -> Tool:
    """A tool that tells one number for these arguments, and another for all others."""
    return Tool("pure", {json.dumps(asked, sort_keys=True): n(wanted), "": n(other)})


def _lists() -> Iterator[Row]:
    both: Any = [{"tool": "a"}, {"tool": "b"}]
    for name, (a, b, done) in {
        "both say yes": (m(x=1), m(y=1), True),
        "the second says no": (m(x=1), m(y=0), False),
        "the first says no": (m(x=0), m(y=1), False),
        "the second fails": (m(x=1), lost("failed", "tool_error"), False),
        "the first fails": (lost("failed", "tool_error"), m(y=1), False),
        "the second tells nothing": (m(x=1), m(), False),
    }.items():
        for form, expression in {"names": "obs['metrics']['x'] == 1 and obs['metrics']['y'] == 1", "all": "all(v == 1 for v in obs['metrics'].values())", "get": "obs['metrics'].get('x', 1) == 1 and obs['metrics'].get('y', 1) == 1"}.items():
            if name == "the second tells nothing" and form == "all":
                continue  # all that the probes told is good
            tools = {"a": pure(a), "b": pure(b), "idle": pure(m(x=1, y=1))}
            yield row(f"of two probes, {name} ({form})", done, [when(expression, probe=both)], tools, call("idle"))
    envs: Any = [{"tool": "check", "args": {"env": "prod"}}, {"tool": "check", "args": {"env": "staging"}}]
    for name, (prod, staging) in {"prod is bad": (0, 1), "staging is bad": (1, 0)}.items():
        for order, probes in {"": envs, ", asked the other way round": envs[::-1]}.items():
            tools = {"check": by_env(prod=n(prod), staging=n(staging)), "idle": pure(m())}
            yield row(f"two probes of one name: {name}{order}", False, [at_least(probe=probes)], tools, call("idle"))
            named = at_least(probe=probes, **{"from": "check"})
            yield row(f"two probes of one named tool: {name}{order}", False, [named], tools, call("idle"))
    yield row("two probes of two tools under one name", False, [at_least(probe=both)], {"a": pure(*n(0)), "b": pure(*n(1)), "idle": pure(m())}, call("idle"))
    yield row("two probes, of which one measures", True, [at_least(probe=both)], {"a": pure(m()), "b": pure(*n(1)), "idle": pure(m())}, call("idle"))


def _when() -> Iterator[Row]:
    slow = {"cadence": {"every_iterations": 2}}
    idle = pure(m())
    late = [call("idle"), call("idle"), call("other")]
    for form in ("threshold", "predicate", "all_of"):
        criterion = PROBED[form]
        goal = [criterion, did("other")]
        yield row(f"the probe held at a checkpoint, and no longer when the rest holds ({form})", False, goal, {"check": pure(*n(1, 0)), "idle": idle, "other": idle}, *late, more=slow)
        yield row(f"the probe held once and then failed ({form})", False, goal, {"check": pure(m(n=1), lost("failed", "tool_error")), "idle": idle, "other": idle}, *late)
        yield row(f"the probe held once and then was silent ({form})", False, goal, {"check": pure(m(n=1), m()), "idle": idle, "other": idle}, *late)
        yield row(f"the probe holds between checkpoints too ({form})", True, goal, {"check": pure(*n(1)), "idle": idle, "other": idle}, *late, more=slow)
        yield row(f"the probe comes true later ({form})", True, goal, {"check": pure(*n(0, 0, 1)), "idle": idle, "other": idle}, *late)
        for name, then in {"a pause": PAUSE, "a crash": CRASH}.items():
            yield row(f"{name} between probe and judgement, and it no longer holds ({form})", False, [criterion], {"check": pure(*n(1, 0)), "idle": idle}, call("idle"), then={"Settled:2": then})
            yield row(f"{name} between probe and judgement, and it still holds ({form})", True, [criterion], {"check": pure(*n(1)), "idle": idle}, call("idle"), then={"Settled:2": then})
        sign: Fields = {"id": "sign", "kind": "approval", "by": "ada"}
        yield row(f"it no longer holds once a person has answered ({form})", False, [criterion, sign], {"check": pure(*n(1, 0)), "idle": idle}, call("idle"))
        yield row(f"it still holds once a person has answered ({form})", True, [criterion, sign], {"check": pure(*n(1)), "idle": idle}, call("idle"))
    budget = {"budget": {"iterations": 6, "tool_calls": 2}}
    yield row("a call is kept back for the probe", True, [at_least(probe=CHECK)], {"check": pure(*n(1)), "idle": idle}, call("idle", "idle"), more=budget)
    yield row("no call is left for the probe", False, [at_least(probe=CHECK)], {"check": pure(*n(1)), "idle": idle}, call("idle"), more={"budget": {"iterations": 6, "tool_calls": 0}})
    yield row("one call is left for the probe", True, [at_least(probe=CHECK)], {"check": pure(*n(1)), "idle": idle}, call("idle"), more=budget)
    yield row("a change, and the probe sees it", False, [at_least(probe=CHECK), did("act")], {"check": pure(*n(1, 0)), "act": changing(), "idle": idle}, call("idle"), call("act"))
    yield row("a change, and the probe sees nothing bad", True, [at_least(probe=CHECK), did("act")], {"check": pure(*n(1)), "act": changing(), "idle": idle}, call("idle"), call("act"))
    on_event = {"cadence": {"on_event": "now"}}
    yield row("no event has called for the probe, but completion does", True, [at_least(probe=CHECK)], {"check": pure(*n(1)), "idle": idle}, call("idle"), more=on_event)


def _too_dear() -> Iterator[Row]:
    """Probes run together or not at all; once the budget cannot pay for them the mission ends, and says why."""
    checks = {"check": pure(*n(1)), "idle": pure(m())}
    ten = [at_least(id=f"c{index}", probe={"tool": "check", "args": {"env": str(index)}}) for index in range(10)]
    optional = [{**one, "required": False} for one in ten]
    aborts = [{**one, "target": 9, "abort_when_met": True} for one in optional]
    other = at_least(metric="k", id="other")
    over: Fields = {"reason": "max_tool_calls"}

    def priced(tool_calls: int) -> Fields:
        return {"more": {"budget": {"iterations": 6, "tool_calls": tool_calls}}}

    base = Row(name="", rule=RULE, completes=False, criteria=ten, tools=checks, plan=[call("idle")] * 6)
    yield replace(base, name="ten probes and five calls", **over, **priced(5))
    yield replace(base, name="ten probes and ten calls", completes=True, **priced(10))
    yield replace(base, name="ten probes that say no, and nineteen calls", tools={**checks, "check": pure(*n(0))}, **over, **priced(19))
    yield replace(base, name="ten probes in all_of, and five calls", criteria=[group("all_of", *ten, other)], **over, **priced(5))
    yield replace(base, name="ten probes in any_of with what needs none", completes=True, criteria=[group("any_of", *ten, other)], tools={"check": pure(*n(0)), "idle": pure(m(), m(k=1))}, **priced(12))
    yield replace(base, name="ten optional probes, which the budget cannot pay twice", completes=True, criteria=[*optional, did("idle", 2)], **priced(20))
    yield replace(base, name="ten probed abort conditions, which the budget cannot pay", criteria=[*aborts, did("idle")], **over, **priced(5))
    yield replace(base, name="ten probed abort conditions, which the budget can pay", completes=True, criteria=[*aborts, did("idle")], **priced(11))
