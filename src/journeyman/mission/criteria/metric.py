"""What criteria over one metric share: where its number is found."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pydantic import field_validator

from journeyman.mission.criteria.allowed_tools import DraftFacts
from journeyman.mission.criteria.base import Measured
from journeyman.mission.criteria.evidence import Measurement
from journeyman.mission.criteria.evidence_view import EvidenceView, path_prefixes
from journeyman.mission.criteria.schema import Name
from journeyman.mission.values.canonical import Json
from journeyman.mission.values.compare import number_of
from journeyman.mission.values.paths import at_path

VIEW_ROOTS: Final = frozenset({"metrics", "counts", "errors", "events", "tool_results", "history", "iteration"})
"""Top-level names of the observation that paths and predicates see."""
_METRICS: Final = "metrics."


class MetricCriterion(Measured):
    """A criterion over the number at a dot path."""

    metric: Name
    """Dot path into the observation; `metrics.` may be left out."""

    @field_validator("metric")
    @classmethod
    def _rooted(cls, path: str) -> str:
        return rooted(path)

    @property
    def path(self) -> str:
        """The path below `metrics.`; empty for a path into another part of the observation."""
        return self.metric.removeprefix(_METRICS) if self.metric.startswith(_METRICS) else ""

    @property
    def root(self) -> str:
        """The first name on the path, which is the metric's where names hold no dots."""
        return self.metric.removeprefix(_METRICS).partition(".")[0]

    def words(self) -> tuple[str, ...]:
        """The metric's name."""
        return (self.metric,)

    def heads(self) -> Sequence[str]:
        """The names with which the path may begin."""
        return path_prefixes(self.path) if self.path else []

    def metric_names(self, known: frozenset[str]) -> frozenset[str]:
        """The metric's name."""
        heads = self.heads()
        return frozenset({next((head for head in heads if head in known), heads[-1])} if heads else ())

    def reads_results(self) -> bool:
        """Tell whether the path goes into results."""
        return self.metric.startswith("tool_results")

    def takes_any_value(self) -> bool:
        """It does."""
        return True

    def evidence_tools(self, metrics: Mapping[str, str]) -> tuple[str, ...]:
        """The probes, else the tool that gives the metric."""
        return super().evidence_tools(metrics) or tuple(filter(None, [metrics.get(self.root)]))

    def draft_faults(self, known: DraftFacts) -> Iterator[str]:
        """Say that nobody gives the metric."""
        if self.root not in known.metrics:
            yield f"no allowed tool gives a metric {self.root!r}; known: {', '.join(known.metrics) or 'none'}"
        yield from super().draft_faults(known)

    def look(self, view: EvidenceView) -> tuple[float, Json, tuple[Measurement, ...]] | str:
        """The number, the value it stands for and what measured it, or why there is none."""
        return number_at(view, self.metric)


def rooted(path: str) -> str:
    """A metric's path from the top of the observation."""
    root = path.partition(".")[0]
    return path if root in VIEW_ROOTS else f"{_METRICS}{path}"


def number_at(view: EvidenceView, metric: str) -> tuple[float, Json, tuple[Measurement, ...]] | str:
    """The number at a rooted path, the value it stands for and what measured it, or why there is none."""
    found = _metric(view, metric) if metric.startswith(_METRICS) else _elsewhere(view, metric)
    if isinstance(found, str):
        return found
    value, measurements = found
    point = number_of(value)
    if point is None:
        return f"{metric} is {shortened(value)!r}, not a number"
    try:
        return float(point), value, measurements
    except OverflowError:  # compared it is exactly; only how far it has come is told by the largest float
        return sys.float_info.max if point > 0 else -sys.float_info.max, value, measurements


def _metric(view: EvidenceView, metric: str) -> tuple[Json, tuple[Measurement, ...]] | str:
    found = view.on_path(metric.removeprefix(_METRICS))
    if isinstance(found, str):
        return found
    row, rest = found
    try:
        value = at_path(row.value, rest) if rest else row.value
    except KeyError as gap:
        return f"no {metric!r} yet: {gap.args[0]!r} was not observed"
    return value, (row.measurement,)


def _elsewhere(view: EvidenceView, metric: str) -> tuple[Json, tuple[Measurement, ...]] | str:
    """Look at another part of the observation; results tell which call gave the value, facts need none."""
    try:
        value = at_path(view.obs(), metric)
    except KeyError as gap:
        return f"no {metric!r} yet: {gap.args[0]!r} was not observed"
    root, _, rest = metric.partition(".")
    rows = view.results if root == "tool_results" else view.events if root == "events" else ()
    index = rest.partition(".")[0].lstrip("-")
    if rows and index.isdigit():
        return value, (rows[int(rest.partition(".")[0])].measurement,)
    return value, ()


EVIDENCE_CHARACTERS: Final = 300


def shortened(value: Json) -> Json:
    """A value as evidence: itself when small, else the start of its text."""
    text = value if isinstance(value, str) else str(value)
    return value if len(text) <= EVIDENCE_CHARACTERS else text[:EVIDENCE_CHARACTERS] + "…"
