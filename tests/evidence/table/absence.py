"""Rule 7: an event is missing only where whoever would tell of it was looked at afresh; context calls are no evidence."""

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
    group,
    lost,
    m,
    n,
    pure,
    script,
    when,
)
from tests.evidence.scenario import PAUSE, Fields, Row, Step, Tool

RULE = "7 absence"
ERROR: Fields = {"name": "error"}
ABSENT = "not any(e['name'] == 'error' for e in obs['events'])"
FORMS = {
    "not any": ABSENT,
    "all": "all(e['name'] != 'error' for e in obs['events'])",
    "no events": "obs['events'] == []",
    "not events": "not obs['events']",
    "a count of none": "len([e for e in obs['events'] if e['name'] == 'error']) == 0",
    "a count below": "sum(e['name'] == 'error' for e in obs['events']) < 1",
    "a text": "'error' not in str(obs['events'])",
    "an any that is compared": "any(e['name'] == 'error' for e in obs['events']) == False",
    "a conditional": "False if any(e['name'] == 'error' for e in obs['events']) else True",
    "a get with a default": "not any(e['name'] == 'error' for e in obs.get('events', []))",
    "an alias": "(lambda o: not any(e['name'] == 'error' for e in o['events']))(obs)",
    "the whole as text": "\"'error'\" not in str(obs)",
    "one half of an and": f"any(e['name'] == 'ok' for e in obs['events']) and {ABSENT}",
    "a comparison turned round": "0 == len(obs['events'])",
    "an at least of a difference": "len([e for e in obs['events']]) - 1 >= -1 and 'error' not in [e['name'] for e in obs['events']]",
}
OK: Fields = {"name": "ok"}


def row(name: str, completes: bool, criteria: list[Any], tools: dict[str, Tool], *plan: Fields, **more: Any) -> Row:  # noqa: FBT001  # a column
    """A row of these rules."""
    return Row(name=name, rule=RULE, completes=completes, criteria=criteria, tools=tools, plan=plan, **more)


def rows() -> Iterator[Row]:
    """All of them."""
    quiet: dict[str, Tool] = {"watch": pure(m(None, OK)), "other": pure(m(None, OK)), "act": changing()}
    for name, expression in FORMS.items():
        tools = {**quiet, "watch": pure(m())} if name in ("no events", "not events", "a comparison turned round") else quiet
        yield row(f"{name}, and anything fresh was seen", False, [when(expression)], tools, call("other"), call("watch"))
        yield row(f"{name}, and its source was not asked", False, [when(expression, **{"from": "watch"})], tools, call("other"))
        yield row(f"{name}, and its source was asked", True, [when(expression, **{"from": "watch"})], tools, call("watch"))
        yield row(f"{name}, and its probe tells", True, [when(expression, probe={"tool": "watch"})], tools, call("other"))
        told = {**tools, "watch": pure(m(None, ERROR))}
        yield row(f"{name}, and its source says otherwise", False, [when(expression, **{"from": "watch"})], told, call("watch"))
        yield row(f"{name}, and its probe says otherwise", False, [when(expression, probe={"tool": "watch"})], told, call("other"))
    yield from _when(quiet)
    yield from _present(quiet)
    yield from _context()
    yield from _made_names()
    yield from _histories()
    yield from _defaults()
    yield from _looks_inside_results()
    yield from _other_meanings()
    yield from _named_beside_all()
    yield from _remembered()
    yield from _failed_results()


def _other_meanings() -> Iterator[Row]:
    """A form tells nothing where its words mean something else."""
    tools = {"look": pure(m(None, {"name": "alarm"})), "other": pure(m(None, {"name": "z"}))}
    forms = {
        "a walrus": "(any := all) and any(e['name'] != 'alarm' for e in obs['events'])",
        "a walrus of a function": "(any := (lambda g: sum(g) == 0)) and any(e['name'] == 'alarm' for e in obs['events'])",
        "a walrus of a count": "(len := (lambda x: 2 - sum([1 for e in x]))) and len(obs['events']) >= 1",
        "a walrus in a list": "[(any := f) for f in [all]] and any(e['name'] != 'alarm' for e in obs['events'])",
        "a walrus in a call": "bool(any := all) and any(e['name'] != 'alarm' for e in obs['events'])",
        "a loop": "[any(e['name'] != 'alarm' for e in obs['events']) for any in [all]][0]",
        "a parameter": "(lambda any: any(e['name'] != 'alarm' for e in obs['events']))(all)",
    }
    for name, expression in forms.items():
        yield row(f"another meaning: {name}", False, [when(expression)], tools, call("look"), call("other"))
    results = when("(any := all) and any(r['tool'] != 'look' for r in obs['tool_results'])")
    yield row("another meaning, of results", False, [results], tools, call("look"), call("other"))


