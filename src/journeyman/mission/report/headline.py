"""A whole session in one sentence: what was reached, how near it came, and what went wrong on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from journeyman.mission.criteria.evidence import CriterionStatus
from journeyman.mission.model.effects import EffectState
from journeyman.mission.model.reasons import Outcome, SessionStatus, VerdictReason
from journeyman.mission.report.best import best_words
from journeyman.mission.report.criterion_text import seen_number
from journeyman.mission.report.goals import Goal, goal_ids, goals, open_goals
from journeyman.mission.report.model import Report
from journeyman.mission.report.plain_text import one_line
from journeyman.mission.report.rows import CriterionRow, IterationRow, JudgedRow

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
    begin = f"{_struck(report, struck)}. " if struck is not None else _ended_by(report) or _asked(report)
    return begin + _closest(report)


def _asked(report: Report) -> str:
    """The open question to a person."""
    last = next((row for row in reversed(report.people) if row.what in ("ApprovalAsked", "ApprovalAnswered")), None)
    if report.status is not SessionStatus.WAITING or last is None or last.what != "ApprovalAsked":
        return ""
    return f"Waits for {last.details.get('by') or 'a person'}: {one_line(last.details.get('question', ''), _NOTE)} "


def _achieved(report: Report) -> str:
    if report.best is not None:
        return f"Achieved: {best_words(report.best)}"
    last = next((row for row in reversed(report.iterations) if row.evaluation), None)
    if last is None:
        return "Achieved"
    wanted = goal_ids(goals(report.mission.get("criteria")))
    seen = [
        f"{row.id} {number:g}"
        for row in report.criteria
        if row.id in wanted and row.required and (number := seen_number(row.evidence)) is not None
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
    wanted, rows = goals(report.mission.get("criteria")), {row.id: row for row in report.criteria}
    found = [(row, {one.id: one for one in row.evaluation}) for row in report.iterations if row.evaluation]
    ranked = [
        (_nearness(judged, rows, wanted), row, judged)
        for row, judged in found
        if any(goal.id in judged and judged[goal.id].status is not CriterionStatus.INCONCLUSIVE for goal in wanted)
    ]
    if not ranked:
        return "Nothing was measured"
    _, nearest, stood = max(ranked, key=lambda item: item[0])  # the first of equals
    open_ones = list(open_goals(wanted, stood))
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


def _nearness(
    judged: Mapping[str, JudgedRow], rows: Mapping[str, CriterionRow], wanted: tuple[Goal, ...]
) -> tuple[float, float]:
    """How much is met, and where that is equal how little is missing."""
    known = [judged[goal.id] for goal in wanted if goal.required and goal.id in judged]
    gaps = [
        abs(bound - number)
        for one in open_goals(wanted, judged)
        if (number := seen_number(one.evidence)) is not None and (bound := rows[one.id].bound) is not None
    ]
    return sum(1.0 if one.status is CriterionStatus.MET else one.progress for one in known), -sum(gaps)


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
