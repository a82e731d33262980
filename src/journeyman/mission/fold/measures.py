"""Numbers out of observations: dot paths, and the points that trends follow."""

from __future__ import annotations

from journeyman.mission.criteria import MetricTrend, walk
from journeyman.mission.model.state import State
from journeyman.mission.values.canonical import Json


def number(value: Json) -> float | None:
    """Give a JSON number as float; `None` for everything else, booleans too."""
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def at_path(value: Json, path: str) -> Json:
    """Give what stands at a dot path through objects and lists, or raise `KeyError` with the path up to the gap."""
    rest = path
    while rest:
        if isinstance(value, dict) and rest in value:  # a key may itself hold dots
            return value[rest]
        step, _, rest = rest.partition(".")
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.lstrip("-").isdigit() and -len(value) <= int(step) < len(value):
            value = value[int(step)]
        else:
            raise KeyError(step)
    return value


def new_points(state: State) -> dict[str, float]:
    """Give the numbers measured in this iteration by metric path, as trends follow them."""
    found: dict[str, float] = {}
    for name, metric in state.metrics.items():
        if metric.iteration == state.iteration:
            point = number(metric.value)
            if point is not None:
                found[name] = point
    for criterion in walk(state.mission.criteria):
        if isinstance(criterion, MetricTrend):
            path = criterion.metric.removeprefix("metrics.")
            if path not in found:
                point = _nested_point(state, path)
                if point is not None:
                    found[path] = point
    return found


def _nested_point(state: State, path: str) -> float | None:
    name, _, rest = path.partition(".")
    metric = state.metrics.get(name)
    if metric is None or metric.iteration != state.iteration or not rest:
        return None
    try:
        return number(at_path(metric.value, rest))
    except KeyError:
        return None