def _remembered() -> Iterator[Row]:
    """What one step of a loop leaves for the next tells what came before it, and so what did not."""
    tools = {"look": pure(m(None, {"name": "alarm"})), "other": pure(m(None, {"name": "z"}, z=1))}
    events = {
        "a walrus": "(q := 1) == 1 and (any((q := 2) == 0 for e in obs['events'] if e['name'] == 'alarm') or q == 1)",
        "a list": "any(a.append(e['name']) or a == ['z'] for a in [[]] for e in obs['events'])",
        "the first": "any((s := e['name']) for e in obs['events']) and s == 'z'",
        "a pop": "any(c.pop(0) == 0 and e['name'] == 'z' for c in [[0, 1, 2]] for e in obs['events'])",
        "an iterator": "any(next(c) == 0 and e['name'] == 'z' for c in [iter([0, 1, 2])] for e in obs['events'])",
        "a dictionary": "any(d.setdefault('f', e['name']) == 'z' for d in [{}] for e in obs['events'])",
        "a set": "any(s == {'z'} for s in [set()] for e in obs['events'] if not s.add(e['name']))",
        "a count": "len([s := e['name'] for e in obs['events']]) >= 1 and s == 'z'",
        "a function": "any((lambda l, x: l.append(x) or len(l) == 1)(a, e) and e['name'] == 'z' for a in [[]] for e in obs['events'])",
    }
    for name, expression in events.items():
        yield row(f"remembered of events: {name}", False, [when(expression)], tools, call("look"), call("other"))
    metrics = {
        "a count": "(i := 0) == 0 and all((i := i + 1) < 2 for v in obs['metrics'].values())",
        "a sum": "(i := 0) == 0 and not any((i := i + v) > 5 for v in obs['metrics'].values())",
        "a list": "all(a.append(v) is None and len(a) < 2 for a in [[]] for v in obs['metrics'].values())",
        "the first name": "any((s := k) for k in obs['metrics']) and s == 'z'",
    }
    for name, expression in metrics.items():
        yield row(f"remembered of metrics: {name}", False, [when(expression)], tools, call("other"))
    for wrong in (True, False):
        looks = {"watch": pure(m(None, OK), lost("failed", "tool_error")) if wrong else pure(lost("failed", "tool_error"), m(None, OK))}
        yield row(f"the same look, {'then a failed one' if wrong else 'after a failed one'}", not wrong, [when(ABSENT, **{"from": "watch"})], looks, call("watch", "watch", parallel=not wrong))
    both = {"watch": by_env(a=[m(None, OK)], b=[lost("failed", "tool_error")])}
    yield row("a look of the source at other arguments failed", False, [when(ABSENT, **{"from": "watch"})], both, call(("watch", {"env": "a"}), ("watch", {"env": "b"})))


def _named_beside_all() -> Iterator[Row]:
    """A metric that is named must have been measured, also where others are gone through."""
    forms = {
        "values": "'bad' not in obs['metrics'] and all(v < 5 for v in obs['metrics'].values())",
        "a default beside values": "obs['metrics'].get('bad', 0) < 5 and max(obs['metrics'].values()) == 1",
        "a choice of names": "obs['metrics']['bad' if 'bad' in obs['metrics'] else 'n'] == 1",
        "an or": "any(v == 1 for v in obs['metrics'].values()) or obs['metrics']['bad'] < 5",
        "a computed name": "obs['metrics']['n' + ''] == 1 and obs['metrics'].get('bad', 0) == 0",
        "a filter of values": "any(v == 1 for v in obs['metrics'].values() if 'bad' not in obs['metrics'])",
        "histories": "all(v[-1] < 5 for v in obs['history'].values()) and 'bad' not in obs['history']",
        "a computed history": "obs['history'][max(['n'])] == [1] and 'bad' not in obs['metrics']",
    }
    for name, expression in forms.items():
        yield row(f"named beside all: {name}", False, [when(expression)], {"look": pure(*n(1))}, call("look"))
    good = when("obs['metrics'].get('bad', 9) < 5 and all(v < 5 for v in obs['metrics'].values())")
    yield row("named beside all, and measured", True, [good], {"look": pure(m(n=1, bad=0))}, call("look"))
    for name, expression in {
        "a sum": "sum(obs['metrics'].values()) < 5",
        "a sum of ones": "sum(1 for v in obs['metrics'].values()) == 1",
        "a count": "len([v for v in obs['metrics'].values()]) == 1",
        "a set": "{v for v in obs['metrics'].values()} == {1}",
    }.items():
        yield row(f"how many there are tells what is missing: {name}", False, [when(expression)], {"look": pure(*n(1))}, call("look"))


