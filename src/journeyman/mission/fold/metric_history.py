"""The numbers that were measured: one point for each measurement, in order of arrival, as histories and trends follow them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from journeyman.mission.criteria.base import walk
from journeyman.mission.criteria.evidence import HISTORY_SHOWN, Evidence, Series, series_of
from journeyman.mission.model.mission import Mission
from journeyman.mission.model.state import MAX_HISTORIES, Arrival, State

Histories = Mapping[str, Series]
Trends = Mapping[str, tuple[Series, ...]]


def histories_after(known: Histories, arrivals: Sequence[Arrival]) -> Histories:
    """The histories once these have arrived too."""
    grown: dict[str, Series] | None = None
    for arrival in arrivals:
        for row in arrival.evidence:
            series = series_of(row)
            if series is None:
                continue
            grown = dict(known) if grown is None else grown
            before = grown.get(row.name)
            if before is not None:
                grown[row.name] = before.extended(series, HISTORY_SHOWN)
            elif len(grown) < MAX_HISTORIES:
                grown[row.name] = series
    return known if grown is None else grown


def trends_after(known: Trends, mission: Mission, arrivals: Sequence[Arrival]) -> Trends:
    """The points of the mission's trends once these have arrived too."""
    for criterion in walk(mission.criteria):
        if criterion.follows:
            for arrival in arrivals:
                found = {row.name: row for row in arrival.evidence}
                points = criterion.followed(known.get(criterion.id, ()), arrival.measurement, found)
                known = known if points is None else {**known, criterion.id: points}
    return known


def points_of_iteration(state: State) -> dict[str, float]:
    """The newest number of each metric that was measured in this iteration."""
    begun = f"{state.iteration.index}."
    newest: dict[str, Evidence] = {}
    for rows in state.world.evidence.values():
        for row in rows:
            if row.measurement.id.startswith((begun, f"script:{begun}")):
                known = newest.get(row.name)
                if known is None or row.measurement.order >= known.measurement.order:
                    newest[row.name] = row
    found = {name: series_of(row) for name, row in newest.items()}
    return {name: series.points[-1] for name, series in found.items() if series is not None}
