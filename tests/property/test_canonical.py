"""One byte form for every JSON value, and nothing that is no JSON gets in."""

from __future__ import annotations

import json
import math
from typing import cast

import pytest
import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from journeyman.mission.values.canonical import (
    MAX_DEPTH,
    MAX_SAFE_INTEGER,
    Json,
    NotJson,
    canonical,
    checked,
    digest_of,
    parsed,
)

texts = st.text() | st.text(st.sampled_from('aé\u2028\ud7ff\ue000\uffff\U00010000\U0010ffff\x00\x1f\x7f"\\/e+-19.'))
keys = texts.filter(lambda key: key != "$blob")  # the one key that is ours
floats = st.floats(allow_nan=False, allow_infinity=False)
numbers = (
    st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER) | floats | st.sampled_from([1e16, 1e20, 1e21, 1e-5, 1e-7, -0.0])
)
scalars = st.none() | st.booleans() | numbers | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=20
)


@given(values)
@example({"\ue000": 1, "\U00010000": 2})
@example([1e16, 1e-7, "1e+5"])
@example([2.0**53, -(2.0**53)])
@settings(max_examples=600)
def test_the_bytes_are_those_of_rfc_8785(value: object) -> None:
    """The fast encoder may never differ from the reference."""
    plain = checked(value)
    assert canonical(plain) == rfc8785.dumps(plain)


@given(values)
@example([1e16, 1e-7])
@example([1.2345678901234567e20, 5e-324])
@settings(max_examples=600)
def test_reading_the_bytes_and_writing_them_again_changes_nothing(value: object) -> None:
    """Records are checked by people who only have the bytes."""
    once = canonical(checked(value))
    assert canonical(cast("Json", json.loads(once))) == once


@given(values)
@example({"": 4.463664095653922e16})
@settings(max_examples=600)
def test_what_is_read_is_what_was_kept(value: object) -> None:
    """Replayable decide on equal values."""
    plain = checked(value)
    assert parsed(canonical(plain)) == plain
    assert checked(parsed(canonical(plain))) == plain


@given(values)
def test_checking_twice_is_checking_once(value: object) -> None:
    """What was let in stays as it is."""
    plain = checked(value)
    assert checked(plain) == plain


@given(st.dictionaries(keys, scalars, min_size=2, max_size=6))
def test_the_order_of_keys_does_not_count(value: dict[str, object]) -> None:
    """Equal objects have equal digests."""
    backwards = dict(reversed(value.items()))
    assert digest_of(checked(value)) == digest_of(checked(backwards))


@given(values, st.sampled_from([math.nan, math.inf, -math.inf, "\ud800", b"bytes", {1}, object(), 1j, {1: "key"}]))
def test_what_json_does_not_know_is_refused_wherever_it_stands(value: object, wrong: object) -> None:
    """A value is let in whole or not at all, and the text says where it is wrong."""
    for place in ([value, wrong], {"a": [wrong]}, {"a": value, "b": {"c": wrong}}, wrong):
        with pytest.raises(NotJson, match=r"^\$"):
            checked(place)


def test_keys_with_lone_surrogates_are_refused() -> None:
    """A key that cannot be written as UTF-8 would break the record."""
    with pytest.raises(NotJson, match="surrogate"):
        checked({"\udfff": 1})


def test_nesting_is_bounded() -> None:
    """Deep values stop at the border, cycles included."""
    deep: list[object] = []
    for _ in range(MAX_DEPTH - 1):
        deep = [deep]
    assert checked(deep) == deep
    with pytest.raises(NotJson, match="deeper"):
        checked([deep])
    cycle: list[object] = []
    cycle.append(cycle)
    with pytest.raises(NotJson, match="deeper"):
        checked(cycle)


@pytest.mark.parametrize(
    ("given_value", "wanted"),
    [
        ((1, (2, 3)), [1, [2, 3]]),
        (2.0, 2),
        (-0.0, 0),
        (2**53, "9007199254740992"),
        (-(2**64), "-18446744073709551616"),
        (0.1, 0.1),
    ],
)
def test_near_json_becomes_json(given_value: object, wanted: object) -> None:
    """Tuples, whole floats and large integers take the form that every reader keeps."""
    plain = checked(given_value)
    assert (plain, type(plain)) == (wanted, type(wanted))


def test_endless_integers_are_refused() -> None:
    """Python refuses to print them, and so does the border."""
    with pytest.raises(NotJson, match="digits"):
        checked(10**5000)
