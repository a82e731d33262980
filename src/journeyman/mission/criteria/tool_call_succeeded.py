"""`tool_call_succeeded`: a tool has done its work so often."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictInt

from journeyman.mission.criteria.base import Criterion
from journeyman.mission.criteria.evidence import Judgement, judged
from journeyman.mission.criteria.evidence_view import EvidenceView
from journeyman.mission.criteria.schema import Name


class ToolCallSucceeded(Criterion):
    """Met when a tool has succeeded at least `min_count` times in the session."""

    kind: Literal["tool_call_succeeded"]
    tool: Name
    """The tool's full name."""
    min_count: Annotated[StrictInt, Field(ge=1)] = 1
    """How often it must have succeeded; probes do not count."""

    @property
    def asked_tool(self) -> str:
        """The tool."""
        return self.tool

    def judge(self, view: EvidenceView) -> Judgement:
        """Count; probes and repeated measurements are not counted."""
        count = view.counts.get(self.tool, 0)
        told = f"{count} successful calls, {self.min_count} needed"
        return judged(count >= self.min_count, told, progress=min(1.0, count / self.min_count))

    def sentence(self) -> str:
        """Say what is asked for."""
        return f"{self.tool} succeeded" + (f" {self.min_count} times" if self.min_count > 1 else "")

    def words(self) -> tuple[str, ...]:
        """The tool's name."""
        return (self.tool,)
