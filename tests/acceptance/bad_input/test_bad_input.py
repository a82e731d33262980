"""Malformed input gets a clear error and loses nothing; `python -m benchmarks bad_input` shows the rows as a table."""

from __future__ import annotations

import pytest

from benchmarks.bad_input import judged, run
from benchmarks.report import Meter


class _Quiet(Meter):
    """Shows nothing."""

    def __init__(self) -> None:
        pass

    def start(self, what: str, total: int) -> None:
        """Show nothing."""

    def step(self, count: int = 1) -> None:
        """Show nothing."""


@pytest.mark.timeout(900)  # some five hundred inputs, on a machine that may be busy
def test_every_malformed_input_gets_a_clear_error_and_nothing_is_lost() -> None:
    """Five hundred inputs; a good one shows that the command line does not simply refuse everything."""
    rows = run(_Quiet())
    assert [row for row in rows if not row.holds] == []


def test_the_judge_sees_what_is_not_clear() -> None:
    """A judge that accepts everything would prove nothing."""
    assert judged(2, "journeyman: no session 'x' [not_found]", "") == ("", "")
    assert judged(1, "journeyman: no session 'x' [not_found]", "")[0]
    assert judged(2, "", "")[0]
    assert judged(2, "m.yaml: line 3: pause_s: '5q' is no duration", "", says=("line 3", "'5q'")) == ("", "")
    assert judged(2, "m.yaml: pause_s: '5q' is no duration", "", says=("line 3",))[0]
    assert judged(2, "journeyman: server 's' cannot be started", "", wanted=4)[0]
    assert judged(2, "Traceback (most recent call last):\n  ValueError", "")[0]
    assert judged(2, "journeyman: no session 'x' [not_found]", "ValueError()")[0]
