"""What an expression over `obs` looks at, read from its syntax tree; whatever is not plain counts as everything."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeGuard

_FACTS: Final = frozenset({"counts", "errors", "iteration"})


@dataclass(frozen=True, slots=True)
class ExpressionUses:
    """The parts of an observation that an expression may look at."""

    metrics: frozenset[str] | None
    """Names of metrics, `None` for all of them."""
    results: frozenset[int] | None
    """Places of results, `None` for all of them."""
    events: bool
    values: bool = True
    """Whether it may look at the values of results, and not only at which calls there were."""
    absence: bool = False
    """Whether it may be true because an event, a result, or a metric under a name that it makes itself, is missing."""

    @property
    def evidence(self) -> bool:
        """Whether it looks at anything that must be fresh."""
        return self.metrics is None or bool(self.metrics) or self.results is None or bool(self.results) or self.events


_ALL: Final = ExpressionUses(metrics=None, results=None, events=True, absence=True)


@lru_cache(maxsize=1024)
def uses(expression: str) -> ExpressionUses:
    """What an expression looks at.

    `obs['metrics']['NAME']` and `obs['metrics'].get('NAME', …)` name a metric, in `obs['history']` alike; any other use
    of these two may look at every metric, any other use of `obs` at everything. `obs['tool_results'][PLACE]` is one
    result, any other use may look at all. `any(… for e in obs['events'])` and `len(…) >= 1`, joined by `and` and `or`,
    ask for an event that is there; any other use of events may ask for one that is not. The same forms tell results apart.
    """
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return _ALL
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    names: set[str] = set()
    places: set[int] = set()
    every = results = events = absence = False
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Name) and node.id == "obs"):
            continue
        root, part = _root(parents, node)
        if root is None or part is None:
            return _ALL
        if isinstance(default := parents.get(part), ast.BoolOp) and isinstance(default.op, ast.Or):
            part = default if default.values[0] is part else part  # `(obs.get('metrics') or {})`
        if root in ("metrics", "history"):
            name = _named(parents, part)
            every = every or name is None
            names |= {name} if name is not None else set()
        elif root == "tool_results":
            place = _place(parents.get(part), part)
            results = results or place is None
            absence = absence or (place is None and not _asks_for_presence(parents, part))
            places |= {place} if place is not None else set()
        elif root == "events":
            events = True
            absence = absence or not _asks_for_presence(parents, part)
        elif root not in _FACTS:
            return _ALL
    absence = absence or (every and _makes_names(tree))
    return ExpressionUses(
        metrics=None if every else frozenset(names),
        results=None if results else frozenset(places),
        events=events,
        values=_looks_inside(tree),
        absence=absence,
    )


def _root(parents: dict[ast.AST, ast.AST], node: ast.AST) -> tuple[str | None, ast.AST | None]:
    """The part of the observation that `obs[...]` or `obs.get(...)` is, and that expression."""
    outer = parents.get(node)
    name = _named(parents, node)
    return name, parents.get(outer) if isinstance(outer, ast.Attribute) else outer


def _asks_for_presence(parents: dict[ast.AST, ast.AST], events: ast.AST) -> bool:
    """Tell whether an event that is missing can only make the expression false, as far as its form says so."""
    at, outer = events, parents.get(events)
    if isinstance(outer, ast.comprehension) and outer.iter is events:
        at = parents[outer]
        outer = parents.get(at)
    if not (isinstance(outer, ast.Call) and isinstance(outer.func, ast.Name) and outer.args == [at]):
        return False
    top: ast.AST = outer
    if outer.func.id == "len":
        compared = parents.get(outer)
        if not _is_at_least(compared, outer):
            return False
        top = compared
    elif outer.func.id != "any" or not isinstance(at, (ast.GeneratorExp, ast.ListComp)):
        return False
    while isinstance(above := parents.get(top), ast.BoolOp):
        top = above
    return isinstance(above, ast.Expression)


def _is_at_least(node: ast.AST | None, count: ast.AST) -> TypeGuard[ast.Compare]:
    return (
        isinstance(node, ast.Compare)
        and node.left is count
        and len(node.ops) == 1
        and isinstance(node.ops[0], (ast.Gt, ast.GtE))
        and isinstance(node.comparators[0], ast.Constant)
    )


def _makes_names(tree: ast.AST) -> bool:
    """Tell whether a name that is no literal is looked up with a default, or asked for with `in`.

    Which metrics must be there is then known to nobody but the expression, and it says nothing of those that are not.
    """
    plain = {
        node.func
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)
    }
    return any(
        (isinstance(node, ast.Attribute) and node.attr == "get" and node not in plain)
        or (
            isinstance(node, ast.Compare)
            and not isinstance(node.left, ast.Constant)
            and any(isinstance(operator, (ast.In, ast.NotIn)) for operator in node.ops)
        )
        for node in ast.walk(tree)
    )


def _looks_inside(tree: ast.AST) -> bool:
    """Tell whether the key `value` occurs, or a walk over values: a stale result has none, and a default would hide it."""
    return any(
        (isinstance(node, ast.Constant) and node.value == "value")
        or (isinstance(node, ast.Attribute) and node.attr in ("values", "items"))
        for node in ast.walk(tree)
    )


def _key(node: ast.AST | None, inner: ast.AST) -> str | None:
    """The text by which `inner[...]` is looked up."""
    if isinstance(node, ast.Subscript) and node.value is inner:
        key = node.slice
        return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else None
    return None


def _place(node: ast.AST | None, inner: ast.AST) -> int | None:
    """The number by which `inner[...]` is looked up."""
    if not (isinstance(node, ast.Subscript) and node.value is inner):
        return None
    try:
        place = ast.literal_eval(node.slice)
    except ValueError:
        return None
    return place if type(place) is int else None


def _named(parents: dict[ast.AST, ast.AST], part: ast.AST) -> str | None:
    outer = parents.get(part)
    if isinstance(outer, ast.Attribute) and outer.attr == "get" and outer.value is part:
        call = parents.get(outer)
        if isinstance(call, ast.Call) and call.func is outer and call.args:
            first = call.args[0]
            return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None
        return None
    return _key(outer, part)
