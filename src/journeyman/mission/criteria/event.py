"""`event`: something was reported in this iteration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from journeyman.mission.criteria.allowed_tools import AllowedTools
from journeyman.mission.criteria.base import Measured
from journeyman.mission.criteria.evidence import Judgement, inconclusive, judged
from journeyman.mission.criteria.evidence_view import EvidenceView
from journeyman.mission.criteria.metric import shortened
from journeyman.mission.criteria.schema import Name, RecordedObject
from journeyman.mission.values.canonical import Json
from journeyman.mission.values.compare import equal
from journeyman.mission.values.errors import Problem


class EventCriterion(Measured):
    """Met when this iteration's evidence holds an event of that name whose fields equal `where`."""

    kind: Literal["event"]
    event: Name
    """Name of the event."""
    where: RecordedObject = Field(default_factory=dict)
    """Fields that the event must have, with these values."""

    def warnings(self, tools: AllowedTools) -> Iterator[Problem]:
        """Say whose word counts."""
        if not self.is_sourced:
            hint = "name whose word counts with `from: TOOL`, or fetch it with a `probe`"
            yield self.problem(f"any allowed tool may report {self.event!r}", hint)
        yield from super().warnings(tools)

    def judge_seen(self, view: EvidenceView) -> Judgement:
        """Look for the newest event that fits."""
        fitting = [row for row in view.events if self._fits(row.fields)]
        if not fitting:
            return judged(met=False, evidence=f"no event {self.event!r} in this iteration")
        tools = {row.measurement.call.producer for row in fitting}
        if len(tools) > 1 and not (self.is_sourced or self.abort_when_met):
            return inconclusive(
                f"{' and '.join(sorted(tool for tool, _ in tools))} report {self.event!r}; say whose counts with `from`"
            )
        return judged(True, shortened(fitting[-1].fields), (fitting[-1].measurement,))

    def _fits(self, fields: dict[str, Json]) -> bool:
        return equal(fields.get("name"), self.event) and all(
            key in fields and equal(fields[key], value) for key, value in self.where.items()
        )

    def sentence(self) -> str:
        """Say what is asked for."""
        fields = ", ".join(f"{key}={value!r}" for key, value in self.where.items())
        return f"event {self.event}" + (f" with {fields}" if fields else "")

    def words(self) -> tuple[str, ...]:
        """The event's name."""
        return (self.event,)
