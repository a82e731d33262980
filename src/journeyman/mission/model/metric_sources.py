"""Where metrics stand in results of tools that do not report them as metrics themselves."""

from __future__ import annotations

from pydantic import StrictBool, StrictStr, field_validator, model_validator

from journeyman.mission.criteria.schema import Finite, Name, Strict
from journeyman.mission.values.patterns import compile_pattern


class MetricExtraction(Strict):
    """Where in one tool's result a metric stands.

    A result in which it is not found has no such metric, or the default; that is no error.
    """

    path: Name | None = None
    """Dot path into structured content, or into the JSON that the text is."""
    regex: StrictStr | None = None
    """Searched in the text, or in the text at `path`; its one group holds the number. In RE2's syntax."""
    default: Finite | StrictBool | None = None
    """The value where an answer has none: `0` for a count that is only printed when there is something to count."""

    @field_validator("regex")
    @classmethod
    def _has_one_group(cls, pattern: str | None) -> str | None:
        if pattern is not None and (count := compile_pattern(pattern).group_count) != 1:
            raise ValueError(
                f"{pattern!r} has {count} groups; put the number, and only that, into one: `loss=([0-9.]+)`"
            )
        return pattern

    @model_validator(mode="after")
    def _findable(self) -> MetricExtraction:
        if self.path is None and self.regex is None:
            raise ValueError("needs `path`, `regex`, or both: where in the result does the metric stand?")
        return self


class MetricSource(MetricExtraction):
    """Where a metric stands, and in which tools' results."""

    tool: Name
    """Name or pattern of the tools whose results are looked at."""
