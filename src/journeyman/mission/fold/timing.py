"""What of the time between two events counts as used."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from journeyman.mission.model import events as e
from journeyman.mission.model.events import EventRecord
from journeyman.mission.model.state import Phase, State
from journeyman.mission.values.value import replace


def seconds_between(earlier: str, later: str) -> float:
    """The seconds between two event times, never negative: clocks may be set back."""
    if not earlier or not later:
        return 0.0
    return max(0.0, (_moment(later) - _moment(earlier)).total_seconds())


@lru_cache(maxsize=64)
def _moment(at: str) -> datetime:
    """Read an event time; each is asked for as the end of one stretch and as the beginning of the next."""
    return datetime.fromisoformat(at)


def timed(state: State, happened: EventRecord) -> State:
    """The state with the time up to this event counted where it counts: between two events of a driver."""
    event, at = happened.event, happened.at
    if happened.actor.startswith("person:") and isinstance(event, (e.PersonEvent, e.Reconciled)):
        return state
    times = state.times
    if at == times.last_at:
        return state
    counted = not (
        isinstance(event, e.Claimed) or state.people.paused or state.people.waiting or state.phase is Phase.ENDED
    )
    spent = seconds_between(times.last_at, at) if counted else 0.0
    usage = replace(state.usage, wall_clock_s=round(state.usage.wall_clock_s + spent, 6)) if spent else state.usage
    return replace(state, times=replace(times, last_at=at), usage=usage)
