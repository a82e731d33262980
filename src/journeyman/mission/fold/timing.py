"""What of the time between two events counts as used."""

from __future__ import annotations

from datetime import datetime

from journeyman.mission.model import events as e
from journeyman.mission.model.events import EventRecord
from journeyman.mission.model.state import Phase, State
from journeyman.mission.values.value import replace


def seconds_between(earlier: str, later: str) -> float:
    """The seconds between two event times, never negative: clocks may be set back."""
    if not earlier or not later:
        return 0.0
    return max(0.0, (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds())


def timed(state: State, happened: EventRecord) -> State:
    """The state with the time up to this event counted where it counts: between two events of a driver."""
    event, at = happened.event, happened.at
    if happened.actor.startswith("person:") and isinstance(event, (e.PersonEvent, e.Reconciled)):
        return state
    times = state.times
    if at == times.last_at:
        return state
    spent = seconds_between(times.last_at, at)
    times = replace(times, last_at=at)
    people = state.people
    if spent == 0 or isinstance(event, e.Claimed) or people.paused or people.waiting or state.phase is Phase.ENDED:
        return replace(state, times=times)
    used = state.usage
    return replace(state, times=times, usage=replace(used, wall_clock_s=round(used.wall_clock_s + spent, 6)))
