"""The report as JUnit XML, which CI systems show as tests: a case for each criterion, and one for the mission as a whole.

Written with the standard library: the form is five elements, and what is special here, the texts, would be ours anyway.
"""

from __future__ import annotations

import re
from typing import Final
from xml.etree import ElementTree as ET

from journeyman.mission.criteria.evidence import CriterionStatus
from journeyman.mission.model.reasons import Outcome
from journeyman.mission.report.goals import top_level
from journeyman.mission.report.margins import margin_text
from journeyman.mission.report.model import Report
from journeyman.mission.report.phrases import criterion_rule
from journeyman.mission.report.plain_text import evidence_text
from journeyman.mission.report.rows import CriterionRow
from journeyman.mission.values.printable import visible

WHOLE: Final = "the mission is achieved"
"""The case that holds the outcome: it fails, too, where every criterion was met and something else went wrong."""
_NO_XML: Final = re.compile("[\ufffe\uffff]")


def junit_report(report: Report) -> str:
    """The report as JUnit XML; the same report gives the same text."""
    suite = ET.Element("testsuite", name=_text(report.name), timestamp=(report.started_at or report.created_at)[:19])
    suite.append(_properties(report))
    for row in top_level(report):
        case = ET.SubElement(suite, "testcase", classname=_text(report.name), name=_text(row.id), time="0")
        _judge(case, row, ended=report.outcome is not None)
    whole = ET.SubElement(suite, "testcase", classname=_text(report.name), name=WHOLE, time=_seconds(report))
    if report.outcome is None:
        ET.SubElement(whole, "skipped", message="the session has not ended")
    elif report.outcome is not Outcome.ACHIEVED:
        failure = ET.SubElement(whole, "failure", type=report.outcome.value, message=_text(report.summary))
        failure.text = _text("\n".join([report.summary, *report.recommended_followups]))
    ET.SubElement(suite, "system-out").text = _text(report.summary)
    counts = {
        "tests": len(suite.findall("testcase")),
        **{f"{kind}s": len(suite.findall(f"testcase/{kind}")) for kind in ("failure", "error")},
        "skipped": len(suite.findall("testcase/skipped")),
    }
    suites = ET.Element("testsuites")
    for element in (suites, suite):
        element.attrib.update({name: str(count) for name, count in counts.items()}, time=_seconds(report))
    suites.append(suite)
    ET.indent(suites)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(suites, encoding="unicode")}\n'


def _judge(case: ET.Element, row: CriterionRow, *, ended: bool) -> None:
    """Say how a criterion fares; a case with nothing inside has passed."""
    seen = _text(f"asks for {criterion_rule(row)}; seen: {evidence_text(row.evidence)}")
    near = margin_text(row)
    message = f"{seen}, {near}" if near else seen
    if row.status is CriterionStatus.INCONCLUSIVE:
        decides = ended and row.required and not row.abort_when_met
        ET.SubElement(case, "error" if decides else "skipped", message=message)
    elif (row.status is CriterionStatus.MET) != row.abort_when_met:
        return
    elif row.required:
        word = "struck" if row.abort_when_met else "unmet"
        ET.SubElement(case, "failure" if ended or row.abort_when_met else "skipped", type=word, message=message)
    else:
        ET.SubElement(case, "skipped", message=f"optional: {message}")


def _properties(report: Report) -> ET.Element:
    found = ET.Element("properties")
    rows = {
        "session": report.session_id,
        "outcome": report.outcome or report.status,
        "verdict": f"{report.verdict}/{report.reason}",
        "events": str(report.events),
        "head": report.head_hash,
    }
    for name, value in rows.items():
        ET.SubElement(found, "property", name=name, value=_text(value))
    return found


def _seconds(report: Report) -> str:
    return f"{report.used.of('wall_clock_s') or 0:.3f}"


def _text(value: str) -> str:
    """Text without the characters that XML does not know."""
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", visible(value))
