"""A quick `replace` is the slow one."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyman.mission.model.state import Memory, Usage
from journeyman.mission.values.copying import replace
from journeyman.mission.values.errors import BugError

usages = st.builds(Usage, iterations=st.integers(), wall_clock_s=st.floats(allow_nan=False))
changes = st.fixed_dictionaries({}, optional={"iterations": st.integers(), "tokens": st.integers()})


@given(usages, changes)
def test_it_gives_what_dataclasses_give(usage: Usage, changed: dict[str, Any]) -> None:
    """And leaves the value it was given alone."""
    before = dataclasses.replace(usage)
    assert replace(usage, **changed) == dataclasses.replace(usage, **changed)
    assert usage == before
    assert replace(Memory(), epoch=3) == dataclasses.replace(Memory(), epoch=3)


def test_unknown_fields_are_refused() -> None:
    """As a wrong keyword is."""
    with pytest.raises(TypeError, match="no field 'nothing'"):
        replace(Usage(), nothing=1)


def test_values_that_look_at_themselves_are_refused() -> None:
    """Copying would pass over their checks."""

    @dataclass(frozen=True, slots=True)
    class Checked:
        number: int

        def __post_init__(self) -> None:
            raise NotImplementedError

    @dataclass(frozen=True)
    class Loose:
        number: int

    value = object.__new__(Checked)
    for odd in (value, Loose(1)):
        with pytest.raises(BugError, match="no plain slotted"):
            replace(odd, number=2)
