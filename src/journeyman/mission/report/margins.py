"""How near its bound a criterion stands: what is to spare, what is missing, and how far an abort condition is from striking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from journeyman.mission.criteria.evidence import CriterionStatus
from journeyman.mission.report.criterion_text import seen_number
from journeyman.mission.report.rows import CriterionRow, IterationRow

TIGHT_RATIO: Final = 0.05
"""What is met by less than this part of its bound may be lost to noise."""
WIDE_RATIO: Final = 0.5
"""What is met by more could ask for more."""


@dataclass(frozen=True, slots=True)
class Margin:
    """The way from a value to its bound."""

    distance: float
    ratio: float | None
    """Of the bound; `None` where that is 0."""

    def __str__(self) -> str:
        return f"{self.distance:.4g}{'' if self.ratio is None else f' ({_part(self.ratio)})'}"


def _part(ratio: float) -> str:
    """A part of a bound; small ones with two digits, for what is met by a hair is not met by nothing."""
    if ratio >= 10:
        return f"{ratio:.2g} times"
    return f"{ratio:.0%}" if ratio >= 0.1 or ratio == 0 else f"{100 * ratio:.2g}%"


def margin(row: CriterionRow) -> Margin | None:
    """The margin of a criterion at the end; `None` where it has none: no number, or only one number will do."""
    return _margin(row, seen_number(row.evidence)) if row.one_sided else None


def _margin(row: CriterionRow, number: float | None) -> Margin | None:
    if number is None or row.bound is None or row.status is CriterionStatus.INCONCLUSIVE:
        return None
    distance = abs(row.bound - number)
    return Margin(distance, distance / abs(row.bound) if row.bound else None)


def margin_text(row: CriterionRow, iterations: Sequence[IterationRow] = ()) -> str:
    """The margin in words; of an abort condition also the nearest that it came in these iterations."""
    found = margin(row)
    if found is None:
        return ""
    met = row.status is CriterionStatus.MET
    if not row.abort_when_met:
        return f"{found} {'to spare' if met else 'missing'}"
    if met:
        return "struck"
    near = _nearest(row, iterations)
    told = "" if near is None or near[0] >= found.distance else f", nearest {near[0]:.4g} at #{near[1]}"
    return f"{found} from striking{told}"


def _nearest(row: CriterionRow, iterations: Sequence[IterationRow]) -> tuple[float, int] | None:
    """The least distance of an abort condition from its bound, and in which iteration that was."""
    found = [
        (abs(row.bound - number), iteration.index)
        for iteration in iterations
        for judged in iteration.evaluation
        if judged.id == row.id and row.bound is not None and (number := seen_number(judged.evidence)) is not None
    ]
    return min(found, default=None)


def margin_followups(criteria: Sequence[CriterionRow]) -> list[str]:
    """What the margins of criteria that are met suggest: to make sure of the tightest, or to ask for more."""
    known = [
        (found.ratio, row, found)
        for row in criteria
        if row.status is CriterionStatus.MET and not row.abort_when_met
        and (found := margin(row)) is not None and found.ratio is not None
    ]  # fmt: skip
    if not known:
        return []
    ratio, row, found = min(known, key=lambda item: item[0])
    if ratio < TIGHT_RATIO:
        hold = "raise its `hold_for`" if row.hold_for == 1 else f"let it hold for more than {row.hold_for} measurements"
        return [f"{row.id} was met with only {found} to spare: {hold} before you rely on it."]
    if ratio > WIDE_RATIO and row.bound is not None:
        value = seen_number(row.evidence) or 0.0
        return [
            f"{row.id} was met with {found} to spare: it could ask for more, such as {(row.bound + value) / 2:.2g} in place of {row.bound:g}."
        ]
    return []
