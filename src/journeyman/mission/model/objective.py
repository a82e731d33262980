"""Objectives: a metric that is to be as small or as large as it can be, among what fulfils the criteria."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import ConfigDict, Field

from journeyman.mission.criteria.evidence_view import EvidenceView
from journeyman.mission.criteria.metric import number_at, rooted
from journeyman.mission.criteria.schema import EvidenceSource, Finite, Name, Strict
from journeyman.mission.model.strategy import ToolCall

AtEnd: TypeAlias = Literal["restore_best", "nothing"] | Annotated[list[ToolCall], Field(min_length=1, max_length=20)]


class Objective(Strict):
    """The metric, and from whom its values are taken."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    metric: Name
    """Name of the metric, or a dot path."""
    source: Name | EvidenceSource | None = Field(default=None, alias="from")
    """A tool, or a pattern of tools. Left out, anybody's, unless two tools give the same name."""
    min_change: Annotated[Finite, Field(ge=0)] = 0
    """Smaller improvements are noise, and count as none."""

    def value(self, view: EvidenceView) -> float | None:
        """Its fresh value; `None` where there is none, or nobody knows which counts."""
        seen = view if self.source is None else view.narrowed_to_sources([EvidenceSource.of(self.source)])
        found = number_at(seen, rooted(self.metric))
        return None if isinstance(found, str) else found[0]


def long_objective(value: object) -> object:
    """The long form of an objective that may be written as the metric's name."""
    return {"metric": value} if isinstance(value, str) else value
