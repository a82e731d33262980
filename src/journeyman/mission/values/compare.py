"""Compare two JSON values under one rule, the same for thresholds, files and whatever else asks.

Numbers are one type: integers, floats, and the decimal text as which integers beyond 2^53 - 1 are kept
(`docs/design/003`). Nothing else is equal or ordered across types: `true` is not 1, and `"10"` is text.
"""

from __future__ import annotations

import math
import re
from typing import Final, Literal, TypeAlias

from journeyman.mission.values.canonical import MAX_SAFE_INTEGER, Json

Operator: TypeAlias = Literal["<", "<=", ">", ">=", "==", "!="]

_LARGE: Final = re.compile(r"-?[1-9][0-9]{15,4299}")
"""How `canonical.checked` writes an integer that JSON readers would round; 4,300 digits are the most it keeps."""


def compare(op: Operator, left: Json, right: Json) -> bool | None:
    """Whether `left op right` holds; `None` where the two cannot be compared.

    `==` and `!=` are always told: values of two types are not equal, lists and objects are compared member by member.
    Order is told for two numbers, and for two texts by code point; numbers are compared exactly, never as floats.
    """
    first, second = _number(left), _number(right)
    if first is not None and second is not None:
        return _ordered(op, (first > second) - (first < second))
    if op in {"==", "!="}:
        return equal(left, right) is (op == "==")
    if first is None and second is None and isinstance(left, str) and isinstance(right, str):
        return _ordered(op, (left > right) - (left < right))
    return None


def number_of(value: Json) -> int | float | None:
    """The number that a JSON value is, large integers kept as text too; `None` for everything else."""
    return _number(value)


def as_number(value: Json) -> Json:
    """A large integer that is kept as text as the number it is; every other value as it is."""
    number = _number(value) if isinstance(value, str) else None
    return value if number is None else number


def _number(value: Json) -> int | float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and _LARGE.fullmatch(value) is not None:
        number = int(value)
        return number if abs(number) > MAX_SAFE_INTEGER else None
    return None


def _ordered(op: Operator, sign: int) -> bool:
    match op:
        case "<":
            return sign < 0
        case "<=":
            return sign <= 0
        case ">":
            return sign > 0
        case ">=":
            return sign >= 0
        case "==":
            return sign == 0
        case "!=":
            return sign != 0


def equal(left: Json, right: Json) -> bool:
    """Say whether two values are equal; on a stack of its own, since values may be nested deeper than calls."""
    rest: list[tuple[Json, Json]] = [(left, right)]
    while rest:
        one, other = rest.pop()
        first, second = _number(one), _number(other)
        if first is not None or second is not None:
            if first is None or second is None or first != second:
                return False
        elif isinstance(one, dict) and isinstance(other, dict):
            if one.keys() != other.keys():
                return False
            rest.extend((one[key], other[key]) for key in one)
        elif isinstance(one, list) and isinstance(other, list):
            if len(one) != len(other):
                return False
            rest.extend(zip(one, other, strict=True))
        elif type(one) is not type(other) or one != other:
            return False
    return True