def _failed_results() -> Iterator[Row]:
    """A call that failed has no value; that nothing bad is in it tells nothing."""
    failing = {"look": pure(lost("failed", "tool_error")), "good": pure(m({"bad": 0, "x": 1}, n=1))}
    forms = {
        "a default for its value": "(obs['tool_results'][0].get('value') or {}).get('bad', 0) == 0",
        "its text": "'9' not in str(obs['tool_results'][0])",
        "any of them": "any((r.get('value') or {}).get('bad', 0) == 0 for r in obs['tool_results'])",
    }
    for name, expression in forms.items():
        yield row(f"a failed result: {name}", False, [when(expression)], failing, call("look", "good", parallel=True))
    plain = {
        "another place": "obs['tool_results'][1]['value']['x'] == 1",
        "its plain keys": "any(r['tool'] == 'good' and r['state'] == 'done' for r in obs['tool_results'])",
    }
    for name, expression in plain.items():
        yield row(f"a failed result beside: {name}", True, [when(expression)], failing, call("look", "good", parallel=True))
    sourced = when("any(r['value']['x'] == 1 for r in obs['tool_results'])", **{"from": "good"})
    yield row("a failed result of another than the source", True, [sourced], failing, call("look", "good", parallel=True))


def _when(quiet: dict[str, Tool]) -> Iterator[Row]:
    """When a look tells that nothing is there."""
    mine = when(ABSENT, **{"from": "watch"})
    yield row("it was looked at an iteration ago", False, [mine, did("other")], quiet, call("watch"), call("other"), more={"explore": False, "cadence": {"every_iterations": 2}})
    bad = {"name": "error"}
    for name, happens in {"something changed": call("watch", "act"), "nothing happened": call("watch")}.items():
        more: dict[str, Any] = {"then": {"Settled:1": PAUSE}} if name == "nothing happened" else {}
        why = "after the look, and a pause" if more else "after the look"
        yield row(f"{name} {why}: it is made again", True, [mine], quiet, happens, **more)
        yield row(f"{name} {why}: made again, it tells what is there", False, [mine], {**quiet, "watch": pure(m(None, OK), m(None, bad))}, happens, **more)
    yield row("something changed before the look", True, [mine], quiet, call("act", "watch"))
    yield row("the look failed", False, [mine], {**quiet, "watch": pure(lost("failed", "tool_error"))}, call("watch"))
    yield row("the look got lost", False, [mine], {**quiet, "watch": changing("unsafe", [lost()])}, call("watch"), more={"on_unknown": "assume_done"})
    yield row("the look was at other arguments", False, [when(ABSENT, **{"from": {"tool": "watch", "args": {"env": "prod"}}})], quiet, call(("watch", {"env": "staging"})))
    yield row("the look was at these arguments", True, [when(ABSENT, **{"from": {"tool": "watch", "args": {"env": "prod"}}})], quiet, call(("watch", {"env": "prod"})))
    yield row("one of two sources was looked at", False, [when(ABSENT, **{"from": ["watch", "other"]})], quiet, call("watch"))
    yield row("two of two sources were looked at", True, [when(ABSENT, **{"from": ["watch", "other"]})], quiet, call("watch", "other"))
    yield row("a pattern of sources, one of which was looked at", False, [when(ABSENT, **{"from": "w*"})], quiet, call("watch"))
    yield row("the script was to tell, and a tool of no name of its own did", False, [when(ABSENT, **{"from": "script"})], quiet, call("watch"))
    yield row("the script told nothing of it", True, [when(ABSENT, **{"from": "script"})], quiet, script(), scripts={"s": (Step(events=(OK,)),)})
    yield row("the script told of it", False, [when(ABSENT, **{"from": "script"})], quiet, script(), scripts={"s": (Step(events=(ERROR,)),)})
    yield row("something changed after the script had told", False, [when(ABSENT, **{"from": "script"})], quiet, script(), scripts={"s": (calls("act", n=1), Step())})
    yield row("an advisor's script told nothing of it", False, [when(ABSENT, **{"from": "script"})], quiet, call("other"), scripts={"s": (Step(events=(OK,)),)}, advice={1: script()}, more={"scripts": "allowed"})
    yield row("in a group", False, [group("any_of", when(ABSENT), at_least(2))], {**quiet, "look": pure(*n(1))}, call("look"))
    yield row("a condition that would end the mission is not met by what nobody looked at", True, [when(ABSENT, abort_when_met=True, required=False) | {"id": "harm"}, did("other")], quiet, call("other"))
    yield row("a condition that ends the mission is met by what was looked at", False, [when(ABSENT, abort_when_met=True, required=False, probe={"tool": "watch"}) | {"id": "harm"}, did("other")], quiet, call("other"), reason="guard_broken")


