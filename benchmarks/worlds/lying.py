"""Tools that answer what no tool should."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from typing import Any


def good() -> str:
    """Answer as one should."""
    return "good"


def _loop() -> list[Any]:
    loop: list[Any] = []
    loop.append(loop)
    return loop


def _deep(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def _raise(error: BaseException) -> object:
    raise error


def _recurse() -> object:
    return _recurse()


class _Unshown(Exception):
    def __repr__(self) -> str:
        raise ValueError("not to be shown")

    __str__ = __repr__


ANSWERS: dict[str, Callable[[], object]] = {
    "nan": lambda: math.nan,
    "infinity": lambda: {"a": [math.inf]},
    "an object": object,
    "a class": lambda: int,
    "a generator": lambda: (n for n in range(3)),
    "bytes": lambda: b"\xff\x00",
    "a set": lambda: {1, 2},
    "a date": lambda: dt.date(2026, 1, 1),
    "complex": lambda: 1j,
    "a list in itself": _loop,
    "deep": lambda: _deep(5000),
    "deeper than kept": lambda: _deep(101),
    "a lone surrogate": lambda: "\ud800",
    "a lone surrogate as key": lambda: {"\udfff": 1},
    "a number as key": lambda: {1: 2},
    "a tuple as key": lambda: {(1, 2): 3},
    "none as key": lambda: {None: 1},
    "a huge integer": lambda: 10**6000,
    "a large integer": lambda: 2**80,
    "a huge text": lambda: "x" * (5 << 20),
    "a huge list": lambda: list(range(500_000)),
    "metrics that are a list": lambda: {"metrics": [1]},
    "metrics that are nan": lambda: {"metrics": {"m": math.nan}},
    "metrics with odd names": lambda: {"metrics": {"": 1, "a.b": 2, "x" * 5000: 3}},
    "ten thousand metrics": lambda: {"metrics": {f"m{n}": n for n in range(10_000)}},
    "events that are an object": lambda: {"events": {"name": "x"}},
    "events without a name": lambda: {"events": [{}, 7, None, {"name": 7}]},
    "ten thousand events": lambda: {"events": [{"name": "x"}] * 10_000},
    "an event that looks like a blob": lambda: {"$blob": "0" * 64, "bytes": 3},
    "a blob inside": lambda: {"a": {"$blob": "../../etc/passwd"}},
    "an error envelope": lambda: {"error": {"message": "no"}},
    "an error envelope of another kind": lambda: {"isError": True, "content": []},
    "a traceback": lambda: _raise(ValueError("line one\nTraceback (most recent call last):\n  boom")),
    "an exception without words": lambda: _raise(RuntimeError()),
    "an exception that cannot be shown": lambda: _raise(_Unshown()),
    "an exit": lambda: _raise(SystemExit(3)),
    "a recursion": _recurse,
    "no memory": lambda: _raise(MemoryError()),
    "a stop": lambda: _raise(StopIteration()),
    "a cancel": lambda: _raise(__import__("asyncio").CancelledError()),
    "a group": lambda: _raise(ExceptionGroup("two", [ValueError(), TypeError()])),
    "an interrupt": lambda: _raise(KeyboardInterrupt()),
    "an object whose repr fails": _Unshown,
    "a text of JSON that is not finite": lambda: '{"metrics": {"m": NaN}}',
    "nothing": lambda: None,
    "control characters": lambda: "\x00\x1b[31m\x07",
}


def lie(answer: str) -> Any:
    """Answer what is asked for.

    Args:
        answer: Which answer.
    """
    return ANSWERS[answer]()
