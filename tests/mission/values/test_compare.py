"""Comparing JSON values: one rule, held to a slow reference."""

from __future__ import annotations

from decimal import Decimal
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyman.mission.values.canonical import Json, checked
from journeyman.mission.values.compare import Operator, compare, number_of

OPERATORS: tuple[Operator, ...] = get_args(Operator)


def kind(value: Json) -> str:
    """The type of a value, in the words of the rule."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        digits = value.removeprefix("-")
        plain = digits != "" and all(one in "0123456789" for one in digits) and not digits.startswith("0")
        return "number" if plain and len(digits) <= 4300 and abs(Decimal(value)) > 2**53 - 1 else "text"
    return "list" if isinstance(value, list) else "object"


def equal(left: Json, right: Json) -> bool:
    """Compare the slow, obvious way."""
    if kind(left) != kind(right):
        return False
    match kind(left):
        case "number":
            return Decimal(left) == Decimal(right)  # pyright: ignore[reportArgumentType]
        case "list":
            assert isinstance(left, list)
            assert isinstance(right, list)
            return len(left) == len(right) and all(equal(a, b) for a, b in zip(left, right, strict=True))
        case "object":
            assert isinstance(left, dict)
            assert isinstance(right, dict)
            return set(left) == set(right) and all(equal(left[key], right[key]) for key in left)
        case _:
            return left == right


def reference(op: Operator, left: Json, right: Json) -> bool | None:
    """What `compare` must give."""
    if op == "==":
        return equal(left, right)
    if op == "!=":
        return not equal(left, right)
    if kind(left) != kind(right) or kind(left) not in {"number", "text"}:
        return None
    pair = [left, right] if kind(left) == "text" else [Decimal(left), Decimal(right)]  # pyright: ignore[reportArgumentType]
    return eval(f"a {op} b", {"a": pair[0], "b": pair[1]})  # noqa: S307 - one of six operators


LARGE = st.integers(2**53 - 2, 2**70).map(str) | st.integers(-(2**70), -(2**53) + 2).map(str)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.integers(2**53 - 3, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([float(2**53), float(2**60), -0.0, 0.5, "", "1", "true", "10", "9", "٣" * 17, "0" * 20])
    | st.text(max_size=2)
    | LARGE
)
VALUES: st.SearchStrategy[Json] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)


@given(st.sampled_from(OPERATORS), VALUES, VALUES)
def test_compare_agrees_with_the_slow_reference(op: Operator, left: Json, right: Json) -> None:
    """All kinds of pairs, and each value with itself."""
    assert compare(op, left, right) is reference(op, left, right)
    assert compare(op, left, left) is reference(op, left, left)


@given(st.integers(-(2**80), 2**80), st.integers(-(2**80), 2**80), st.sampled_from(OPERATORS))
def test_integers_of_any_size_compare_as_numbers_in_the_form_they_are_kept_in(a: int, b: int, op: Operator) -> None:
    """What `checked` makes of them does not change their order."""
    assert compare(op, checked(a), checked(b)) is eval(f"{a} {op} {b}")  # noqa: S307 - integers and one of six operators
    assert number_of(checked(a)) == a


@pytest.mark.parametrize(
    ("left", "op", "right", "holds"),
    [
        (True, "==", 1, False),
        (True, "!=", 1, True),
        (True, "<", 2, None),
        (False, "<", True, None),
        ("10", "<", "9", True),
        ("10", "<", 9, None),
        ("10", "==", 10, False),
        (1, "==", 1.0, True),
        (None, "==", None, True),
        (None, "<", 1, None),
        ([1, [2.0]], "==", [1.0, [2]], True),
        ([True], "==", [1], False),
        ({"a": 1}, "<", {"a": 2}, None),
        ("9007199254740993", ">", 9007199254740992.0, True),
        ("9007199254740993", "==", "9007199254740993", True),
        ("9007199254740993", "<", "x", None),
    ],
)
def test_the_rule_by_example(left: Json, op: Operator, right: Json, holds: bool | None) -> None:  # noqa: FBT001 - a table
    """The cases that plain Python gets wrong."""
    assert compare(op, left, right) is holds


def test_values_nested_deeper_than_calls_compare() -> None:
    """Nothing from outside may raise here."""
    deep: list[Json] = [None, None]
    for side in range(2):
        value: Json = 1
        for _ in range(20_000):
            value = [value]
        deep[side] = value
    assert compare("==", deep[0], deep[1]) is True