def _present(quiet: dict[str, Tool]) -> Iterator[Row]:
    """An event that is there needs nobody else to be asked."""
    there = {
        "any": "any(e['name'] == 'ok' for e in obs['events'])",
        "any of a list": "any([e['name'] == 'ok' for e in obs['events']])",
        "any with a condition": "any(True for e in obs['events'] if e['name'] == 'ok')",
        "any that is not another": "any(e['name'] != 'error' for e in obs['events'])",
        "a count": "len([e for e in obs['events'] if e['name'] == 'ok']) >= 1",
        "a count of all": "len(obs['events']) > 0",
        "both": "any(e['name'] == 'ok' for e in obs['events']) and obs['iteration'] >= 0",
        "one of two": "any(e['name'] == 'no' for e in obs['events']) or any(e['name'] == 'ok' for e in obs['events'])",
        "by get": "any(e['name'] == 'ok' for e in obs.get('events', []))",
    }
    for name, expression in there.items():
        yield row(f"an event that is there: {name}", True, [when(expression)], quiet, call("watch"))
        yield row(f"an event that is not there: {name}", False, [when(expression)], {"idle": pure(m())}, call("idle"))
    yield row("a metric by get", True, [when("obs.get('metrics', {}).get('n', 0) >= 1")], {"look": pure(*n(1))}, call("look"))
    yield row("a stale metric by get", False, [when("obs.get('metrics', {}).get('n', 1) >= 1")], {"look": changing("keyed", n(1)), "act": changing()}, call("look", "act"))


def _made_names() -> Iterator[Row]:
    """Metrics under names that only the expression knows: a default, or `in`, would hide that one was never measured."""
    tools = {"look": pure(m(other=9)), "all": pure(m(other=9, n=0, k=0))}
    forms = {
        "a default in all": "all(obs['metrics'].get(name, 0) < 5 for name in ['n', 'k'])",
        "a default in not any": "not any(obs['metrics'].get(name, 0) >= 5 for name in ['n', 'k'])",
        "a name that is computed": "obs['metrics'].get('n' + '', 0) < 5",
        "a lookup that is handed on": "all(v < 5 for v in map(lambda name: (obs['metrics'].get)(name, 0), ['n', 'k']))",
        "a filter": "all(obs['metrics'][name] < 5 for name in ['n', 'k'] if name in obs['metrics'])",
        "a filter the other way": "all(name not in obs['metrics'] or obs['metrics'][name] < 5 for name in ['n', 'k'])",
        "an operator": "({'n': 0, 'k': 0} | obs['metrics'])['n'] < 5",
        "spread": "{**{'n': 0}, **obs['metrics']}['n'] < 5",
        "a copy": "obs['metrics'].copy().get('n', 0) < 5",
        "a dict": "dict(obs['metrics']).get('n', 0) < 5",
        "a walrus": "(m := obs['metrics']).get('n', 0) < 5",
        "an alias": "(lambda m: m.get('n', 0))(obs['metrics']) < 5",
        "a set": "all(obs['metrics'][k] < 5 for k in set(['n', 'k']) & set(obs['metrics']))",
        "a filter of items": "sum(v for k, v in obs['metrics'].items() if k.startswith('n')) == 0",
        "a filter of names": "len([k for k in obs['metrics'] if k == 'n' and obs['metrics'][k] > 5]) == 0",
        "by get twice": "all(obs.get('metrics', {}).get(name, 0) < 5 for name in ['n', 'k'])",
    }
    for name, expression in forms.items():
        yield row(f"made names, not measured: {name}", False, [when(expression)], tools, call("look"))
        yield row(f"made names, measured, by nobody in particular: {name}", False, [when(expression)], tools, call("all"))
        yield row(f"made names with from: {name}", True, [when(expression, **{"from": "all"})], tools, call("all"))
        yield row(f"made names with from, another looked: {name}", False, [when(expression, **{"from": "all"})], tools, call("look"))
        yield row(f"made names with a probe: {name}", True, [when(expression, probe={"tool": "all"})], tools, call("look"))
    for name, expression in {
        "not in": "'n' not in obs['metrics']",
        "not in, under a quantifier": "any('n' not in obs['metrics'] for i in [1])",
        "not in a history": "'n' not in obs['history']",
    }.items():
        yield row(f"a name that must be missing: {name}", False, [when(expression)], tools, call("look"))
    wild = when("all(obs['metrics'].get(name, 0) < 5 for name in ['n', 'k'])", **{"from": "l*"})
    yield row("a pattern does not say who must have looked", False, [wild], tools, call("look"))
    plain = "all(obs['metrics'][name] < 5 for name in ['n', 'k'])"
    yield row("made names that must be there", True, [when(plain)], tools, call("all"))
    yield row("made names that must be there, and are not", False, [when(plain)], tools, call("look"))


