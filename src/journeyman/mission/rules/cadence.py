"""When progress is judged, and when probes and checks are due."""

from __future__ import annotations

from journeyman.mission.criteria import needed
from journeyman.mission.fold.at_end import kept_back
from journeyman.mission.fold.timing import seconds_between
from journeyman.mission.model.state import State
from journeyman.mission.values.compare import equal


def is_checkpoint(state: State, at: str) -> bool:
    """Tell whether the cadence judges progress in this iteration, looked at at time `at`."""
    cadence = state.mission.cadence
    if is_last(state):
        return True
    if cadence.every_iterations is not None:
        return (state.iteration.index + 1) % cadence.every_iterations == 0
    if cadence.every_s is not None:
        known = state.progress.checkpoint_at
        return not known or seconds_between(known, at) >= cadence.every_s
    return any(equal(row.fields.get("name"), cadence.on_event) for row in state.world.events)


def is_last(state: State) -> bool:
    """Tell whether this is the last iteration, since the budget allows no more, or the mission is at its end."""
    limit = state.mission.budget.iterations
    last = limit is not None and state.iteration.index + 1 >= limit - kept_back(state).iterations
    return last or state.closing is not None


def measuring_due(state: State) -> bool:
    """Tell whether probes and checks run in this iteration: at checkpoints, and where the mission may be complete."""
    if is_checkpoint(state, state.times.last_at):
        return True
    known = [state.progress.criteria.get(criterion.id) for criterion in needed(state.mission.criteria)]
    return all(item is not None and item.met for item in known)
