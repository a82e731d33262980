"""How a criterion stands, in the words that live views and reports have for it alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from journeyman.mission.criteria.base import Criterion
from journeyman.mission.criteria.evidence import CriterionStatus
from journeyman.mission.report.plain_text import evidence_text, one_line
from journeyman.mission.values.canonical import Json

MOST_CRITERIA: Final = 6
_DOUBT_CHARACTERS: Final = 60
_ABORTS: Final = {"met": "struck", "unmet": "clear"}
TONES: Final[dict[str, str]] = {
    "achieved": "good", "met": "good", "clear": "good", "not_achieved": "bad", "unmet": "bad", "struck": "bad",
    "unknown": "unsure", "inconclusive": "unsure",
}  # fmt: skip
"""How good the news of a word is; words that are not here are of what goes on."""
SIGNS: Final = {"good": "✓", "bad": "✗", "unsure": "?"}


class Judged(Protocol):
    """What a judgement says, wherever it is kept."""

    @property
    def status(self) -> CriterionStatus:
        """Met, unmet or inconclusive."""
        ...

    @property
    def progress(self) -> float:
        """How far it is, 0..1."""
        ...

    @property
    def evidence(self) -> Json:
        """What it was judged by."""
        ...

    @property
    def held(self) -> int:
        """Measurements in a row that met it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionRule:
    """What a criterion asks for, as far as words need it."""

    id: str
    sentence: str
    aborts: bool
    hold_for: int
    bound: float | None
    """The one number that its value is compared with."""


def rule_of(criterion: Criterion) -> CriterionRule:
    """The rule of a mission's criterion."""
    return CriterionRule(
        id=criterion.id,
        sentence=criterion.sentence(),
        aborts=criterion.abort_when_met,
        hold_for=criterion.hold_for,
        bound=criterion.bound(),
    )


def criterion_word(status: str, *, aborts: bool) -> str:
    """A criterion's status for people; an abort condition that is unmet is clear, one that is met has struck."""
    return _ABORTS.get(status, status) if aborts else status


def sign_of(status: CriterionStatus, *, aborts: bool) -> str:
    """The sign of a status; an abort condition is well as long as it is not met."""
    return SIGNS[TONES[criterion_word(status.value, aborts=aborts)]]


def seen_number(evidence: Json) -> float | None:
    """The number that a criterion was judged by; `None` where it was none."""
    return evidence if isinstance(evidence, (int, float)) and not isinstance(evidence, bool) else None


def seen_text(evidence: Json, most: int = 100) -> str:
    """What a criterion was judged by, on one line; where nobody could judge it, only why."""
    why = evidence.get("reason") if isinstance(evidence, dict) else None
    if isinstance(why, str):
        return one_line(why, most)
    return evidence_text(evidence, most)


def standing_text(rule: CriterionRule, judged: Judged, moved: str = "") -> str:
    """The number that a criterion saw and how it `moved`, and what it needs, or how far an abort condition is from striking."""
    number = seen_number(judged.evidence)
    text = f"{number:g}{moved}" if number is not None else ""
    if rule.aborts:
        word = criterion_word(judged.status.value, aborts=True)
        if judged.status is CriterionStatus.MET:
            return f"{word}{f': {text}' if text else ''} ({rule.sentence})"
        return " ".join(part for part in (word, _distance(rule, number, text)) if part)
    if judged.status is CriterionStatus.UNMET and number is None:
        text = f"{judged.progress:.0%}"
    if judged.status is CriterionStatus.INCONCLUSIVE and number is None and judged.evidence is not None:
        text = seen_text(judged.evidence, _DOUBT_CHARACTERS)
    if 0 < judged.held < rule.hold_for:
        return f"{text}, held {judged.held} of {rule.hold_for}"
    open_one = judged.status is CriterionStatus.UNMET and number is not None
    return f"{text}, needs {rule.sentence}" if open_one else text


def _distance(rule: CriterionRule, number: float | None, text: str) -> str:
    """How far an abort condition is from striking, which comes first: rows are cut at their end."""
    strikes = f"strikes at {rule.sentence}"
    if number is None:
        return f"({strikes})"
    return f"{text}, {strikes}" if rule.bound is None else f"{abs(rule.bound - number):.4g} away: {text}, {strikes}"


def _is_well(rule: CriterionRule, judged: Judged) -> bool:
    return judged.status is (CriterionStatus.UNMET if rule.aborts else CriterionStatus.MET)


class StandingTexts:
    """Puts how criteria stand into words; remembers what it told last: it says how numbers moved, and no doubt twice in a row."""

    def __init__(self) -> None:
        self._told: dict[str, float] = {}
        self._doubts: dict[str, str] = {}

    def forget(self) -> None:
        """Begin anew: what comes next does not follow what was told last."""
        self._told.clear()
        self._doubts.clear()

    def all(self, rows: Iterable[tuple[CriterionRule, Judged]]) -> Sequence[str]:
        """Each criterion, what is not well first and what only must not happen last, and how many more there are."""
        found = sorted(rows, key=lambda row: (_is_well(*row), row[0].aborts))
        shown = [f"{rule.id} {self._one(rule, judged)}" for rule, judged in found]
        more = len(shown) - MOST_CRITERIA
        return [*shown[:MOST_CRITERIA], f"and {more} more"] if more > 0 else shown

    def _one(self, rule: CriterionRule, judged: Judged) -> str:
        number, before = seen_number(judged.evidence), self._told.get(rule.id)
        if number is not None:
            self._told[rule.id] = number
        moved = f" ({number - before:+.4g})" if number is not None and before not in (None, number) else ""
        text = standing_text(rule, judged, moved)
        if judged.status is CriterionStatus.INCONCLUSIVE:
            known, self._doubts[rule.id] = self._doubts.get(rule.id), text
            text = "" if known == text else text
        else:
            self._doubts.pop(rule.id, None)
        return f"{sign_of(judged.status, aborts=rule.aborts)} {text}".rstrip()
