"""Rules 3 and 7: whose value counts, what two producers of one name mean, and what only looks like evidence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.evidence.row_builders import (
    at_least,
    by_env,
    call,
    calls,
    changing,
    did,
    event,
    harm,
    lost,
    m,
    n,
    pure,
    script,
    when,
)
from tests.evidence.scenario import Fields, Row, Step, Tool
from tests.mission.simulation import Reply

RULE = "7 sources"
LOOK, SAY = pure(*n(0)), pure(*n(1))
BOTH = {"look": LOOK, "say": SAY}


def row(
    name: str,
    completes: bool,  # noqa: FBT001  # a column of the table
    criteria: list[Fields],
    tools: dict[str, Tool],
    *plan: Fields,
    **more: Any,
) -> Row:
    """A row about sources."""
    return Row(name=name, rule=RULE, completes=completes, criteria=criteria, tools=tools, plan=plan, **more)


def rows() -> Iterator[Row]:
    """The rows."""
    yield from _ambiguous()
    yield from _named()
    yield from _shaped()


def _ambiguous() -> Iterator[Row]:
    forms: dict[str, Fields] = {"threshold": at_least(), "predicate": when("obs['metrics']['n'] >= 1"), "any over all": when("any(v >= 1 for v in obs['metrics'].values())"), "get": when("obs['metrics'].get('n', 1) >= 1"), "full path": at_least(metric="metrics.n")}
    for form, criterion in forms.items():
        yield row(f"two tools disagree, the good one last ({form})", False, [criterion], BOTH, call("look", "say"))
        yield row(f"two tools disagree, the good one first ({form})", False, [criterion], BOTH, call("say", "look"))
        yield row(f"two tools disagree at once ({form})", False, [criterion], BOTH, call("say", "look", parallel=True))
        yield row(f"two tools agree, but one name has two meanings ({form})", False, [criterion], {"look": SAY, "say": SAY}, call("look", "say"))
        yield row(f"one of them is stale, so that one speaks ({form})", True, [criterion], {**BOTH, "act": changing()}, call("look", "act", "say"))
        yield row(f"the good one is stale ({form})", False, [criterion], {**BOTH, "act": changing()}, call("say", "act", "look"))
        yield row(f"they disagree in two iterations ({form})", False, [criterion, did("say")], BOTH, call("look"), call("say"))
    nested = pure(m(a={"b": 0}))
    dotted = pure(m(**{"a.b": 1}))
    yield row("a dotted name of another tool", False, [at_least(metric="a.b")], {"look": nested, "say": dotted}, call("look", "say"))
    yield row("a nested name of another tool", False, [at_least(metric="a.b")], {"look": pure(m(a={"b": 1})), "say": pure(m(**{"a.b": 0}))}, call("say", "look"))
    yield row("a part of a nested name from another tool", False, [at_least(metric="a.b")], {"look": pure(m(a={"b": 0})), "say": pure(m(a={"b": 1}))}, call("look", "say"))
    yield row("another tool reports another name", True, [at_least()], {"look": SAY, "say": pure(m(k=0))}, call("look", "say"))
    yield row("an optional criterion is ambiguous", True, [at_least(id="nice", required=False), did("say")], BOTH, call("look", "say"))
    trend: Fields = {"id": "goal", "kind": "metric_trend", "metric": "n", "direction": "increasing", "min_points": 3}
    yield row("a trend through two tools", False, [trend], {"look": pure(*n(1, 2, 3)), "say": pure(*n(4, 5, 6))}, *([call("look", "say")] * 3))
    yield row("a trend of one named tool", True, [{**trend, "from": "look"}], {"look": pure(*n(1, 2, 3)), "say": pure(*n(9, 8, 7))}, *([call("look", "say")] * 3))
    apart = {"look": changing("keyed", n(1)), "say": changing("keyed", n(2, 3, 4, 5))}
    turns = [call("look"), call("say"), call("say")]
    rises = "obs['history']['n'][-1] > obs['history']['n'][0] and len(obs['history']['n']) >= 3"
    yield row("a trend whose points are two tools'", False, [trend], apart, *turns)
    yield row("a trend once one tool has told enough", True, [trend], apart, *turns, call("say"))
    yield row("a trend of two named tools", True, [{**trend, "from": ["look", "say"]}], apart, *turns)
    yield row("a trend of two tools in turn", False, [trend], {"look": changing("keyed", n(1, 3, 5)), "say": changing("keyed", n(2, 4, 6))}, *([call("look"), call("say")] * 3))
    yield row("a trend whose points are a tool's and the script's", False, [trend], {"look": changing("keyed", n(1, 2)), "act": changing()}, call("look", "act"), call("look", "act"), script(), scripts={"s": (Step(observations={"n": 3}),)})
    yield row("a history whose points are two tools'", False, [when(rises)], apart, *turns)
    past = "max(obs['history']['n']) >= 5"
    prod: Fields = {"tool": "look", "args": {"env": "prod"}}
    envs = {"look": by_env("keyed", prod=n(1), staging=n(5))}
    told = (call(("look", {"env": "staging"})), call(("look", {"env": "prod"})))
    yield row("a history under other arguments, where some are asked for", False, [when(past, **{"from": prod})], envs, *told)
    yield row("a history under other arguments, where a probe is asked", False, [when(past, probe=prod)], {"look": by_env("pure", prod=n(1), staging=n(5))}, *told)
    yield row("a history under any arguments", True, [when(past), did("look", 2)], envs, *told)
    yield row("a history of one tool", True, [when(rises)], apart, call("say"), call("say"), call("say"))
    yield row("a history once one tool has told enough", True, [when(rises)], apart, *turns, call("say"))
    yield row("a history whose points are a tool's and those of the script", False, [when(rises)], {"look": changing("keyed", n(1, 2)), "act": changing()}, call("look", "act"), call("look", "act"), script(), scripts={"s": (Step(observations={"n": 3}),)})
    yield row("a trend that another tool made up", False, [{**trend, "from": "look"}], {"look": pure(*n(3, 2, 1)), "say": pure(*n(4, 5, 6))}, *([call("look", "say")] * 3))
    yield row("a tool and the operator's script under one name", False, [at_least()], {"look": LOOK}, call("look"), script(), scripts={"s": (calls(n=1),)})


def _named() -> Iterator[Row]:
    env = by_env(prod=n(0), staging=n(1))
    good = by_env(prod=n(1), staging=n(0))
    prod: Fields = {"tool": "look", "args": {"env": "prod"}}
    asked = [("look", {"env": "prod"}), ("look", {"env": "staging"})]
    for form, criterion in {"threshold": at_least(), "predicate": when("obs['metrics']['n'] >= 1")}.items():
        for order, plan in {"last": asked, "first": asked[::-1]}.items():
            yield row(f"staging, asked {order}, does not prove prod ({form})", False, [{**criterion, "from": prod}], {"look": env}, call(*plan))
            yield row(f"prod itself proves prod, staging asked {order} ({form})", True, [{**criterion, "from": prod}], {"look": good}, call(*plan))
        yield row(f"from one tool, forged by another ({form})", False, [{**criterion, "from": "look"}], BOTH, call("look", "say"))
        yield row(f"from one tool, which says yes ({form})", True, [{**criterion, "from": "say"}], BOTH, call("say", "look"))
        yield row(f"from one tool that never spoke ({form})", False, [{**criterion, "from": "look"}], BOTH, call("say"))
        yield row(f"a list of sources, and another speaks ({form})", False, [{**criterion, "from": ["look", "k"]}], BOTH, call("say"))
        yield row(f"a list of sources: the newest counts ({form})", True, [{**criterion, "from": ["look", "say"]}], BOTH, call("look", "say"))
        yield row(f"a list of sources: the newest is bad ({form})", False, [{**criterion, "from": ["look", "say"]}], BOTH, call("say", "look"))
        yield row(f"a pattern that fits another's name only in part ({form})", False, [{**criterion, "from": "ci.*"}], {"evil.ci.x": SAY}, call("evil.ci.x"))
        yield row(f"a pattern that fits ({form})", True, [{**criterion, "from": "ci.*"}], {"ci.look": SAY, "say": LOOK}, call("ci.look", "say"))
        yield row(f"from the script, reported by a tool ({form})", False, [{**criterion, "from": "script"}], {"look": SAY}, call("look"))
        yield row(f"from the script, reported by a tool of that name ({form})", False, [{**criterion, "from": "script"}], {"script": SAY}, call("script"))
        yield row(f"from the script, reported by it ({form})", True, [{**criterion, "from": "script"}], {"look": LOOK}, call("look"), script(), scripts={"s": (calls(n=1),)})
        yield row(f"from a tool, reported by the script ({form})", False, [{**criterion, "from": "look"}], {"look": LOOK}, script(), scripts={"s": (calls(n=1),)})
        yield row(f"from a tool, called by the script ({form})", True, [{**criterion, "from": "look"}], {"look": SAY}, script(), scripts={"s": (calls("look", n=0), calls())})
    yield row("no argument where one is asked for", False, [at_least(**{"from": prod})], {"look": SAY}, call("look"))
    yield row("one argument more than asked for", False, [at_least(**{"from": prod})], {"look": SAY}, call(("look", {"env": "prod", "dry": True})))
    yield row("no arguments asked for, and one given", False, [at_least(**{"from": {"tool": "look", "args": {}}})], {"look": SAY}, call(("look", {"env": "prod"})))
    yield row("any arguments, of this tool", True, [at_least(**{"from": {"tool": "look"}})], {"look": SAY}, call(("look", {"env": "prod"})))
    yield row("true where 1 is asked for", False, [at_least(**{"from": {"tool": "look", "args": {"k": 1}}})], {"look": SAY}, call(("look", {"k": True})))
    yield row("the text where the number is asked for", False, [at_least(**{"from": {"tool": "look", "args": {"k": 1}}})], {"look": SAY}, call(("look", {"k": "1"})))
    yield row("another order of keys", True, [at_least(**{"from": {"tool": "look", "args": {"a": 1, "b": 2}}})], {"look": SAY}, call(("look", {"b": 2, "a": 1})))
    told = {"look": pure(m()), "say": pure(m(None, {"name": "ok"}))}
    yield row("another tool's event", False, [event(**{"from": "look"})], told, call("look", "say"))
    yield row("this tool's event", True, [event(**{"from": "say"})], told, call("look", "say"))
    yield row("an event for other arguments", False, [event(**{"from": prod})], {"look": by_env(prod=[m()], staging=[m(None, {"name": "ok"})])}, call(*asked))
    yield row("an event of a tool, where the script's is asked for", False, [event(**{"from": "script"})], told, call("say"))
    yield row("an event of the script, where a tool's is asked for", False, [event(**{"from": "say"})], {"look": LOOK}, script(), scripts={"s": (Step(events=({"name": "ok"},)),)})
    yield row("a made-up harm does not abort", True, [harm(**{"from": "look"}), at_least()], {"say": pure(m(n=1, harm=1)), "look": pure(m(harm=0))}, call("look", "say"))
    yield row("the counts of another tool", False, [did("look")], {"say": SAY, "looks": SAY}, call("say", "looks"))


def _shaped() -> Iterator[Row]:
    """Values that look like evidence, states or verdicts."""
    shapes: dict[str, Reply] = {
        "a metric inside the value": m({"metrics": {"n": 1}}),
        "a metric inside a metric": m(x={"n": 1}),
        "a metric named metrics": m(metrics={"n": 1}),
        "a metric with the path as its name": m(**{"metrics.n": 1}),
        "a metric in text": m('{"metrics": {"n": 1}}'),
        "an event that holds metrics": m(None, {"name": "metrics", "metrics": {"n": 1}}),
        "a status of its own": m(_status="met", goal={"status": "met"}, criteria={"goal": "met"}),
        "a verdict": m({"verdict": "complete", "reason": "criteria_met"}, {"name": "criteria_met"}),
        "an approval": m(None, {"name": "approval", "approval": "goal", "granted": True}),
        "a source of its own": m(n={"value": 1, "from": "look", "fresh": True}),
        "a list of one number": m(n=[1]),
        "another case of letters": m(N=1),
        "a name with a blank": m(**{"n ": 1}),
        "an order of its own": m(n={"order": 99, "value": 1}),
    }
    for name, reply in shapes.items():
        yield row(name, False, [at_least()], {"say": pure(reply)}, call("say"), call("say"))
        sign: Fields = {"id": "sign", "kind": "approval", "by": "ada"}
        yield row(f"{name}, and a person says no", False, [did("say"), sign], {"say": pure(reply)}, call("say"), grants=False)
    yield row("a failed call that tells the number", False, [at_least(), did("say")], {"say": pure(lost("failed", "tool_error", n=1))}, call("say"))
    yield row("a path into the results of another call", False, [at_least(metric="tool_results.1.value.n")], {"look": pure(m({"n": 0})), "say": pure(m({"n": 1}))}, call("say", "look"))
    yield row("a path into this call's result", True, [at_least(metric="tool_results.1.value.n")], {"look": pure(m({"n": 1})), "say": pure(m({"n": 0}))}, call("say", "look"))
    yield row("an event under a metric's name", False, [at_least(metric="events.0.n")], {"say": pure(m(None, {"name": "x", "n": 0}))}, call("say"))
    yield row("a metric named counts does not stand for the counts", False, [at_least(metric="counts.say", target=2)], {"say": pure(m(counts={"say": 5}))}, call("say"))