def _defaults() -> Iterator[Row]:
    """A default for events, results or metrics that are not there makes none of them be there."""
    forms = {
        "events": "any(e['ok'] for e in obs['events'] or [{'ok': True}])",
        "a count of events": "len(obs['events'] or [1]) >= 1",
        "any event": "any(1 for e in obs['events'] or [1])",
        "another loop around": "any(True for z in [1] for e in obs['events'] or [1])",
    }
    for name, expression in forms.items():
        yield row(f"a default for {name}", False, [when(expression)], {"look": pure(*n(1))}, call("look"))
    empty = when("any(e['name'] == 'ok' for e in obs.get('events') or [])")
    yield row("an empty default for events", True, [empty], {"look": pure(m({}, OK))}, call("look"))


def _looks_inside_results() -> Iterator[Row]:
    """A stale result has no value; whatever may look at it must not take that for an answer."""
    tools = {"look": pure(m("err err")), "act": changing()}
    forms = {
        "its text": "any(r['tool'] == 'look' and 'err' not in str(r) for r in obs['tool_results'])",
        "its text by place": "'err' not in str(obs['tool_results'][0])",
        "its text by place from the end": "'err' not in str(obs['tool_results'][-2])",
        "its size": "len(obs['tool_results'][0]) < 9",
        "a count of texts": "len([r for r in obs['tool_results'] if 'err' not in str(r)]) >= 2",
        "all texts at once": "'err' not in str(obs['tool_results']) and len(obs['tool_results']) >= 1",
        "a name for one": "any('err' not in str(s) for r in obs['tool_results'] for s in [r] if s['tool'] == 'look')",
    }
    for name, expression in forms.items():
        yield row(f"a stale result: {name}", False, [when(expression)], tools, call("look", "act"))
    seen = when("any(r['tool'] == 'look' and r['state'] == 'done' for r in obs['tool_results'])")
    yield row("which calls there were", True, [seen], tools, call("look", "act"))


def _histories() -> Iterator[Row]:
    """A history is of the producer whose value counts now, also where that value is no number."""
    grows = when("len(obs['history']['n']) >= 2")
    tools = {"one": pure(*n(1, 2)), "two": pure(m(n=True))}
    yield row("a history of two points", True, [grows], tools, call("one"), call("one"))
    yield row("a history of another than the value that counts", False, [grows], {**tools, "act": changing()}, call("one"), call("one", "act", "two"))


def _context() -> Iterator[Row]:
    """What context calls report is no evidence, whoever asks for it."""
    tools = {"look": pure(m({"n": 1}, OK, n=1)), "idle": pure(m())}
    asks: dict[str, Fields] = {
        "a threshold": at_least(),
        "a threshold of that tool": at_least(**{"from": "look"}),
        "a trend": {"id": "goal", "kind": "metric_trend", "metric": "n", "direction": "flat", "min_points": 2},
        "an event": event(),
        "a predicate on all": when("all(v >= 1 for v in obs['metrics'].values())"),
        "a predicate on its value": when("obs['tool_results'][0]['value']['n'] >= 1"),
        "a missing event of that tool": when(ABSENT, **{"from": "look"}),
        "a count of calls": did("look"),
        "a path": at_least(metric="tool_results.0.value.n"),
    }
    often: Fields = {"context": [{"tool": "look", "every": 1}]}
    for name, criterion in asks.items():
        yield row(f"{name}, measured as context", False, [criterion], tools, call("idle"), call("idle"), call("idle"), more=often)
    yield row("a probe with the same call as context", True, [at_least(probe={"tool": "look"})], tools, call("idle"), more=often)
    yield row("context makes nothing stale", True, [at_least(**{"from": "act"})], {**tools, "act": changing("keyed", n(1))}, call("act"), more=often)
    yield row("a condition that context would meet ends nothing", True, [at_least(abort_when_met=True, required=False) | {"id": "harm"}, did("idle")], tools, call("idle"), more=often)
