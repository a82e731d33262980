"""The numbers that were measured in an iteration, as histories and plots follow them."""

from __future__ import annotations

from collections.abc import Mapping

from journeyman.mission.criteria.evidence import Evidence, Series, series_of
from journeyman.mission.model.state import HISTORY_POINTS, MAX_HISTORIES, State


def extended(state: State) -> Mapping[str, Series]:
    """Give the histories with what was measured in this iteration and not yet looked at."""
    known = state.world.history
    if state.iteration.judged and not state.world.arrivals:
        return known
    newest = _series_of_iteration(state)
    if not newest:
        return known
    longer = dict(known)
    for name, series in newest.items():
        before = longer.get(name)
        if before is not None:
            longer[name] = before.then(series, HISTORY_POINTS)
        elif len(longer) < MAX_HISTORIES:
            longer[name] = series
    return longer


def points_of_iteration(state: State) -> dict[str, float]:
    """Give the newest number of each metric that was measured in this iteration."""
    return {name: series.points[-1] for name, series in _series_of_iteration(state).items()}


def _series_of_iteration(state: State) -> dict[str, Series]:
    """Give the newest number of each metric that was measured in this iteration, as a series of one point."""
    begun = f"{state.iteration.index}."
    script = f"script:{begun}"
    newest: dict[str, Evidence] = {}
    rows = [row for mine in state.world.evidence.values() for row in mine]
    rows += [row for arrival in state.world.arrivals for row in arrival.evidence]
    for row in rows:
        if row.measurement.id.startswith((begun, script)):
            known = newest.get(row.name)
            if known is None or row.measurement.order >= known.measurement.order:
                newest[row.name] = row
    found = {name: series_of(row) for name, row in newest.items()}
    return {name: series for name, series in found.items() if series is not None}
