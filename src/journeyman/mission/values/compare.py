"""Comparing JSON values: numbers are one type, nothing else is equal or ordered across types."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, TypeAlias

from journeyman.mission.values.canonical import MAX_SAFE_INTEGER, Json

Operator: TypeAlias = Literal["<", "<=", ">", ">=", "==", "!="]
_OPERATORS: Final[Mapping[Operator, Callable[[Any, Any], bool]]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
_LARGE_INTEGER: Final = re.compile(r"-?[1-9][0-9]{15,4299}")


def number(value: Json) -> int | float | None:
    """Give a JSON number; `None` for everything else, booleans too.

    Integers beyond 2^53 - 1 are kept as decimal text (`docs/design/003`) and are numbers here.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, str) and _LARGE_INTEGER.fullmatch(value) is not None:
        large = int(value)
        return large if abs(large) > MAX_SAFE_INTEGER else None
    return None


def equal(left: Json, right: Json) -> bool:
    """Tell whether two values are the same JSON value: `true` is not 1, 1 is 1.0, objects and lists by their parts."""
    one, other = number(left), number(right)
    if one is not None or other is not None:
        return one is not None and other is not None and one == other
    if isinstance(left, dict):
        return isinstance(right, dict) and left.keys() == right.keys() and all(equal(left[k], right[k]) for k in left)
    if isinstance(left, list):
        return isinstance(right, list) and len(left) == len(right) and all(map(equal, left, right))
    return type(left) is type(right) and left == right


def compare(op: Operator, left: Json, right: Json) -> bool | None:
    """Tell whether `left op right`; `None` where the two have no order, as a text and a number have none."""
    if op in ("==", "!="):
        return equal(left, right) is (op == "==")
    one, other = number(left), number(right)
    if one is not None and other is not None:
        return _OPERATORS[op](one, other)
    if one is None and other is None and isinstance(left, str) and isinstance(right, str):
        return _OPERATORS[op](left, right)
    return None
