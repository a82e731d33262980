"""Find what is wrong with sandboxed source before it runs: syntax, unknown names, tool calls that would do nothing."""

from __future__ import annotations

import ast
import builtins
import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from journeyman.mission.values.errors import Problem

_BUILTINS: Final = frozenset(dir(builtins)) - {"open", "input", "exit", "quit", "compile", "globals", "locals", "vars"}
_MISSION: Final = ("event", "observe")


def nearest_hint(word: str, words: Iterable[str]) -> str:
    """` (nearest: …)` for the closest of `words`, or nothing."""
    close = difflib.get_close_matches(word, list(words), n=1, cutoff=0.5)
    return f" (nearest: {close[0]})" if close else ""


def expression_problems(source: str, source_bytes: int) -> tuple[Problem, ...]:
    """What is wrong with a predicate: not one expression, too long, or names it cannot have."""
    problem = size_problem(source, "expression", source_bytes)
    if problem is not None:
        return (problem,)
    try:
        tree = _expression(source)
    except SyntaxError as error:
        at = f" at column {error.offset}" if error.offset else ""
        return (Problem(where="expression", message=f"{error.msg}{at}", line=error.lineno),)
    except (ValueError, RecursionError, MemoryError) as error:
        reason = str(error) or "nested too deeply"
        return (Problem(where="expression", message=f"cannot be parsed: {reason}"),)
    return tuple(_unknown_names(tree, "expression", {"obs"}))


def _expression(source: str) -> ast.Expression:
    try:
        return ast.parse(source.strip(), mode="eval")
    except SyntaxError:
        # Over several lines it is an expression only inside parentheses, which must then enclose all of it.
        tree = ast.parse(f"(\n{source}\n)", mode="eval") if "\n" in source else None
        if tree is None or tree.body.lineno == 1:
            raise
        return ast.increment_lineno(tree, -1)


def script_problems(source: str, tools: Mapping[str, str]) -> tuple[Problem, ...]:
    """What is wrong with a script that the sandbox itself can parse; `tools` maps script names to tool names."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()  # The sandbox speaks a newer Python than this process may; what it parsed is good.
    found = [*_unknown_names(tree, "script", {*tools, "mission"}), *_call_problems(tree, set(tools))]
    return tuple(sorted(found, key=lambda problem: problem.line or 0))


def size_problem(source: str, where: str, allowed: int) -> Problem | None:
    """The problem of a source with more than `allowed` bytes of UTF-8, or with text that has no UTF-8 form."""
    try:
        size = len(source.encode())
    except UnicodeEncodeError:
        return Problem(where=where, message="holds a lone surrogate, which no text file can")
    if size <= allowed:
        return None
    return Problem(where=where, message=f"has {size:,} bytes; at most {allowed:,} are allowed")


def _unknown_names(tree: ast.AST, where: str, given: set[str]) -> Iterator[Problem]:
    known = given | _BUILTINS | set(_bound(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in known:
            hint = nearest_hint(node.id, known - _BUILTINS) or nearest_hint(node.id, known)
            yield Problem(
                where=where,
                message=f"{node.id!r} is not defined at column {node.col_offset + 1}{hint}",
                line=node.lineno,
            )


def _bound(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).split(".")[0]
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
            yield node.name


def _call_problems(tree: ast.AST, tools: set[str]) -> Iterator[Problem]:
    tools = tools - set(_bound(tree))
    lazy = tools | {node.name for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and _name(node.value) in lazy:
            message = f"{_name(node.value)}(...) is never awaited; write `await {_name(node.value)}(...)`"
            yield Problem(where="script", message=message, line=node.lineno)
        if isinstance(node, ast.Call) and node.args and _name(node) in tools:
            message = f"{_name(node)} takes keyword arguments only; write each one as name=value"
            yield Problem(where="script", message=message, line=node.lineno)
        if isinstance(node, ast.Attribute) and _is_mission(node.value) and node.attr not in _MISSION:
            message = f"mission has no {node.attr!r}; it has observe(key, value) and event(name, **fields)"
            yield Problem(where="script", message=message, line=node.lineno)


def _is_mission(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "mission"


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""
