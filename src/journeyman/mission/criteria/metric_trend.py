"""`metric_trend`: the slope of a metric over its newest measurements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, StrictInt, model_validator

from journeyman.mission.criteria.evidence import Judgement, Measurement, Remembered, View, judged, unclear
from journeyman.mission.criteria.metric import MetricCriterion
from journeyman.mission.criteria.schema import Finite
from journeyman.mission.values.canonical import JsonObject
from journeyman.mission.values.value import replace

Direction: TypeAlias = Literal["decreasing", "increasing", "non_increasing", "non_decreasing", "flat"]


class MetricTrend(MetricCriterion):
    """Met while a metric's least-squares slope over a window of measurements has the wanted sign."""

    kind: Literal["metric_trend"]
    direction: Direction
    window: Annotated[StrictInt, Field(ge=2, le=200)] = 5
    """Measurements looked at, the newest of each evaluation."""
    min_points: Annotated[StrictInt, Field(ge=2, le=200)] = 3
    """Fewer points than this are inconclusive."""
    tolerance: Annotated[Finite, Field(ge=0)] = 0
    """Slope per measurement that still counts as no change."""

    @model_validator(mode="after")
    def _decidable(self) -> MetricTrend:
        if self.min_points > self.window:
            raise ValueError(f"min_points {self.min_points} can never be reached in a window of {self.window}")
        return self

    def judge(self, view: View) -> Judgement:
        """Fit a line through the points so far, all of one producer unless the operator named several.

        The last of them must be fresh; those before it were measured when they were, and stay what they were.
        """
        found = self.look(view)
        past = view.remembered.get(self.id, Remembered())
        if isinstance(found, str):
            return self._unjudged(found, view, past)
        point, _, measurements = found
        new = any(made.order > past.measured for made in measurements) or not measurements
        known = self._series(past, measurements)
        points = (*known, point)[-self.window :] if new else known[-self.window :]
        added = point if new else None
        if len(points) < self.min_points:
            told = unclear(f"{len(points)} of {self.min_points} points", len(points) / self.min_points * 0.5)
            return replace(told, measurements=measurements, point=added)
        slope = least_squares_slope(points)
        met = self._fits(slope)
        evidence: JsonObject = {"first": points[0], "last": points[-1], "points": len(points), "slope": round(slope, 9)}
        return replace(judged(met, evidence, measurements, 1.0 if met else 0.5), point=added)

    def _series(self, past: Remembered, measurements: Sequence[Measurement]) -> tuple[float, ...]:
        """Give the points to which a new one belongs: those of its producer, or of all that the operator named."""
        producers = {made.call.source for made in measurements} or {""}
        return past.points if self.is_sourced or past.source in producers else ()

    def _unjudged(self, reason: str, view: View, past: Remembered) -> Judgement:
        """Give why there is nothing to judge; what was measured meanwhile and is stale by now is still a point."""
        told = unclear(reason, min(len(past.points) / self.min_points, 1.0) * 0.5)
        stale = self.look(replace(view, metrics=view.measured))
        if isinstance(stale, str):
            return told
        point, _, measurements = stale
        new = any(made.order > past.measured for made in measurements)
        return replace(told, measurements=measurements, point=point) if new else told

    def _fits(self, slope: float) -> bool:
        edge = float(self.tolerance)
        match self.direction:
            case "decreasing":
                return slope < -edge
            case "increasing":
                return slope > edge
            case "non_increasing":
                return slope <= edge
            case "non_decreasing":
                return slope >= -edge
            case "flat":
                return abs(slope) <= edge

    def sentence(self) -> str:
        """Say what is asked for, such as `loss decreasing over 5`."""
        return f"{self.path or self.metric} {self.direction} over {self.window}"


def least_squares_slope(points: Sequence[float]) -> float:
    """Give the slope of the least-squares line through points one measurement apart."""
    middle, mean = (len(points) - 1) / 2, sum(points) / len(points)
    spread = sum((index - middle) ** 2 for index in range(len(points)))
    return sum((index - middle) * (point - mean) for index, point in enumerate(points)) / spread if spread else 0.0
