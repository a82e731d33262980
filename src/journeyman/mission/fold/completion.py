"""Whether the mission is complete, by what the criteria say."""

from __future__ import annotations

from journeyman.mission.criteria import measured_aborts, needed
from journeyman.mission.criteria.evidence import CriterionStatus
from journeyman.mission.model.events import CriterionResult
from journeyman.mission.model.state import State


def criteria_hold(state: State) -> bool:
    """Tell whether every required criterion is met by fresh evidence, and every abort condition that the engine measures freshly unmet."""
    known = [state.progress.criteria.get(criterion.id) for criterion in needed(state.mission.criteria)]
    if not known or not all(item is not None and item.met and not item.result.carried for item in known):
        return False
    found = [state.progress.criteria.get(criterion.id) for criterion in measured_aborts(state.mission.criteria)]
    return all(item is not None and _is_freshly_unmet(item.result) for item in found)


def _is_freshly_unmet(result: CriterionResult) -> bool:
    """Tell whether an abort condition is known not to be met: one that has begun to hold is neither met nor unmet."""
    return result.status is CriterionStatus.UNMET and not result.carried and result.held == 0
