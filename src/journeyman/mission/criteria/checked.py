"""Judging by a check that the engine made itself."""

from __future__ import annotations

from journeyman.mission.criteria.evidence import Judgement, View, judged, unclear


def judge_check(criterion: str, view: View) -> Judgement:
    """The judgement that a criterion's fresh check leads to."""
    check = view.checks.get(criterion)
    if check is None:
        return unclear("not looked at since the world may have changed")
    if check.met is None:
        return unclear(str(check.evidence))
    return judged(check.met, check.evidence, (check.measurement,))
