"""Faults of arguments' schemas, told in words; a schema that some value fits has none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyman.mission.model.argument_schema import schema_fault


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "intger"}, "'intger' names no type; did you mean 'integer'?"),
        ({"type": ["string", "nul"]}, "'nul' names no type; did you mean 'null'?"),
        ({"type": 3}, "3 names no type; there are string"),
        ({"type": "integer", "minimum": 3, "maximum": 2}, "`minimum` 3 is above `maximum` 2"),
        ({"type": "string", "minLength": 3, "maxLength": 2}, "`minLength` 3 is above `maxLength` 2"),
        ({"enum": []}, "`enum` is empty"),
        ({"type": "integer", "default": "x"}, "`default` 'x' is no integer"),
        ({"enum": ["a", "b"], "default": "c"}, "`default` 'c' is none of a, b"),
        ({"type": "number", "maximum": 2, "examples": [1, 3]}, "the example 3 is above `maximum` 2"),
        ({"type": "array", "items": {"type": "string"}, "default": ["x"]}, ""),
        ({"type": "string", "default": None}, ""),
        ({"type": ["integer", "null"], "minimum": 1}, ""),
    ],
)
def test_a_fault_of_a_schema_is_told_in_words(schema: dict[str, Any], words: str) -> None:
    """With the value, and what is legal."""
    assert schema_fault(schema).startswith(words)
    assert bool(schema_fault(schema)) == bool(words)


@given(st.integers(-9, 9), st.integers(-9, 9), st.integers(-9, 9))
def test_what_fits_its_own_bounds_is_no_fault(low: int, high: int, value: int) -> None:
    """And what does not, is one."""
    schema: dict[str, Any] = {"type": "integer", "minimum": low, "maximum": high, "default": value}
    assert bool(schema_fault(schema)) == (not low <= value <= high)
