"""Reports for CI systems: JUnit XML and GitHub's step summaries and annotations."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from journeyman.mission.report.github import github_annotations, github_summary
from journeyman.mission.report.junit import WHOLE, junit_report
from journeyman.mission.report.model import from_json
from journeyman.mission.values.canonical import JsonObject
from tests.interfaces.pages.reports import busy_report, empty_report, hostile_report, open_report

FORGE = MarkdownIt("gfm-like", {"html": True, "linkify": False})


def cases(report: JsonObject) -> dict[str, ET.Element | None]:
    """What stands inside the case of each criterion: nothing where it has passed."""
    root = ET.fromstring(junit_report(from_json(report)))  # noqa: S314  # our own
    return {case.attrib["name"]: next(iter(case), None) for case in root.iter("testcase")}


def judged(report: JsonObject, name: str, status: str, **more: Any) -> JsonObject:
    """The report with another judgement of one criterion."""
    rows: Any = report["criteria"]
    for row in rows:
        if row["id"] == name:
            row |= {"status": status, **more}
    return report


def test_each_criterion_of_the_missions_list_is_a_case_and_so_is_the_whole() -> None:
    """What is inside a group counts through the group alone."""
    found = cases(busy_report())
    assert list(found) == ["fast_enough", "falling", "healthy", "signed_off", "orders_lost", WHOLE]
    assert set(found.values()) == {None}


@pytest.mark.parametrize(
    ("name", "status", "inside"),
    [
        ("fast_enough", "unmet", "failure"),
        ("fast_enough", "inconclusive", "error"),
        ("falling", "unmet", "skipped"),
        ("orders_lost", "met", "failure"),
        ("orders_lost", "unmet", ""),
        ("orders_lost", "inconclusive", "skipped"),
    ],
)
def test_cases_fail_as_the_criteria_do(name: str, status: str, inside: str) -> None:
    """An abort condition the other way round, an optional criterion never."""
    found = cases(judged(busy_report(), name, status))[name]
    assert ("" if found is None else found.tag) == inside


def test_the_counts_of_a_suite_are_those_of_its_cases() -> None:
    """CI systems show them without counting again."""
    report = judged(judged(busy_report(), "fast_enough", "unmet"), "signed_off", "inconclusive")
    report["outcome"] = report["outcome_now"] = "not_achieved"
    suite = ET.fromstring(junit_report(from_json(report)))[0]  # noqa: S314  # our own
    assert [suite.attrib[key] for key in ("tests", "failures", "errors", "skipped")] == ["6", "2", "1", "0"]
    message = suite.find("testcase[@name='fast_enough']/failure")
    assert message is not None
    assert (
        message.attrib["message"] == "asks for latency_ms <= 200, 3 measurements in a row; seen: 181, 19 (9.5%) missing"
    )


def test_a_session_that_goes_on_fails_nothing_yet() -> None:
    """Its report may be asked for at any time."""
    for report in (open_report(), empty_report()):
        found = cases(report)
        assert found[WHOLE] is not None
        assert {one.tag for one in found.values() if one is not None} == {"skipped"}


def test_whatever_tools_wrote_stays_inside_its_attribute() -> None:
    """Markup and characters that XML does not know."""
    report = hostile_report(
        judged(busy_report(), "fast_enough", "unmet"), lambda text: text + "]]>\"'<&\x00\ufffe\ud800"
    )
    found = cases(report)
    assert len(found) == 6


def test_a_step_summary_says_the_sentence_the_criteria_and_what_to_do() -> None:
    """And folds the rest away."""
    told = github_summary(from_json(busy_report()))
    assert told.startswith("### tune-checkout-latency: Achieved\n\n**At #9: ")
    assert "| fast_enough | required |" in told
    assert "<details><summary>Iterations (10)</summary>\n\n| iteration |" in told
    assert "    journeyman verify s --head" in told


def test_hostile_text_adds_nothing_to_a_step_summary() -> None:
    """The same elements of Markdown as without it."""
    plain, hostile = (
        FORGE.parse(github_summary(from_json(one))) for one in (busy_report(), hostile_report(busy_report()))
    )
    assert [token.type for token in plain] == [token.type for token in hostile]


def test_annotations_name_what_failed() -> None:
    """The whole first; nothing where all is well."""
    assert github_annotations(from_json(busy_report())) == ""
    report = judged(busy_report(), "fast_enough", "unmet", evidence=240)
    report |= {"outcome": "not_achieved", "summary": "Closest: 100 %\nof it"}
    assert github_annotations(from_json(report)).splitlines() == [
        "::error title=tune-checkout-latency::Closest: 100 %25%0Aof it",
        (
            "::error title=tune-checkout-latency%3A fast_enough::asks for latency_ms <= 200, 3 measurements in a row;"
            " seen: 240, 40 (20%25) missing"
        ),
    ]


@given(st.text())
def test_no_text_begins_a_workflow_command_of_its_own(text: str) -> None:
    """Each line is one of ours."""
    report = judged(busy_report(), "fast_enough", "unmet", evidence=text) | {"outcome": "not_achieved", "summary": text}
    lines = github_annotations(from_json(report)).split("\n")
    assert [line[:8] for line in lines if line] == ["::error ", "::error "]
