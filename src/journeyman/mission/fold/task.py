"""The part of the fold that follows a task: which attempt was the last, and which the best."""

from __future__ import annotations

from collections.abc import Mapping

from journeyman.mission.criteria import needed
from journeyman.mission.model import events as e
from journeyman.mission.model.effects import EffectState
from journeyman.mission.model.mission import Mission
from journeyman.mission.model.state import CriterionState, Effect
from journeyman.mission.model.task import ATTEMPT, TaskProgress
from journeyman.mission.values.value import replace

_BETTER = 1e-9
"""Smaller gains are rounding."""


def after_attempt(task: TaskProgress, effect: Effect, event: e.Settled) -> TaskProgress:
    """The task once a call has ended, which may have been an attempt."""
    number = event.metrics.get(ATTEMPT) if effect.intended.tool == ATTEMPT else None
    if not isinstance(number, int) or isinstance(number, bool) or event.state is not EffectState.DONE:
        return task
    value = event.value if isinstance(event.value, dict) else {}
    base, digest = (str(value.get(name, "")) for name in ("base", "digest"))
    return replace(task, last=number, base=task.base or base, last_digest=digest)


def after_judgement(
    task: TaskProgress, mission: Mission, criteria: Mapping[str, CriterionState], total: float
) -> TaskProgress:
    """The task once the criteria are judged on what the last attempt left."""
    if not task.last:
        return task
    known = [criteria.get(criterion.id) for criterion in needed(mission.criteria)]
    score = total + all(one is not None and one.met for one in known)
    if task.best and score <= task.best_score + _BETTER:
        return task
    return replace(task, best=task.last, best_digest=task.last_digest, best_score=score)
