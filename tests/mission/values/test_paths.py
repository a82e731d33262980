"""Where two values differ first."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from journeyman.mission.values.canonical import canonical
from journeyman.mission.values.paths import at_path, first_difference

LEAVES = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, "a", "b"])
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)


def _seen(value: Any, path: str) -> object:
    try:
        return canonical(at_path(value, path))
    except KeyError:
        return "nothing"


@given(VALUES, VALUES)
def test_a_path_leads_to_what_differs(left: Any, right: Any) -> None:
    """Equal values have none; else what stands there differs, or stands in one of them alone."""
    path = first_difference(left, right)
    assert (path is None) == (canonical(left) == canonical(right))
    if path is not None:
        assert _seen(left, path) != _seen(right, path)


@given(VALUES)
def test_a_copy_differs_nowhere(value: Any) -> None:
    """Same values in other objects are the same."""
    assert first_difference(value, copy.deepcopy(value)) is None


def test_the_first_difference_is_named() -> None:
    """In the order of keys, then of items."""
    left: Any = {"a": [1, {"b": True}], "z": 1}
    assert first_difference(left, {"a": [1, {"b": 1}], "z": 2}) == "a.1.b"
    assert first_difference(left, {"a": [1], "z": 1}) == "a.1"
    assert first_difference(left, {"a": [1, {"b": True}]}) == "z"
    assert first_difference(left, []) == ""
