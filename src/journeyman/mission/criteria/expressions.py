"""What an expression over `obs` looks at, read from its syntax tree; whatever is not plain counts as everything."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeGuard

_TAKERS: Final = frozenset({"all", "any", "max", "min"})
"""What asks something of each value that is there; a sum, like a count, tells how many there are."""
_WORDS: Final = _TAKERS | {
    "obs", "abs", "bool", "dict", "enumerate", "float", "int", "isinstance", "len", "list", "range", "reversed", "round",
    "set", "sorted", "str", "sum", "tuple", "zip",
}  # fmt: skip
"""Names that have a meaning of their own: functions that change nothing, and what is looked at."""
_METHODS: Final = frozenset({
    "count", "endswith", "find", "get", "index", "isdigit", "items", "join", "keys", "lower", "lstrip", "removeprefix",
    "removesuffix", "replace", "rsplit", "rstrip", "split", "splitlines", "startswith", "strip", "upper", "values",
})  # fmt: skip
_OTHER_FORMS: Final = (
    ast.Expression, ast.expr_context, ast.Constant, ast.Subscript, ast.Slice, ast.BoolOp, ast.boolop, ast.UnaryOp,
    ast.unaryop, ast.BinOp, ast.operator, ast.Compare, ast.cmpop, ast.IfExp, ast.List, ast.Tuple, ast.Dict, ast.Set,
    ast.comprehension, ast.JoinedStr, ast.FormattedValue,
)  # fmt: skip
_FACTS: Final = frozenset({"counts", "errors", "iteration"})


@dataclass(frozen=True, slots=True)
class ExpressionUses:
    """The parts of an observation that an expression may look at."""

    metrics: frozenset[str] | None
    """Names of metrics, `None` for all of them."""
    named: frozenset[str]
    """Those that it names, also where it looks at all: each must have been measured."""
    results: frozenset[int] | None
    """Places of results, `None` for all of them."""
    events: bool
    values: bool = True
    """Whether it may look at the values of results, and not only at which calls there were."""
    absence: bool = False
    """Whether it may be true because an event, a result, or a metric under a name that it makes itself, is missing."""
    plain: bool = True
    """Whether its form is one of those that are understood."""

    @property
    def evidence(self) -> bool:
        """Whether it looks at anything that must be fresh."""
        return self.metrics is None or bool(self.metrics) or self.results is None or bool(self.results) or self.events


_ALL: Final = ExpressionUses(metrics=None, named=frozenset(), results=None, events=True, absence=True, plain=False)


@lru_cache(maxsize=1024)
def uses(expression: str) -> ExpressionUses:
    """What an expression looks at.

    `obs['metrics']['NAME']`, `obs['metrics'].get('NAME', …)` and `'NAME' in obs['metrics']` name a metric, in
    `obs['history']` alike; any other use of these two may look at every metric, and may be true because one is missing,
    but for `obs['metrics'][…]`, whose names must be there, and `….values()`, or a `for` over them, under `all`, `any`, `max` or `min`.
    Any other use of `obs` may look at everything. `obs['tool_results'][PLACE]` is one result, any other use may look at
    all. `any(… for e in obs['events'])` and `len(…) >= 1`, joined by `and` and `or`, ask for an event that is there; any
    other use of events may ask for one that is not. The same forms tell results apart. An expression that gives one of
    these names another meaning may look at everything, and in one of which a step may leave something for another (`:=`,
    `append`, `next`) something missing may be what it finds.
    """
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return _ALL
    if not _is_plain(tree):
        return _ALL
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    names: set[str] = set()
    places: set[int] = set()
    every = results = events = absence = inside = False
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Name) and node.id == "obs"):
            continue
        root, part = _root(parents, node)
        if root is None or part is None:
            return _ALL
        part = _with_default(parents, part)
        if root in ("metrics", "history"):
            name = _named(parents, part) or _asked_for(parents.get(part), part)
            every = every or name is None
            absence = absence or not (name is not None or _asks_for_all(parents, part))
            names |= {name} if name is not None else set()
        elif root == "tool_results":
            place = _place(parents.get(part), part)
            results = results or place is None
            absence = absence or (place is None and not _asks_for_presence(parents, part))
            places |= {place} if place is not None else set()
            inside = inside or not (place is not None or _is_walked(parents, part))
        elif root == "events":
            events = True
            absence = absence or not _asks_for_presence(parents, part)
        elif root not in _FACTS:
            return _ALL
    return ExpressionUses(
        metrics=None if every else frozenset(names),
        named=frozenset(names),
        results=None if results else frozenset(places),
        events=events,
        values=inside or _looks_inside(tree, parents),
        absence=absence,
    )


def _is_plain(tree: ast.AST) -> bool:
    """Tell whether all words of an expression mean what they always do, and no step of it leaves something for another.

    The forms are listed that are known to be so: functions and methods that change nothing, under their own names, and
    loops over one thing with names of their own.
    """
    nodes = list(ast.walk(tree))
    called = {node.func for node in nodes if isinstance(node, ast.Call)}
    bound = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    known = bound | _WORDS
    return not bound & _WORDS and all(_is_known(node, known, called) for node in nodes)


def _is_known(node: ast.AST, names: set[str], called: set[ast.expr]) -> bool:
    match node:
        case ast.Name():
            return node.id in names
        case ast.Call():
            return isinstance(node.func, (ast.Name, ast.Attribute)) and not node.keywords
        case ast.Attribute():
            return node in called and node.attr in _METHODS
        case ast.GeneratorExp() | ast.ListComp() | ast.SetComp() | ast.DictComp():
            return len(node.generators) == 1 and not node.generators[0].is_async
        case _:
            return isinstance(node, _OTHER_FORMS)


def _root(parents: dict[ast.AST, ast.AST], node: ast.AST) -> tuple[str | None, ast.AST | None]:
    """The part of the observation that `obs[...]` or `obs.get(...)` is, and that expression."""
    outer = parents.get(node)
    name = _named(parents, node)
    return name, parents.get(outer) if isinstance(outer, ast.Attribute) else outer


@lru_cache(maxsize=1024)
def alternatives(expression: str) -> tuple[str, ...]:
    """The operands of the `or` that an expression is, each an expression; itself alone where it is none."""
    try:
        tree = ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return (expression,)
    if not _is_plain(tree):
        return (expression,)
    return tuple(ast.unparse(value) for value in _operands(tree))


@lru_cache(maxsize=1024)
def may_need_one_of(expression: str) -> frozenset[str]:
    """The metrics that an expression names where one of them may be enough for it to be true; empty where all are needed."""
    names = uses(expression).named
    nodes = ast.walk(ast.parse(expression.strip(), mode="eval")) if len(names) > 1 else ()
    free = any(isinstance(node, (ast.Or, ast.Not, ast.BitOr, ast.IfExp, ast.Call)) for node in nodes)
    return names if free else frozenset()


def _operands(tree: ast.expr) -> list[ast.expr]:
    if not (isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.Or)):
        return [tree]
    return [inner for value in tree.values for inner in _operands(value)]


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


def _with_default(parents: dict[ast.AST, ast.AST], part: ast.AST) -> ast.AST:
    """The part with an empty default behind it, as in `(obs.get('metrics') or {})`; any other default hides that it is empty."""
    outer = parents.get(part)
    if not (isinstance(outer, ast.BoolOp) and isinstance(outer.op, ast.Or) and outer.values[0] is part):
        return part
    empty = all(
        (isinstance(value, ast.Dict) and not value.keys)
        or (isinstance(value, (ast.List, ast.Tuple)) and not value.elts)
        for value in outer.values[1:]
    )
    return outer if empty else part


def _asked_for(outer: ast.AST | None, part: ast.AST) -> str | None:
    """The name in `'NAME' in part`: whether it is there is known once it has a fresh value."""
    if not (isinstance(outer, ast.Compare) and outer.comparators == [part] and isinstance(outer.left, ast.Constant)):
        return None
    name = outer.left.value
    return name if isinstance(outer.ops[0], (ast.In, ast.NotIn)) and isinstance(name, str) else None


def _asks_for_all(parents: dict[ast.AST, ast.AST], part: ast.AST) -> bool:
    """Tell whether names that are not there cannot be what makes it true: it takes those that are, or fails."""
    outer = parents.get(part)
    if isinstance(outer, ast.Subscript) and outer.value is part:
        return not isinstance(outer.slice, ast.Slice)  # a name that is missing is an error
    if not (isinstance(outer, ast.Attribute) and outer.attr == "values"):
        return _asks_for_presence(parents, part)
    call = parents.get(outer)
    if not (isinstance(call, ast.Call) and call.func is outer):
        return False
    taken: ast.AST = call
    above = parents.get(taken)
    if isinstance(above, ast.comprehension) and above.iter is call:
        taken = parents[above]
        above = parents.get(taken)
        if not isinstance(taken, (ast.GeneratorExp, ast.ListComp)):
            return False
    return (
        isinstance(above, ast.Call)
        and isinstance(above.func, ast.Name)
        and above.func.id in _TAKERS
        and above.args == [taken]
    )


def _is_walked(parents: dict[ast.AST, ast.AST], part: ast.AST) -> bool:
    """Tell whether rows are only counted, or taken one by one."""
    outer = parents.get(part)
    if isinstance(outer, ast.comprehension):
        return outer.iter is part
    return isinstance(outer, ast.Call) and isinstance(outer.func, ast.Name) and outer.func.id == "len"


def _looks_inside(tree: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    """Tell whether more of a result may be looked at than which call it was: a stale one has no value to be seen.

    Only a plain key other than `value` is known to be no look inside, of a result as of whatever else has a name.
    """
    for node in ast.walk(tree):
        outer = parents.get(node)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            if node.id == "obs" or (isinstance(outer, ast.Call) and outer.func is node):
                continue
            if _named(parents, node) in (None, "value"):
                return True
        elif (
            isinstance(node, ast.Subscript)
            and _key(node, node.value) is None
            and _named(parents, node) in (None, "value")
        ):
            return True
    return False


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
