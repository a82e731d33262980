"""A whole session in one sentence: what was reached, how near it came, and what went wrong on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from journeyman.mission.criteria.evidence import CriterionStatus
from journeyman.mission.model.effects import EffectState
from journeyman.mission.model.reasons import Outcome, VerdictReason
from journeyman.mission.report.best import best_words
from journeyman.mission.report.criterion_text import seen_number
from journeyman.mission.report.model import Report
from journeyman.mission.report.plain_text import one_line
from journeyman.mission.report.rows import CriterionRow, IterationRow, JudgedRow
from journeyman.mission.values.canonical import Json

_MOST_VALUES: Final = 2
_MOST_DENIED: Final = 2
_NOTE: Final = 120
SKIPPED: Final = "skipped"
"""The class of error of a call that was never made, since something before it ended its iteration."""


def headline(report: Report) -> str:
    """The sentence; the same report gives the same one."""
    parts = [_how_it_ended(report), *_trouble(report)]
    return one_line("; ".join(part for part in parts if part), 400)


def _how_it_ended(report: Report) -> str:
    if report.reason == VerdictReason.COULD_NOT_START:
        return f"Could not start: {_end_note(report) or 'its tools could not be had'}"
    if report.outcome is Outcome.ACHIEVED:
        return _achieved(report)
    struck = next((row for row in report.criteria if row.abort_when_met and row.status is CriterionStatus.MET), None)
    begin = f"{_struck(report, struck)}. " if struck is not None else _ended_by(report)
    return begin + _closest(report)


def _achieved(report: Report) -> str:
    if report.best is not None:
        return f"Achieved: {best_words(report.best)}"
    last = next((row for row in reversed(report.iterations) if row.evaluation), None)
    if last is None:
        return "Achieved"
    wanted = goal_ids(report.mission.get("criteria"))
    seen = [
        f"{row.id} {number:g}"
        for row in report.criteria
        if row.id in wanted and (number := seen_number(row.evidence)) is not None
    ]
    return f"Achieved at #{last.index}: {', '.join([_did(last), *seen[:_MOST_VALUES]])}"


def _struck(report: Report, row: CriterionRow) -> str:
    number = seen_number(row.evidence)
    at = report.iterations[-1].index if report.iterations else 0
    return f"Stopped: {row.id} struck at #{at}{'' if number is None else f' with {number:g}'} ({row.sentence})"


def _ended_by(report: Report) -> str:
    if report.reason not in (VerdictReason.ABORTED, VerdictReason.FORCED) or not report.ended_at:
        return ""
    note = _end_note(report)
    word = "Aborted" if report.reason == VerdictReason.ABORTED else "Ended"
    return f"{word} by {name_of(report.actor)}{f' ({note})' if note else ''}. "


def _end_note(report: Report) -> str:
    notes = (row.details.get("note") for row in reversed(report.people) if row.what == "EndAsked")
    return one_line(next(notes, "") or "", _NOTE)


def _closest(report: Report) -> str:
    """The iteration that came nearest to what is asked for, and the first number that it still missed."""
    wanted, rows = goal_ids(report.mission.get("criteria")), {row.id: row for row in report.criteria}
    ranked = [(_nearness(row, rows, wanted), row) for row in report.iterations if _decided(row, wanted)]
    if not ranked:
        return "Nothing was measured"
    _, nearest = max(ranked, key=lambda item: item[0])  # the first of equals
    open_ones = list(_open(nearest, rows, wanted))
    if not open_ones:
        return f"Closest: {_did(nearest)} at #{nearest.index}, where all that is asked for held"
    judged = next((one for one in open_ones if seen_number(one.evidence) is not None), open_ones[0])
    number, row = seen_number(judged.evidence), rows[judged.id]
    if number is None or judged.status is CriterionStatus.INCONCLUSIVE:
        return (
            f"Closest: {_did(nearest)} at #{nearest.index}, {judged.id} {judged.status.value} ({judged.progress:.0%})"
        )
    told = f"Closest: {_did(nearest)}, {judged.id} {number:g} at #{nearest.index}"
    return f"{told}, needs {row.sentence}" + (f" {row.hold_for} times in a row" if row.hold_for > 1 else "")


def _decided(row: IterationRow, wanted: set[str]) -> bool:
    """Whether any goal was decided at all."""
    return any(one.status is not CriterionStatus.INCONCLUSIVE for one in row.evaluation if one.id in wanted)


def _nearness(row: IterationRow, rows: dict[str, CriterionRow], wanted: set[str]) -> tuple[float, float]:
    met = sum(
        1.0 if judged.status is CriterionStatus.MET else judged.progress
        for judged in row.evaluation
        if judged.id in wanted and judged.id in rows and rows[judged.id].required
    )
    gaps = [
        abs(bound - number)
        for judged in _open(row, rows, wanted)
        if (number := seen_number(judged.evidence)) is not None and (bound := rows[judged.id].bound) is not None
    ]
    return met, -sum(gaps)


def _open(row: IterationRow, rows: dict[str, CriterionRow], wanted: set[str]) -> Iterator[JudgedRow]:
    for judged in row.evaluation:
        known = rows.get(judged.id)
        if judged.id in wanted and known is not None and known.required and judged.status is not CriterionStatus.MET:
            yield judged


def goal_ids(criteria: Json) -> set[str]:
    """The ids of a mission's criteria that are to be met: all but abort conditions and what these are made of."""
    found: set[str] = set()
    for row in criteria if isinstance(criteria, list) else []:
        if isinstance(row, dict) and not row.get("abort_when_met"):
            found |= {str(row.get("id"))} | goal_ids(row.get("criteria"))
    return found


def _did(row: IterationRow) -> str:
    return row.strategy.text if row.strategy is not None else "nothing"


def _trouble(report: Report) -> Iterator[str]:
    skipped = sum(row.state is EffectState.FAILED and row.error_class == SKIPPED for row in report.effects)
    failed = report.effects_by_state.get(EffectState.FAILED.value, 0) - skipped
    unknown = report.effects_by_state.get(EffectState.UNKNOWN.value, 0)
    if failed > 0:
        yield f"{failed:,} call{'s' if failed > 1 else ''} failed"
    if unknown:
        yield f"of {unknown:,} call{'s' if unknown > 1 else ''} nobody knows whether {'they' if unknown > 1 else 'it'} happened"
    denied = Counter(
        f"{', '.join(row.strategy.tools) or 'script'} denied by {name_of(row.denied_by)}"
        for row in report.iterations
        if row.denied_by and row.strategy is not None
    )
    for words, count in denied.most_common(_MOST_DENIED):
        yield words if count == 1 else f"{words} {count} times"
    if len(denied) > _MOST_DENIED:
        yield f"{len(denied) - _MOST_DENIED} more denied"


def name_of(actor: str) -> str:
    """An actor's name alone."""
    return actor.removeprefix("person:")
