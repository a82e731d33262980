"""`approval`: a named person says yes."""

from __future__ import annotations

from typing import Literal

from pydantic import StrictStr

from journeyman.mission.criteria.base import Criterion, PersonAsked
from journeyman.mission.criteria.evidence import Judgement, judged
from journeyman.mission.criteria.evidence_view import EvidenceView
from journeyman.mission.criteria.schema import Name


class ApprovalCriterion(Criterion):
    """Met when the named person has approved."""

    kind: Literal["approval"]
    by: Name
    """Who must say yes, as in `journeyman approve --as NAME`."""
    question: StrictStr = ""
    """What this person is asked."""

    def asks_person(self) -> PersonAsked:
        """The named person."""
        return PersonAsked(by=self.by, question=self.question or f"does {self.id!r} hold?")

    def judge(self, view: EvidenceView) -> Judgement:
        """Look for the answer."""
        answer = view.answers.get(self.id)
        if answer is None:
            return judged(met=False, evidence=f"waits for {self.by}")
        granted, by = answer
        return judged(granted, f"{'approved' if granted else 'denied'} by {by}")

    def sentence(self) -> str:
        """Say who must approve."""
        return f"approved by {self.by}" + (f": {self.question}" if self.question else "")
