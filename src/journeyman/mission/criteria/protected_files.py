"""`protected_files`: what a guard's `protect` names is as it was pinned."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import StrictBool

from journeyman.mission.criteria.base import Criterion
from journeyman.mission.criteria.engine_check import ProtectedCheck, judge_check
from journeyman.mission.criteria.evidence import CriterionStatus, Judgement, judged
from journeyman.mission.criteria.evidence_view import EvidenceView


class ProtectedFiles(Criterion):
    """Met while no protected file was touched; with `touched: true`, once one was, which is an abort condition's form.

    Checks see the pinned files in any case: this says what becomes of a mission in which others were found.
    """

    kind: Literal["protected_files"]

    asks_guard: ClassVar[bool] = True

    touched: StrictBool = False
    """Met once a protected file was touched, instead of while none was."""

    def engine_check(self) -> ProtectedCheck:
        """The comparison with what was pinned."""
        return ProtectedCheck()

    def judge(self, view: EvidenceView) -> Judgement:
        """Take what was found, or its opposite."""
        found = judge_check(self.id, view)
        if not self.touched or found.status is CriterionStatus.INCONCLUSIVE:
            return found
        return judged(found.status is CriterionStatus.UNMET, found.evidence, found.measurements)

    def sentence(self) -> str:
        """Say what is asked for."""
        return "a protected file was touched" if self.touched else "no protected file was touched"
