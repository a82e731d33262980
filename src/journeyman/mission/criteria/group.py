"""`all_of` and `any_of`: criteria over criteria. Members are judged, and hold, by themselves."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from pydantic import model_validator

from journeyman.mission.criteria.base import Criterion, walk
from journeyman.mission.criteria.evidence import CriterionStatus, Judgement
from journeyman.mission.criteria.evidence_view import EvidenceView

MET, UNMET, INCONCLUSIVE = CriterionStatus.MET, CriterionStatus.UNMET, CriterionStatus.INCONCLUSIVE


class Group(Criterion):
    """A criterion that is judged by its members' judgements, after their own holding."""

    if TYPE_CHECKING:
        criteria: list[Criterion]

    def members(self) -> tuple[Criterion, ...]:
        """In the file's order."""
        return tuple(self.criteria)

    @model_validator(mode="after")
    def _sound_together(self) -> Group:
        for member in self.criteria:
            if member.abort_when_met:
                raise ValueError(f"{member.id!r} has abort_when_met inside a group: abort conditions stand alone")
        if self.abort_when_met:
            for member in walk(self.criteria):
                member.sound_alarm()
        return self

    def judge(self, view: EvidenceView) -> Judgement:
        """Judge without holding; the rules judge members one by one and call `combine`."""
        return self.combine([member.judge(view) for member in self.criteria])

    @abstractmethod
    def combine(self, members: Sequence[Judgement]) -> Judgement:
        """The group's judgement from its members'."""

    @abstractmethod
    def is_enough(self, members: Iterable[bool]) -> bool:
        """Tell whether the group is met where these of its members, in their order, are."""

    def rests_on_carried(self, met: Sequence[bool], carried: Sequence[bool]) -> bool:
        """Tell whether the group stands as it does because of members that were not measured now."""
        if self.is_enough(met):
            return not self.is_enough(one and not old for one, old in zip(met, carried, strict=True))
        return any(carried)

    def metric_names(self, known: frozenset[str]) -> frozenset[str]:
        """What the members look at."""
        return frozenset[str]().union(*(member.metric_names(known) for member in self.criteria))


def _evidence(members: Sequence[Judgement]) -> str:
    return f"{sum(member.status is MET for member in members)} of {len(members)} met"


def all_of(members: Sequence[Judgement]) -> Judgement:
    """The judgement of criteria that must all be met."""
    states = [member.status for member in members]
    status = MET if all(state is MET for state in states) else UNMET if UNMET in states else INCONCLUSIVE
    return Judgement(
        status=status,
        evidence=_evidence(members),
        progress=sum(member.progress for member in members) / len(members),
        measurements=tuple(made for member in members for made in member.measurements),
    )


def any_of(members: Sequence[Judgement]) -> Judgement:
    """The judgement of criteria of which one must be met."""
    states = [member.status for member in members]
    status = MET if MET in states else INCONCLUSIVE if INCONCLUSIVE in states else UNMET
    counted = [member for member in members if member.status is MET] or members
    return Judgement(
        status=status,
        evidence=_evidence(members),
        progress=max(member.progress for member in members),
        measurements=tuple(made for member in counted for made in member.measurements),
    )
