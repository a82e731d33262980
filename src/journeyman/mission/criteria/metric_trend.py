"""`metric_trend`: the slope of a metric over its newest measurements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Final, Literal, TypeAlias

from pydantic import Field, StrictInt, model_validator

from journeyman.mission.criteria.evidence import (
    Evidence,
    Judgement,
    Measurement,
    Series,
    comes_from,
    inconclusive,
    judged,
    series_of,
)
from journeyman.mission.criteria.evidence_view import EvidenceView
from journeyman.mission.criteria.metric import MetricCriterion
from journeyman.mission.criteria.schema import Finite
from journeyman.mission.values.canonical import JsonObject
from journeyman.mission.values.paths import at_path
from journeyman.mission.values.value import replace

MOST_FOLLOWED: Final = 20
"""Producers that an abort condition follows at once; who was silent longest is forgotten first."""
Direction: TypeAlias = Literal["decreasing", "increasing", "non_increasing", "non_decreasing", "flat"]


class MetricTrend(MetricCriterion):
    """Met while a metric's least-squares slope over a window of measurements has the wanted sign."""

    follows: ClassVar[bool] = True
    kind: Literal["metric_trend"]
    direction: Direction
    """Where the slope must point."""
    window: Annotated[StrictInt, Field(ge=2, le=200)] = 5
    """Newest measurements looked at."""
    min_points: Annotated[StrictInt, Field(ge=2, le=200)] = 3
    """Fewer points than this are inconclusive."""
    tolerance: Annotated[Finite, Field(ge=0)] = 0
    """Slope per measurement that still counts as no change."""

    @model_validator(mode="after")
    def _decidable(self) -> MetricTrend:
        if self.min_points > self.window:
            raise ValueError(f"min_points {self.min_points} can never be reached in a window of {self.window}")
        if not self.path:
            raise ValueError(
                f"a trend follows a metric, and {self.metric!r} is another part of the observation;"
                " name the value under `metrics:` in the mission file"
            )
        return self

    def takes_any_value(self) -> bool:
        """Not of any: points of two producers are no line."""
        return False

    def judge_seen(self, view: EvidenceView) -> Judgement:
        """Fit a line through the points so far, of which the last must be the fresh value that is seen.

        Those before it were measured when they were, and stay what they were.
        """
        found = self.look(view)
        known = view.trends.get(self.id, ())
        if isinstance(found, str):
            return inconclusive(found, self._share(max((len(one.points) for one in known), default=0)))
        _, _, measurements = found
        newest = max(made.order for made in measurements)
        points = [point for one in known if one.newest == newest for point in one.points]
        if len(points) < self.min_points:
            told = inconclusive(f"{len(points)} of {self.min_points} points", self._share(len(points)))
            return replace(told, measurements=measurements)
        slope = least_squares_slope(points)
        met = self._fits(slope)
        evidence: JsonObject = {"first": points[0], "last": points[-1], "points": len(points), "slope": round(slope, 9)}
        return judged(met, evidence, measurements, 1.0 if met else 0.5)

    def followed(
        self, known: Sequence[Series], made: Measurement, found: Mapping[str, Evidence]
    ) -> tuple[Series, ...] | None:
        """The points with those of a measurement that counts; `None` where it has none.

        They are of one producer, or of all that the operator named. An abort condition follows each by itself.
        """
        row = next((found[head] for head in self.heads() if head in found), None)
        if row is None or not self._counts(made):
            return None
        try:
            rest = self.path[len(row.name) + 1 :]
            series = series_of(replace(row, value=at_path(row.value, rest)) if rest else row)
        except KeyError:
            return None
        if series is None:
            return None
        series = replace(series, source="") if self.is_sourced else series
        others = tuple(one for one in known if one.source != series.source) if self.is_alarm else ()
        mine = next((one for one in known if one.source == series.source), None)
        return (*others, mine.extended(series, self.window) if mine is not None else series)[-MOST_FOLLOWED:]

    def _counts(self, made: Measurement) -> bool:
        if self.probes and not (made.probe and any(probe.call == made.call for probe in self.probes)):
            return False
        return not self.wanted_sources or any(comes_from(made.call, source) for source in self.wanted_sources)

    def _share(self, points: int) -> float:
        return min(points / self.min_points, 1.0) * 0.5

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
        points = f", at least {self.min_points} points" if self.min_points != self.window else ""
        slope = f", a slope of {self.tolerance} is none" if self.tolerance else ""
        return f"{self.path or self.metric} {self.direction} over {self.window}{points}{slope}"


def least_squares_slope(points: Sequence[float]) -> float:
    """The slope of the least-squares line through points one measurement apart."""
    middle, mean = (len(points) - 1) / 2, sum(points) / len(points)
    spread = sum((index - middle) ** 2 for index in range(len(points)))
    return sum((index - middle) * (point - mean) for index, point in enumerate(points)) / spread if spread else 0.0
