"""The sign and colour of how a criterion stands, the same wherever the command line shows one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from journeyman.mission.criteria.evidence import CriterionStatus
from journeyman.mission.report.criterion_text import SIGNS, TONES, criterion_word


@dataclass(frozen=True, slots=True)
class Mark:
    """A sign with its colour."""

    sign: str
    colour: str


_OF_GOALS: Final = {"good": "green", "bad": "yellow", "unsure": "magenta"}
_OF_ABORTS: Final = {**_OF_GOALS, "bad": "red"}


def mark_of(status: CriterionStatus, *, aborts: bool) -> Mark:
    """The mark of a status; an abort condition is well as long as it is not met."""
    tone = TONES[criterion_word(status.value, aborts=aborts)]
    return Mark(SIGNS[tone], (_OF_ABORTS if aborts else _OF_GOALS)[tone])
