"""The sign and colour of how a criterion stands, the same wherever the command line shows one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from journeyman.mission.criteria.evidence import CriterionStatus


@dataclass(frozen=True, slots=True)
class Mark:
    """A sign with its colour."""

    sign: str
    colour: str


_OF_GOALS: Final = {
    CriterionStatus.MET: Mark("✓", "green"),
    CriterionStatus.UNMET: Mark("✗", "yellow"),
    CriterionStatus.INCONCLUSIVE: Mark("?", "magenta"),
}
_OF_ABORTS: Final = {
    CriterionStatus.MET: Mark("✗", "red"),
    CriterionStatus.UNMET: Mark("✓", "green"),
    CriterionStatus.INCONCLUSIVE: Mark("?", "magenta"),
}


def mark_of(status: CriterionStatus, *, aborts: bool) -> Mark:
    """The mark of a status; an abort condition is well as long as it is not met."""
    return (_OF_ABORTS if aborts else _OF_GOALS)[status]
