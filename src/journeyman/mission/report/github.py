"""The report for GitHub Actions: a step summary in Markdown, and annotations, which are lines of the step's output."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from journeyman.mission.criteria.evidence import CriterionStatus
from journeyman.mission.model.effects import EffectState
from journeyman.mission.model.reasons import Outcome
from journeyman.mission.report.document import document
from journeyman.mission.report.goals import top_level
from journeyman.mission.report.margins import margin_text
from journeyman.mission.report.markdown import escaped, section_body, section_markdown
from journeyman.mission.report.model import Report
from journeyman.mission.report.phrases import checking_commands, criterion_rule
from journeyman.mission.report.plain_text import evidence_text, one_line

_SHOWN: Final = ("criteria", "effects", "followups")
_FOLDED: Final = ("iterations", "advice", "people", "lessons")
_MOST_ANNOTATIONS: Final = 10
"""As many as GitHub shows of a step."""


def github_summary(report: Report, stands: str = "") -> str:
    """The step summary: the sentence and the criteria at once, the rest folded away."""
    found = document(report, stands)
    parts = [f"### {escaped(found.name)}: {escaped(found.outcome.text)}", f"**{escaped(found.summary, 1000)}**"]
    for section in found.sections:
        if section.name in _SHOWN:
            parts.append(section_markdown(section, level=4))
        elif section.name in _FOLDED:
            title, inside = escaped(section.title), section_body(section)
            parts.append(f"<details><summary>{title}</summary>\n\n{inside}\n\n</details>")
    parts.append("\n".join(f"    {one_line(command, 1000)}" for command in checking_commands(report)))
    return "\n\n".join(parts) + "\n"


def github_annotations(report: Report) -> str:
    """A line for each criterion that failed, each call of which nobody knows whether it happened, and the end if it failed."""
    lines = [*_annotations(report)]
    if report.outcome is not None and report.outcome is not Outcome.ACHIEVED:
        lines.insert(0, _line("error", report.name, report.summary))
    return "".join(f"{line}\n" for line in lines[:_MOST_ANNOTATIONS])


def _annotations(report: Report) -> Iterator[str]:
    for row in top_level(report) if report.outcome is not None else ():
        well = row.status is (CriterionStatus.UNMET if row.abort_when_met else CriterionStatus.MET)
        if well or (row.abort_when_met and row.status is CriterionStatus.INCONCLUSIVE):
            continue
        near = margin_text(row)
        seen = f"asks for {criterion_rule(row)}; seen: {evidence_text(row.evidence)}{f', {near}' if near else ''}"
        yield _line("error" if row.required else "warning", f"{report.name}: {row.id}", seen)
    for effect in report.effects:
        if effect.state is EffectState.UNKNOWN:
            told = f"nobody knows whether effect {effect.effect} happened: {one_line(effect.error)}"
            yield _line("warning", f"{report.name}: {effect.tool}", told)


def _line(kind: str, title: str, message: str) -> str:
    """A workflow command; what could end it or begin another is escaped as GitHub's runner reads it."""
    return f"::{kind} title={_escaped(title, ':,')}::{_escaped(message)}"


def _escaped(text: str, more: str = "") -> str:
    for character in f"%\r\n{more}":
        text = text.replace(character, f"%{ord(character):02X}")
    return text
