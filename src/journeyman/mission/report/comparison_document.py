"""A comparison of two sessions as a document, which Markdown, terminal and page write each in its own way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from journeyman.mission.report.comparison import Comparison, FirstDifference, Pair, Side
from journeyman.mission.report.document import Document
from journeyman.mission.report.phrases import BUDGETS, OUTCOMES
from journeyman.mission.report.plain_text import amount_text, evidence_text, one_line
from journeyman.mission.report.section import Cell, Section, Table, folded, row_of

_VALUE: Final = 300


def comparison_document(found: Comparison) -> Document:
    """The document of a comparison; the same one gives the same document."""
    left, right = found.left, found.right
    sections = [
        _first(found),
        _pairs("mission", "Where the missions differ", "key", found.mission, left, right),
        _pairs("criteria", "Criteria", "criterion", found.criteria, left, right),
        _used(left, right),
        _pairs("iterations", _from(found), "iteration", found.iterations, left, right),
    ]
    same = found.difference is None
    return Document(
        name=one_line(f"{left.session_id} against {right.session_id}"),
        outcome=Cell("Alike" if same else "Different", "good" if same else "unsure"),
        summary=_summary(found),
        facts=[(_column(side), one_line(f"{_outcome(side)}. {side.summary}", 600)) for side in (left, right)],
        directive="",
        sections=[section for section in sections if not section.empty],
    )


def _outcome(side: Side) -> str:
    verdict = f" ({side.verdict})" if side.verdict else ""
    return f"{OUTCOMES.get(side.outcome, side.outcome)}{verdict}"


def _summary(found: Comparison) -> str:
    """Where the two part, in one sentence."""
    if found.difference is None:
        return f"Both records tell the same, times and ids aside: {found.same_events:,} events"
    at = found.difference
    calls = found.other_calls_from
    did = "both made the same calls throughout" if calls is None else f"the first other call is at #{calls}"
    if found.same_events == 0:
        return f"Different from the beginning, at #{at.iteration}: {_part(at)}; {did}"
    alike = f"{found.same_events:,} event{'' if found.same_events == 1 else 's'}"
    return f"The same for {alike}, then different at #{at.iteration}: {_part(at)}; {did}"


def _part(at: FirstDifference) -> str:
    if not at.at:
        return f"{at.left_kind or 'the end of the record'} here, {at.right_kind or 'the end of the record'} there"
    return one_line(f"{at.left_kind} {at.at} is {_shown(at.left)} here, {_shown(at.right)} there", 300)


def _shown(value: object) -> str:
    return "missing" if value is None else evidence_text(value, _VALUE)  # pyright: ignore[reportArgumentType]  # JSON


def _first(found: Comparison) -> Section:
    at = found.difference
    if at is None:
        return Section("difference", "First difference")
    rows = [
        row_of("event", _event(at.left_seq, at.left_kind), _event(at.right_seq, at.right_kind)),
        row_of(one_line(at.at) or "whole event", _shown(at.left), _shown(at.right)),
    ]
    table = Table(("part", _column(found.left), _column(found.right)), rows)
    return Section("difference", f"First difference, in iteration {at.iteration}", table)


def _event(seq: int | None, kind: str) -> str:
    return "none: its record ends" if seq is None else f"{seq} ({kind})"


def _column(side: Side) -> str:
    return one_line(f"session {side.session_id}", 60)


def _pairs(name: str, title: str, what: str, pairs: Sequence[Pair], left: Side, right: Side) -> Section:
    rows = [
        row_of(
            one_line(pair.name),
            Cell(one_line(pair.left, 400)),
            Cell(one_line(pair.right, 400), "" if pair.same else "warn"),
        )
        for pair in pairs
    ]
    return Section(name, title, folded((what, _column(left), _column(right)), rows, "rows"))


def _used(left: Side, right: Side) -> Section:
    rows = [
        row_of(title, amount_text(kind, left.used.of(kind)), amount_text(kind, right.used.of(kind)))
        for kind, title in BUDGETS.items()
    ]
    return Section("used", "Used", Table(("budget", _column(left), _column(right)), rows))


def _from(found: Comparison) -> str:
    start = found.difference.iteration if found.difference is not None else 0
    return f"Calls and values from #{start} on"
