"""The reason for a missing metric names what was meant, as far as anybody can tell."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from journeyman.mission.criteria.missing_metric import missing_metric

OBSERVED = {"latency_ms": frozenset({"tune"}), "errors": frozenset({"logs", "probe"}), "note": frozenset[str]()}


def test_a_typing_error_finds_the_name() -> None:
    """With the tools that report it."""
    told = missing_metric("latencyms", OBSERVED)
    assert told == "no call has reported 'latencyms'; nearest: latency_ms from tune"
    assert missing_metric("error", OBSERVED).endswith("nearest: errors from logs and probe")


def test_what_does_not_resemble_anything_gets_what_there_is() -> None:
    """Or nothing, where nothing was reported."""
    assert (
        missing_metric("zzz", OBSERVED) == "no call has reported 'zzz' yet; reported so far: errors, latency_ms, note"
    )
    assert missing_metric("zzz", {}) == "no call has reported 'zzz' yet"


def test_a_name_that_others_report_is_no_typing_error() -> None:
    """`from` or `probe` asks for somebody's, and somebody else reports it."""
    told = missing_metric("latency_ms", OBSERVED)
    assert told == "no call that counts here has reported 'latency_ms': only tune did"


@given(st.text(max_size=20), st.dictionaries(st.text(max_size=20), st.frozensets(st.text(max_size=5)), max_size=20))
def test_it_always_names_what_is_missing(name: str, observed: dict[str, frozenset[str]]) -> None:
    """Whatever tools call their metrics."""
    assert repr(name) in missing_metric(name, observed)
