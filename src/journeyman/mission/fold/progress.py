"""The part of the fold that holds how the criteria stand, and whether they move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from journeyman.mission.criteria.evidence import CriterionStatus
from journeyman.mission.fold.objective import after_evaluation as after_objective
from journeyman.mission.fold.planner_memory import after_evaluation, gives_time
from journeyman.mission.fold.task import after_judgement
from journeyman.mission.fold.world_knowledge import merged
from journeyman.mission.model import events as e
from journeyman.mission.model.mission import Mission
from journeyman.mission.model.state import CriterionState, Phase, State
from journeyman.mission.values.value import replace

PROGRESS_STEP = 1e-9
"""Smaller gains are rounding, not progress."""


def watched(state: State, event: e.Watched, at: str) -> State:
    """The state after a look at the abort conditions in mid-iteration."""
    progress = state.progress
    criteria = {**progress.criteria, **_criteria(progress.criteria, event.results, at)}
    return replace(
        state,
        world=merged(state.world, state.mission),
        progress=replace(progress, criteria=criteria, aborted=progress.aborted or event.aborted),
    )


def evaluated(state: State, event: e.Evaluated, at: str) -> State:
    """The state once the criteria are judged."""
    progress = state.progress
    criteria = _criteria(progress.criteria, event.results, at)
    total, guarded = total_progress(state.mission, criteria), nearest_abort(state.mission, criteria)
    progress = replace(
        progress,
        criteria=criteria,
        awaiting=tuple(event.awaiting),
        aborted=progress.aborted or event.aborted,
        checkpoint=event.checkpoint,
    )
    world, best_before = merged(state.world, state.mission), state.objective.best
    if state.mission.objective is not None:
        judged = replace(state, progress=progress, world=world)
        state = replace(state, objective=after_objective(judged, event.objective, total))
    if state.mission.task is not None:
        state = replace(state, task=after_judgement(state.task, state.mission, criteria, total))
    if event.checkpoint:
        better = total > progress.best_total + PROGRESS_STEP or state.objective.best is not best_before
        # To let a risky call show what it did is no attempt that failed.
        kept = state.iteration.judged or gives_time(state)
        progress = replace(
            progress,
            checkpoint_at=at,
            evaluations=progress.evaluations + 1,
            best_total=max(total, progress.best_total),
            stalled=0 if better or progress.evaluations == 0 else progress.stalled + (not kept),
            adjusted=progress.adjusted and not better,
        )
    return replace(
        state,
        phase=Phase.DECIDE,
        world=world,
        progress=progress,
        memory=state.memory
        if state.iteration.judged
        else after_evaluation(state, criteria, total, guarded, event.objective),
        iteration=replace(state.iteration, judged=True, until_met=event.until_met),
    )


def _criteria(
    old: Mapping[str, CriterionState], results: Sequence[e.CriterionResult], at: str
) -> dict[str, CriterionState]:
    return {result.id: _criterion(old.get(result.id), result, at) for result in results}


def _criterion(old: CriterionState | None, result: e.CriterionResult, at: str) -> CriterionState:
    conclusive = result.status is not CriterionStatus.INCONCLUSIVE and not result.carried
    return CriterionState(
        result=result,
        best=max(result.progress, old.best if old is not None else 0.0),
        conclusive_at=at if conclusive else old.conclusive_at if old is not None else "",
    )


def total_progress(mission: Mission, criteria: Mapping[str, CriterionState]) -> float:
    """The weighted progress of the mission, 0..1, over criteria that are no abort conditions."""
    counted = [criterion for criterion in mission.criteria if not criterion.abort_when_met]
    weight = sum(criterion.weight for criterion in counted)
    return sum(
        criterion.weight * criteria[criterion.id].progress for criterion in counted if criterion.id in criteria
    ) / (weight or 1)


def nearest_abort(mission: Mission, criteria: Mapping[str, CriterionState]) -> float:
    """How near the nearest abort condition is to being met, 0..1."""
    known = (criteria.get(criterion.id) for criterion in mission.criteria if criterion.abort_when_met)
    return max((item.progress for item in known if item is not None), default=0.0)
