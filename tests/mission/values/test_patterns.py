"""Regular expressions over foreign text: linear, or refused with a sentence. Dot paths: never an error of their own."""

from __future__ import annotations

import re
import warnings

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from journeyman.mission.criteria import ArtifactCriterion
from journeyman.mission.model.metric_sources import MetricSource
from journeyman.mission.values.canonical import Json
from journeyman.mission.values.paths import at_path
from journeyman.mission.values.patterns import MAX_PROGRAM, compile_pattern

PATTERNS = st.text(st.sampled_from("ab(|)*+?.[]^$\\d{2}"), max_size=12)


@given(PATTERNS, st.text(st.sampled_from("ab1\n"), max_size=12))
def test_a_pattern_that_is_taken_finds_what_pythons_own_finds(source: str, text: str) -> None:
    """Where both engines know the syntax, the same place fits; anything else is a `ValueError`."""
    try:
        pattern = compile_pattern(source)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # sets in sets mean nothing yet
            slow = re.compile(source)
    except (ValueError, re.error):
        assume(False)
        return
    # Python lets `$` match before a last line end; RE2 means the end of the text.
    assume("$" not in source)
    ours, theirs = pattern.search(text), slow.search(text)
    assert (ours is None) == (theirs is None)
    if ours is not None and theirs is not None:
        assert ours.text == theirs.group(0) or len(ours.text) == len(theirs.group(0))


@given(st.text(st.characters(codec=None), max_size=40), st.binary(max_size=40))
def test_no_pattern_and_no_text_raises_anything_else(source: str, data: bytes) -> None:
    """Patterns come from files and texts from tools."""
    try:
        pattern = compile_pattern(source)
    except ValueError:
        return
    pattern.search(data)
    pattern.search(source)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (r"(a)\1", "invalid escape sequence"),
        ("a(?=b)", "does not look ahead"),
        ("(", "missing )"),
        ("x" * 1001, "1,001 characters"),
        ("(" + "[a-z]{0,900}" * 8 + ")", f"{MAX_PROGRAM:,} are allowed"),
    ],
)
def test_what_cannot_run_in_linear_time_is_refused_when_the_mission_loads(source: str, said: str) -> None:
    """Both places where a mission holds patterns."""
    with pytest.raises(ValidationError, match=re.escape(said)):
        MetricSource(tool="t", regex=f"{source}")
    with pytest.raises(ValidationError, match=re.escape(said)):
        ArtifactCriterion(id="a", kind="artifact", path="x", regex=source)


def test_a_pattern_that_backtracks_for_ever_elsewhere_ends_here() -> None:
    """Python's own engine would need some 2^1000000 steps."""
    assert compile_pattern(r"^(a+)+$").search("a" * 1_000_000 + "b") is None


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "where in the result"),
        ({"regex": "loss"}, "has 0 groups"),
        ({"regex": "(a)(b)"}, "has 2 groups"),
        ({"path": ""}, "at least 1 character"),
    ],
)
def test_a_source_that_can_find_nothing_is_refused(fields: dict[str, str], said: str) -> None:
    """A metric stands at a path, or in the one group of a pattern."""
    with pytest.raises(ValidationError, match=said):
        MetricSource.model_validate({"tool": "t", **fields})


@given(
    st.recursive(
        st.integers(),
        lambda inner: (
            st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "b.c", "0"]), inner, max_size=2)
        ),
    ),
    st.text(st.sampled_from("a.bc0-1²")),
)
def test_a_path_leads_somewhere_or_to_a_key_error(value: Json, path: str) -> None:
    """Whatever is written in a mission file."""
    try:
        at_path(value, path)
    except KeyError:
        return
