"""Two records beside each other: where they part, and what is no difference at all."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest

from journeyman.interfaces.pages.html import html_document
from journeyman.mission.criteria.evidence import CriterionStatus
from journeyman.mission.files.mission_file import validate_mission
from journeyman.mission.model import events as e
from journeyman.mission.model.effects import EffectState
from journeyman.mission.model.events import EventRecord
from journeyman.mission.report.build import build_report
from journeyman.mission.report.comparison import Comparison, FirstDifference, compare, difference_of, is_compared
from journeyman.mission.report.comparison_document import comparison_document
from journeyman.mission.report.markdown import markdown_document
from journeyman.mission.report.model import Report, from_json
from journeyman.mission.rules import commands as c
from journeyman.mission.rules.next_command import next_command
from journeyman.mission.values.value import replace
from tests.interfaces.pages.reports import CANARY, HEAD, busy_report, hostile_report
from tests.mission.simulation import Reply, SimTool, Simulation

AT = ("2026-01-01T00:00:00Z", "2027-07-07T07:07:07Z")


def happened(*events: e.Event) -> list[EventRecord]:
    """Two records of two events, at other times."""
    return [EventRecord(at, "engine", event) for at, event in zip(AT, events, strict=True)]


def judged(**more: Any) -> e.Evaluated:
    """An evaluation with one criterion."""
    known: dict[str, Any] = {"id": "a", "status": CriterionStatus.MET, "progress": 1}
    return e.Evaluated(iteration=0, results=[e.CriterionResult(**{**known, **more})])


def settled(**more: Any) -> e.Settled:
    """A call that is done."""
    return e.Settled(effect="0.0", state=EffectState.DONE, **more)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (settled(duration_s=1.0, tries=1, seen={"a": 1}), settled(duration_s=2.0, tries=3)),
        (settled(value={"exit_code": 0, "duration_s": 0.1}), settled(value={"exit_code": 0, "duration_s": 0.7})),
        (settled(metrics={"tests.duration_s": 0.1}), settled(metrics={"tests.duration_s": 0.7})),
        (judged(measured=4, counted_at=AT[0], arguments="x"), judged(measured=9, counted_at=AT[1], arguments="y")),
        (
            e.AdviceAsked(
                ask="s1#1", request="s1", purpose="p", advisor="a", iteration=0, prompt_bytes=1, prompt_key="k"
            ),
            e.AdviceAsked(
                ask="s2#1", request="s2", purpose="p", advisor="a", iteration=0, prompt_bytes=2, prompt_key="l"
            ),
        ),
    ],
)
def test_times_names_and_sizes_are_no_difference(left: e.Event, right: e.Event) -> None:
    """They differ between any two runs."""
    assert difference_of(*happened(left, right)) is None


@pytest.mark.parametrize(
    ("left", "right", "found"),
    [
        (settled(metrics={"m": 1}), settled(metrics={"m": 2}), ("metrics.m", 1, 2)),
        (settled(value={"a": [1, {"b": 2}]}), settled(value={"a": [1, {"b": 3}]}), ("value.a.1.b", 2, 3)),
        (settled(error="x"), settled(), ("error", "x", None)),
        (judged(evidence=1), judged(evidence=2), ("results.0.evidence", 1, 2)),
        (e.Resumed(), e.Paused(note="n"), ("", {}, {"note": "n"})),
    ],
)
def test_what_happened_is(left: e.Event, right: e.Event, found: object) -> None:
    """With the path to the first part that differs, and both values."""
    assert difference_of(*happened(left, right)) == found


def test_a_record_that_ends_differs_there() -> None:
    """And two that end are alike."""
    one = happened(e.Resumed(), e.Resumed())[0]
    assert difference_of(one, None) == ("", {}, None)
    assert difference_of(None, None) is None


def test_who_drove_is_passed_over() -> None:
    """A run that was killed and resumed did the same as one that was not."""
    assert not is_compared(e.Claimed(owner="o", token=1))
    assert not is_compared(e.CatalogPinned(tools=[]))
    assert is_compared(settled())


def run(*workers: int, target: int = 3) -> Report:
    """The report of a plan that tunes."""
    mission = validate_mission(
        {
            "directive": "d", "tools": ["*"], "effects": {"tune": "pure"}, "budget": {"iterations": 5},
            "criteria": [{"id": "fast", "kind": "metric_threshold", "metric": "ms", "op": "<=", "target": target}],
            "plan": [{"calls": [{"tool": "tune", "args": {"workers": count}}]} for count in workers],
        }
    )  # fmt: skip
    tool = SimTool(lambda args: Reply(metrics={"ms": 20 - args["workers"]}), {"workers": {"type": "integer"}})
    session = Simulation(mission, {"tune": tool})
    for _ in range(100):
        command = next_command(session.state)
        if isinstance(command, c.Nothing):
            break
        session.obey(command)
    return build_report(session.events, HEAD)


def differing(iteration: int) -> FirstDifference:
    """A difference there."""
    return FirstDifference(iteration=iteration, left_seq=7, right_seq=7, left_kind="Proposed", right_kind="Proposed", at="strategy.calls.0.args.workers", left=8, right=9)  # fmt: skip


def test_both_sides_are_told_from_the_difference_on() -> None:
    """The missions, the criteria, what was used, and each iteration."""
    found = compare(run(2, 8, 9), run(2, 9, 8, target=12), differing(1), 12)
    assert found.other_calls_from == 1
    assert [pair.name for pair in found.iterations] == ["1", "2"]
    assert [(pair.name, pair.left, pair.right) for pair in found.criteria] == [("fast", "unmet · 11", "met · 11")]
    assert [pair.name for pair in found.mission] == ["criteria.0.target", "plan.1.calls.0.args.workers"]
    told = markdown_document(comparison_document(found))
    for words in (
        "The same for 12 events, then different at #1: Proposed strategy.calls.0.args.workers is 8 here, 9 there; the first other call is at #1",
        "## First difference, in iteration 1",
        "| criteria.0.target | 3 | 12 |",
        "## Calls and values from #1 on",
    ):
        assert words in told, words


def test_two_that_are_alike_are_told_to_be() -> None:
    """With nothing to read from there."""
    found = compare(run(2), run(2), None, 12)
    document = comparison_document(found)
    assert (document.outcome.text, document.summary) == (
        "Alike",
        "Both records tell the same, times and ids aside: 12 events",
    )
    assert [section.name for section in document.sections] == ["criteria", "used"]


def _elements(found: Comparison) -> list[str]:
    elements: list[str] = []

    class Page(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            elements.append(tag)

    Page().feed(html_document(comparison_document(found)))
    return elements


def test_hostile_text_adds_no_element_to_the_page_of_two() -> None:
    """The page runs no script at all."""
    plain, hostile = (from_json(one) for one in (busy_report(), hostile_report(busy_report())))
    at = differing(0)
    pages = [_elements(compare(plain, one, at, 1)) for one in (plain, hostile)]
    assert "script" not in pages[1]
    assert set(pages[0]) == set(pages[1])
    assert CANARY not in html_document(comparison_document(compare(hostile, hostile, at, 1)))


def test_missions_that_part_at_once_say_so_in_words() -> None:
    """And not that nothing of them is alike."""
    found = compare(run(2), run(3), differing(0), 0)
    told = markdown_document(comparison_document(found))
    assert "Different from the beginning, at #0: " in told
    assert "0 events" not in told


def test_tools_that_are_not_the_same_stand_among_the_differences_of_the_missions() -> None:
    """A server that changed a definition did nothing yet."""
    one, other = run(2), run(2)
    changed = replace(other.tools[0], pin="ffff" * 16)
    found = compare(one, replace(other, tools=[changed]), None, 12)
    assert [(pair.name, pair.right) for pair in found.mission] == [("tool tune", "pure, pin ffffffffffff")]
