"""Rule 2: a value from before a change, a pause, a crash or a wait for a person proves nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from journeyman.mission.model.effects import NEVER_SENT
from journeyman.mission.model.events import Event
from tests.evidence.row_builders import (
    again,
    at_least,
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
from tests.evidence.scenario import CRASH, PAUSE, Fields, Row
from tests.mission.simulation import Reply

CLASSES = ("keyed", "probed", "unsafe")
RULE = "2 freshness"

FORMS: dict[str, Fields] = {
    "threshold": at_least(),
    "predicate on a name": when("obs['metrics']['n'] >= 1"),
    "get with a good default": when("obs['metrics'].get('n', 1) >= 1"),
    "any over all metrics": when("any(v >= 1 for v in obs['metrics'].values())"),
    "all over all metrics": when("all(v >= 1 for v in obs['metrics'].values())"),
    "membership": when("'n' in obs['metrics'] and obs['metrics']['n'] >= 1"),
    "all_of": group("all_of", at_least()),
    "any_of": group("any_of", at_least(), at_least(9)),
    "full path": at_least(metric="metrics.n"),
    "equal to a number": {**at_least(), "op": "=="},
    "not equal": {**at_least(0), "op": "!="},
}
"""Ways to ask that `n` is 1; met by 1 and not by 0."""

PLACES: dict[str, tuple[Fields, ...]] = {
    "in turn": (call("look", "act"),),
    "at once": (call("look", "act", parallel=True),),
    "at once, which ended first,": (call("act", "look", parallel=True),),
    "in the next iteration": (call("look"), call("act")),
    "two iterations later": (call("look"), call("idle"), call("act")),
    "in the operator's script": (script(),),
}
SCRIPT = {"s": (calls("look"), calls("act"), calls())}


def _rows(name: str, row: Row) -> Iterator[Row]:
    """The mission in which the second look is bad, and the one in which it is good."""
    yield replace(row, name=f"{name}, and the next look is bad", completes=False)
    look = pure(*n(1, 1))
    yield replace(row, name=f"{name}, and the next look is good", completes=True, tools={**row.tools, "look": look})


def rows() -> Iterator[Row]:
    """The rows."""
    yield from _changed()
    yield from _ended()
    yield from _between()
    yield from _without_source()
    yield from _trends()
    yield from _never_sent()


def _changed() -> Iterator[Row]:
    for effect in CLASSES:
        for place, plan in PLACES.items():
            for form in ("threshold", "predicate on a name") if effect == "unsafe" else ("threshold",):
                tools = {"look": pure(*n(1, 0)), "act": changing(effect), "idle": pure(m())}
                row = Row(name="", rule=RULE, completes=False, criteria=[FORMS[form], did("act")], tools=tools, plan=plan, scripts=SCRIPT)
                yield from _rows(f"a {effect} call {place} after the look ({form})", row)
    for form, criterion in FORMS.items():
        tools = {"look": pure(*n(1, 0)), "act": changing()}
        row = Row(name="", rule=RULE, completes=False, criteria=[criterion], tools=tools, plan=PLACES["in turn"])
        yield from _rows(f"a change after the look ({form})", row)
    advised = Row(name="", rule=RULE, completes=False, criteria=[at_least(), did("act")], tools={"look": pure(*n(1, 0)), "act": changing()}, plan=[call("look")], scripts=SCRIPT, advice={0: script()}, more={"scripts": "allowed"})
    yield from _rows("a change after the look in an advisor's script", advised)


def _ended() -> Iterator[Row]:
    ends: dict[str, tuple[Reply, str]] = {"failed": (lost("failed", "tool_error"), "ask"), "got lost and is assumed done": (lost(), "assume_done"), "got lost and is assumed failed": (lost(), "assume_failed"), "was late and failed": (lost("failed", "timeout"), "ask")}
    for name, (reply, policy) in ends.items():
        for form in ("threshold", "predicate on a name"):
            row = Row(name="", rule=RULE, completes=False, criteria=[FORMS[form]], tools={"look": pure(*n(1, 0)), "act": changing("unsafe", [reply])}, plan=[call("look", "act")], more={"on_unknown": policy})
            yield from _rows(f"a change that {name} ({form})", row)
    for effect, happened in (("probed", True), ("probed", False), ("keyed", True), ("unsafe", True)):
        row = Row(name="", rule=RULE, completes=False, criteria=[at_least()], tools={"look": pure(*n(1, 0)), "act": changing(effect)}, plan=[call("look", "act")], then={"Intended:2": CRASH}, happened=happened, more={"on_unknown": "assume_failed"})
        told = "happened" if happened else "did not happen"
        yield from _rows(f"a crash in the middle of a {effect} change that {told}", row)


def _between() -> Iterator[Row]:
    between: dict[str, tuple[Event, ...]] = {"a pause": PAUSE, "a crash": CRASH, "a crash and a pause": CRASH + PAUSE}
    for name, then in between.items():
        for form in ("threshold", "get with a good default", "all_of"):
            row = Row(name="", rule=RULE, completes=False, criteria=[FORMS[form], did("other")], tools={"look": pure(*n(1, 0)), "other": pure(m())}, plan=[call("look"), call("other")], then={"Decided:1": then})
            yield from _rows(f"{name} after the look ({form})", row)
        inside = Row(name="", rule=RULE, completes=False, criteria=[at_least()], tools={"look": pure(*n(1, 0))}, plan=[call("look")], then={"Settled:1": then})
        yield from _rows(f"{name} between look and judgement", inside)
    sign: Fields = {"id": "sign", "kind": "approval", "by": "ada"}
    for form, criterion in FORMS.items():
        row = Row(name="", rule=RULE, completes=False, criteria=[criterion, sign], tools={"look": pure(*n(1, 0))}, plan=[call("look")])
        yield from _rows(f"a wait for a person after the look ({form})", row)


def _without_source() -> Iterator[Row]:
    """What only a changing tool reports cannot be measured again."""
    for effect in CLASSES:
        tools = {"act": changing(effect, n(1)), "more": changing(effect)}
        row = Row(name="", rule=RULE, completes=True, criteria=[at_least()], tools=tools, plan=[call("act")])
        yield replace(row, name=f"what a {effect} call reports itself is fresh")
        yield replace(row, name=f"a {effect} call reports, then another changes", completes=False, plan=[call("act", "more")])
        yield replace(row, name=f"two {effect} calls at once, and one reports first", completes=False, plan=[call("act", "more", parallel=True)])
        yield replace(row, name=f"another {effect} call changes, then this one reports", plan=[call("more", "act")])
        yield replace(row, name=f"a pause behind the report of a {effect} call", completes=False, then={"Settled:1": PAUSE})
    base = Row(name="", rule=RULE, completes=False, criteria=[at_least()], tools={"look": pure(*n(1)), "act": changing()}, plan=[call("look", "act")], more={"budget": {"iterations": 6, "tool_calls": 2}})
    yield replace(base, name="no call is left to look again")
    yield replace(base, name="one call is left to look again", completes=True, more={"budget": {"iterations": 6, "tool_calls": 3}})
    yield replace(base, name="the second look fails", tools={**base.tools, "look": pure(m(n=1), lost("failed", "tool_error"))}, more={})
    yield replace(base, name="the second look no longer tells the number", tools={**base.tools, "look": pure(m(n=1), m(other=1))}, more={})
    yield replace(base, name="the number became text", tools={**base.tools, "look": pure(m(n=1), m(n="1"))}, more={})
    yield replace(base, name="one of two metrics is stale and cannot be measured again", criteria=[when("obs['metrics']['a'] == 1 and obs['metrics']['b'] == 1")], tools={"one": changing("keyed", [m(a=1)]), "two": changing("keyed", [m(b=1)])}, plan=[call("one", "two")], more={})
    yield replace(base, name="an or whose stale side is true", criteria=[when("obs['metrics']['b'] == 9 or obs['metrics']['a'] == 1")], tools={"one": changing("keyed", [m(a=1)]), "two": changing("keyed", [m(b=1)])}, plan=[call("one", "two")], more={})
    yield replace(base, name="a name computed at run time", criteria=[when("obs['metrics']['a' + ''] == 1")], tools={"one": changing("keyed", [m(a=1)]), "two": changing("keyed", [m(b=1)])}, plan=[call("one", "two")], more={})
    for name, expression in {
        "the history's last point": "obs['history']['n'][-1] >= 1",
        "the best of the history": "max(obs['history']['n']) >= 1",
        "history by get": "(obs['history'].get('n') or [1])[-1] >= 1",
        "the value of a stale result": "obs['tool_results'][0]['value']['n'] >= 1",
        "an alias of obs": "(lambda o: o['metrics'].get('n', 1))(obs) >= 1",
        "sum of an empty view": "sum(v < 1 for v in obs['metrics'].values()) == 0",
        "length of the view": "len([v for v in obs['metrics'].values() if v < 1]) == 0",
    }.items():
        yield replace(base, name=f"stale through {name}", criteria=[when(expression)], tools={"act": changing("keyed", [m({"n": 1}, n=1)]), "more": changing()}, plan=[call("act", "more")], more={})
        sourced: Fields = {"from": "act"} if "(obs)" in expression or "== 0" in expression else {}  # they may look at what is missing
        yield replace(base, name=f"fresh through {name}", completes=True, criteria=[when(expression, **sourced)], tools={"act": changing("keyed", [m({"n": 1}, n=1)])}, plan=[call("act")], more={})
    for name, expression in {
        "a default for its value": "obs['tool_results'][0].get('value', {'n': 1})['n'] >= 1",
        "a filter for values": "all(r['value']['n'] >= 1 for r in obs['tool_results'] if r.get('value'))",
        "a loop with a default": "not any((r.get('value') or {}).get('n') == 0 for r in obs['tool_results'])",
        "its items": "all(v['n'] >= 1 for r in obs['tool_results'] for k, v in r.items() if isinstance(v, dict))",
        "a position counted from the end": "obs['tool_results'][-2].get('value', {'n': 1})['n'] >= 1",
    }.items():
        tools = {"act": changing("keyed", [m({"n": 1}, n=1)]), "more": changing()}
        yield replace(base, name=f"a stale result behind {name}", criteria=[when(expression)], tools=tools, plan=[call("act", "more")], more={})
    for word in ("all", "not any"):
        nothing = f"{word}(v < 1 for v in obs['metrics'].values())" if word != "all" else "all(v >= 1 for v in obs['metrics'].values())"
        yield replace(base, name=f"{word} of nothing at all", criteria=[when(nothing)], tools={"idle": pure(m())}, plan=[call("idle")], more={})
    deployed = "any(r['tool'] == 'act' and r['state'] == 'done' for r in obs['tool_results'])"
    tools = {"act": changing("keyed", [m({"n": 1}, n=1)]), "more": changing()}
    yield replace(base, name="that a call was made is no value", completes=True, criteria=[when(deployed)], tools=tools, plan=[call("act", "more")], more={})
    last = "obs['tool_results'][-1]['value']['n'] >= 1"
    yield replace(base, name="the last result is fresh, an older one is not", completes=True, criteria=[when(last)], tools=tools, plan=[call("act", "more", "act")], more={})
    for path in ("tool_results.0.value.n", "tool_results.0.metrics.n", "metrics.n", "n"):
        yield replace(base, name=f"stale through the path {path}", criteria=[at_least(metric=path)], tools={"act": changing("keyed", [m({"n": 1}, n=1)]), "more": changing()}, plan=[call("act", "more")], more={})


def _trends() -> Iterator[Row]:
    """What is needed of a trend's points."""
    trend: Fields = {"id": "goal", "kind": "metric_trend", "metric": "n", "direction": "increasing", "min_points": 3}
    rising = {"look": changing("keyed", n(1, 2, 3)), "act": changing()}
    base = Row(name="", rule=RULE, completes=False, criteria=[trend], tools=rising, plan=[])
    yield replace(base, name="a trend whose last point is stale", plan=[call("look"), call("look"), call("look", "act")])
    yield replace(base, name="a trend whose last point is fresh", completes=True, plan=[call("look")] * 3)
    yield replace(base, name="a trend within one iteration", completes=True, plan=[call("look", "look", "look")])
    yield replace(base, name="a trend over two iterations, two looks in the second", completes=True, plan=[call("look"), call("look", "look")])
    yield replace(base, name="a trend within one iteration that falls at its end", tools={**rising, "look": changing("keyed", n(1, 2, -9))}, plan=[call("look", "look", "look")])
    yield replace(base, name="a trend within one iteration that a change ends", plan=[call("look", "look", "look", "act")])
    yield replace(base, name="a trend of three reports of the operator's script", completes=True, scripts={"s": (again({"n": 1}, {"n": 2}, {"n": 3}),)}, plan=[script()])
    yield replace(base, name="a trend of three reports that end low", scripts={"s": (again({"n": 1}, {"n": 2}, {"n": -9}),)}, plan=[script()])
    grown = when("len(obs['history']['n']) == 3 and obs['history']['n'] == [1, 2, 3]")
    yield replace(base, name="a history within one iteration", completes=True, criteria=[grown], plan=[call("look", "look", "look")])
    yield replace(base, name="a history of the operator's reports", completes=True, criteria=[grown], scripts={"s": (again({"n": 1}, {"n": 2}, {"n": 3}),)}, plan=[script()])
    yield replace(base, name="a trend of what is no metric", criteria=[{**trend, "metric": "counts.look"}], plan=[call("look", "look", "look")], reason="refused")
    yield replace(base, name="a trend of two points", plan=[call("look"), call("look")])
    yield replace(base, name="a trend whose earlier points were stale when they were judged", completes=True, plan=[call("look", "act"), call("look", "act"), call("look")])
    yield replace(base, name="a trend of stale points alone", plan=[call("look", "act")] * 4)
    yield replace(base, name="a trend of stale points that fall", tools={**rising, "look": changing("keyed", n(3, 2, 1))}, plan=[call("look", "act"), call("look", "act"), call("look")])
    yield replace(base, name="a trend whose stale points are another tool's", tools={**rising, "say": changing("keyed", n(1, 2)), "look": changing("keyed", n(3))}, plan=[call("say", "act"), call("say", "act"), call("look")])
    yield replace(base, name="a stale point counts once, however often it is judged", criteria=[trend, {"id": "sign", "kind": "approval", "by": "ada"}], plan=[call("look", "act"), call("look")])
    yield replace(base, name="an event of an earlier iteration", criteria=[event(), did("idle")], tools={"look": pure(m(None, {"name": "ok"}), m()), "idle": pure(m())}, plan=[call("look"), call("idle")])
    yield replace(base, name="an event of this iteration", completes=True, criteria=[event(), did("idle")], tools={"look": pure(m(None, {"name": "ok"}), m()), "idle": pure(m())}, plan=[call("look", "idle")])


def _never_sent() -> Iterator[Row]:
    base = Row(name="", rule=RULE, completes=True, criteria=[at_least()], tools={"look": pure(*n(1, 0)), "act": changing()}, plan=[call("look", "act")])
    for why in sorted(NEVER_SENT):
        tools = {**base.tools, "act": changing("unsafe", [lost("failed", why)])}
        yield replace(base, name=f"a change that was never sent: {why}", tools=tools)
    yield replace(base, name="a change that was never sent does not make an older change undone", completes=False, tools={"look": pure(*n(1, 0)), "act": changing(), "bad": changing("unsafe", [lost("failed", "skipped")])}, plan=[call("look", "act", "bad")])
    yield replace(base, name="a change behind a failed one was skipped", completes=True, tools={"bad": changing("unsafe", [lost("failed", "tool_error")]), "look": pure(*n(1)), "act": changing()}, plan=[call("bad", "act"), call("look")])
