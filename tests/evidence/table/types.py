"""Rule 6: numbers are one type, and nothing else is equal or ordered across types; only a boolean is a truth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.evidence.row_builders import at_least, call, did, event, m, pure, when
from tests.evidence.scenario import Fields, Row, Tool

RULE = "6 types"
BIG = 2**53


def row(
    name: str,
    completes: bool,  # noqa: FBT001  # a column of the table
    criteria: list[Fields],
    tools: dict[str, Tool],
    *plan: Fields,
    **more: Any,
) -> Row:
    """A row about types."""
    return Row(name=name, rule=RULE, completes=completes, criteria=criteria, tools=tools, plan=plan, **more)


def rows() -> Iterator[Row]:
    """The rows."""
    yield from _thresholds()
    yield from _events()
    yield from _predicates()
    yield from _untils()


def _thresholds() -> Iterator[Row]:
    odd: dict[str, Any] = {
        "true": True,
        "text": "1",
        "text that sorts behind": "9",
        "null": None,
        "a list": [1],
        "an object": {"value": 1},
        "empty text": "",
        "text with a blank": " 1 ",
        "NaN as text": "NaN",
        "infinity as text": "Infinity",
        "a fraction as text": "1.0",
        "an exponent as text": "1e0",
        "a sign as text": "+1",
    }
    for name, value in odd.items():
        for op in (">=", "==", "!="):
            target = 1 if op != "!=" else 5
            yield row(f"{name} is no number {op} {target}", False, [{**at_least(target), "op": op}], {"look": pure(m(n=value))}, call("look"))
    for value, op, target, met in (
        (1.0, "==", 1, True),
        (1, "==", 1.0, True),
        (0.1 + 0.2, "==", 0.3, False),
        (BIG + 1, "==", BIG - 1, False),
        (BIG + 1, ">", BIG - 1, True),
        (str(BIG + 3), ">", BIG - 1, True),
        (str(BIG + 1), "<", BIG - 1, False),
        (str(-BIG - 1), "<", -5, True),
        (-0.0, "==", 0, True),
        (10, ">", 9, True),
        (9, ">", 10, False),
    ):
        yield row(f"{value} {op} {target}", met, [{**at_least(target), "op": op}], {"look": pure(m(n=value))}, call("look"))
    yield row("a target that JSON readers would round", False, [at_least(BIG)], {"look": pure(m(n=1))}, call("look"), reason="refused")
    yield row("a target that is true", False, [at_least(True)], {"look": pure(m(n=1))}, call("look"), reason="refused")
    yield row("a target that is text", False, [at_least("1")], {"look": pure(m(n=1))}, call("look"), reason="refused")
    yield row("a target that is not finite", False, [at_least(float("-inf"))], {"look": pure(m(n=1))}, call("look"), reason="refused")
    trend: Fields = {"id": "goal", "kind": "metric_trend", "metric": "n", "direction": "increasing", "min_points": 2}
    yield row("a trend of texts", False, [trend], {"look": pure(m(n="1"), m(n="2"), m(n="3"))}, *([call("look")] * 3))
    yield row("a trend of truths", False, [trend], {"look": pure(m(n=False), m(n=True))}, *([call("look")] * 2))


def _events() -> Iterator[Row]:
    for wanted, came, met in (
        (1, True, False),
        (True, 1, False),
        (1, "1", False),
        ("1", 1, False),
        (0, False, False),
        (None, 0, False),
        (None, "", False),
        (1, 1.0, True),
        ("a", "a", True),
        ("a", "A", False),
        ([1], [True], False),
        ([1, 2], [2, 1], False),
        ({"a": 1}, {"a": True}, False),
        ({"a": 1}, {"a": 1.0}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        (BIG, BIG + 1, False),
    ):
        tools = {"look": pure(m(None, {"name": "ok", "job": came}))}
        yield row(f"an event with {came!r} where {wanted!r} is asked for", met, [event(where={"job": wanted})], tools, call("look"))
    yield row("an event without the field", False, [event(where={"job": 1})], {"look": pure(m(None, {"name": "ok"}))}, call("look"))
    yield row("an event without the field, and null asked for", False, [event(where={"job": None})], {"look": pure(m(None, {"name": "ok"}))}, call("look"))
    yield row("an event with one of two fields", False, [event(where={"a": 1, "b": 1})], {"look": pure(m(None, {"name": "ok", "a": 1}))}, call("look"))
    yield row("two events with one field each", False, [event(where={"a": 1, "b": 1})], {"look": pure(m(None, {"name": "ok", "a": 1}, {"name": "ok", "b": 1}))}, call("look"))


def _predicates() -> Iterator[Row]:
    for expression in (
        "1",
        "'yes'",
        "[0]",
        "{'a': 1}",
        "1.0",
        "obs['metrics']['n']",
        "obs['metrics']['n'] and 'yes'",
        "obs['metrics']",
        "len(obs['metrics'])",
        "None",
        "obs['metrics']['n'] or None",
        "'True'",
        "sum([True])",
        "obs['metrics']['absent'] >= 1",
        "obs['metrics']['n'] >= '1'",
        "1 / 0 > 0",
        "obs['metrics']['n'] >= 2",
    ):
        yield row(f"the predicate {expression}", False, [when(expression)], {"look": pure(m(n=1))}, call("look"))
        if expression != "obs['metrics']['n'] >= 2":
            yield row(f"the optional predicate {expression}", True, [when(expression, required=False), did("look")], {"look": pure(m(n=1))}, call("look"))
    for expression in ("True", "obs['metrics']['n'] == 1", "bool(obs['metrics']['n'])", "not obs['metrics']['n'] > 1"):
        yield row(f"the predicate {expression}", True, [when(expression)], {"look": pure(m(n=1))}, call("look"))


def _untils() -> Iterator[Row]:
    for until in ("1", "'yes'", "obs['metrics']['n']", "[1]", "None", "obs['metrics']['absent']", "1 / 0"):
        tools = {"look": pure(m(n=1)), "last": pure(m())}
        yield row(f"until {until} never ends", False, [did("last")], tools, call("look", until=until, sleep_s=1), call("last"))
    for until in ("True", "obs['metrics']['n'] == 1"):
        tools = {"look": pure(m(n=1)), "last": pure(m())}
        yield row(f"until {until} goes on", True, [did("last")], tools, call("look", until=until, sleep_s=1), call("last"))
