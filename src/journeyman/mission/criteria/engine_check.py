"""Judging by a check that the engine made itself."""

from __future__ import annotations

from journeyman.mission.criteria.evidence import EvidenceView, Judgement, inconclusive, judged


def judge_check(criterion: str, view: EvidenceView) -> Judgement:
    """The judgement that a criterion's fresh check leads to."""
    check = view.checks.get(criterion)
    if check is None:
        return inconclusive("not looked at since the world may have changed")
    if check.met is None:
        return inconclusive(str(check.evidence))
    return judged(check.met, check.evidence, (check.measurement,))
