"""The numbers that were measured in an iteration, as histories and plots follow them."""

from __future__ import annotations

from journeyman.mission.criteria.evidence import LARGEST_POINT, Evidence
from journeyman.mission.model.state import State
from journeyman.mission.values.compare import number_of


def new_points(state: State) -> dict[str, float]:
    """Give the newest number of each metric that was measured in this iteration and not yet looked at."""
    return {} if state.iteration.judged and not state.world.arrivals else points_of_iteration(state)


def points_of_iteration(state: State) -> dict[str, float]:
    """Give the newest number of each metric that was measured in this iteration."""
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
    found: dict[str, float] = {}
    for name, row in newest.items():
        point = number_of(row.value)
        if point is not None and abs(point) < LARGEST_POINT:
            found[name] = float(point)
    return found
