"""What is done at the end of a mission, before its verdict, and what of the budget is kept back for it."""

from __future__ import annotations

from typing import Final

from journeyman.mission.criteria import probes
from journeyman.mission.model.state import BestSoFar, State
from journeyman.mission.model.strategy import ToolCall
from journeyman.mission.values.value import Value

RESERVED_SHARE: Final = 0.1
"""Of the time: kept back for what is done at the end."""


class KeptBack(Value, frozen=True, kw_only=True):
    """What of the budget nothing else may use."""

    iterations: int = 0
    tool_calls: int = 0
    wall_clock_s: float = 0.0


def kept_back(state: State) -> KeptBack:
    """What is kept back for the end; nothing once it has begun, or where nothing is to be done then.

    As long as there is nothing that could be restored, the last iteration is one like any other: what it brings is what
    would be restored after it.
    """
    mission = state.mission
    most = _most_calls(state)
    if not most or state.closing is not None:
        return KeptBack()
    limit = mission.budget.wall_clock_s
    return KeptBack(
        iterations=1,
        tool_calls=most + len(probes(mission.criteria)),
        wall_clock_s=0.0 if limit is None else RESERVED_SHARE * float(limit),
    )


def _most_calls(state: State) -> int:
    """How many calls the end may ask for, whatever the next call changes."""
    wanted, best = state.mission.ending, _to_restore(state)
    if isinstance(wanted, list):
        return len(wanted)
    if wanted is None or best is None:
        return 0
    return len(best.settings) + (best.measured_by is not None)


def _to_restore(state: State) -> BestSoFar | None:
    return state.objective.best or state.objective.nearest


def at_end_calls(state: State) -> tuple[ToolCall, ...]:
    """The calls that the end of the mission asks for.

    To restore the best is to make the last call of each tool that changes the world as it was then, where it was another
    since; and the call that measured, so that the verdict rests on fresh evidence. Where the criteria never held, that is
    how they came nearest to it.
    """
    wanted = state.mission.ending
    if isinstance(wanted, list):
        return tuple(wanted)
    best = _to_restore(state)
    if wanted != "restore_best" or best is None:
        return ()
    now = state.objective.settings
    calls = [call for call in best.settings if now.get(call.tool) != call]
    if best.measured_by is not None and (calls or best.iteration != state.iteration.index):
        calls = [*calls, best.measured_by]
    return tuple(calls)
