"""The criterion kinds: what a mission file may ask to be checked.

`rubric` (a mentor's judgement, which may veto or advise but never completes alone) has its place in this union and
arrives with the mentors.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    field_validator,
    model_validator,
)

from journeyman.mission.values.canonical import Json, JsonObject
from journeyman.mission.values.patterns import compiled

Name = Annotated[StrictStr, Field(min_length=1, max_length=200)]
Identifier = Annotated[StrictStr, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,99}$")]
Finite = Annotated[StrictInt | StrictFloat, Field(allow_inf_nan=False)]
Operator: TypeAlias = Literal["<", "<=", ">", ">=", "==", "!="]
Direction: TypeAlias = Literal["decreasing", "increasing", "non_increasing", "non_decreasing", "flat"]

MAX_EXPRESSION_CHARACTERS = 4096
"""Longest predicate: enough for a screenful, small enough that parsing one is free."""


class Strict(BaseModel):
    """Outside data: unknown keys are errors, values are never changed after they were read."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Probe(Strict):
    """A pure tool call that fetches fresh evidence before a criterion is judged."""

    tool: Name
    args: dict[str, Json] = Field(default_factory=dict)


class Common(Strict):
    """What every criterion has."""

    id: Identifier
    """Unique in the mission."""
    required: StrictBool = True
    """Whether the mission completes only with it met."""
    weight: Annotated[Finite, Field(gt=0)] = 1
    """Share in the mission's progress."""
    hold_for: Annotated[StrictInt, Field(ge=1, le=10_000)] = 1
    """Evaluations in a row in which it must be met."""
    probe: Probe | None = None
    """Fetches fresh evidence; must be a pure tool."""
    guard: StrictBool = False
    """True: it must never become met; the mission terminates when it does."""
    description: StrictStr = ""
    """For people."""


class _Metric(Common):
    metric: Name
    """Dot path into the observation; `metrics.` may be left out."""

    @field_validator("metric")
    @classmethod
    def _rooted(cls, path: str) -> str:
        root = path.partition(".")[0]
        return path if root in VIEW_ROOTS else f"metrics.{path}"


class MetricThreshold(_Metric):
    """Met while the number at a dot path compares true with a target."""

    kind: Literal["metric_threshold"]
    op: Operator
    target: Finite


class MetricTrend(_Metric):
    """Met while a metric's least-squares slope over a window of evaluations has the wanted sign."""

    kind: Literal["metric_trend"]
    direction: Direction
    window: Annotated[StrictInt, Field(ge=2, le=200)] = 5
    """Evaluations looked at."""
    min_points: Annotated[StrictInt, Field(ge=2, le=200)] = 3
    """Fewer points than this are inconclusive."""
    tolerance: Annotated[Finite, Field(ge=0)] = 0
    """Slope per evaluation that still counts as no change."""

    @model_validator(mode="after")
    def _decidable(self) -> MetricTrend:
        if self.min_points > self.window:
            raise ValueError(f"min_points {self.min_points} can never be reached in a window of {self.window}")
        return self


class Event(Common):
    """Met when the newest observation holds an event of that name whose fields equal `where`."""

    kind: Literal["event"]
    event: Name
    where: dict[str, Json] = Field(default_factory=dict)


class ToolCallSucceeded(Common):
    """Met when a tool has succeeded at least `min_count` times in the session."""

    kind: Literal["tool_call_succeeded"]
    tool: Name
    min_count: Annotated[StrictInt, Field(ge=1)] = 1


class Predicate(Common):
    """Met when a sandboxed Python expression over `obs` is true."""

    kind: Literal["predicate"]
    expression: Annotated[StrictStr, Field(min_length=1, max_length=MAX_EXPRESSION_CHARACTERS)]


class JsonCheck(Strict):
    """A value at a dot path of a JSON file compares true."""

    path: StrictStr
    op: Operator = "=="
    target: Json


class CsvCheck(Strict):
    """A CSV file has these columns and at least so many rows."""

    header: list[StrictStr] = Field(default_factory=list)
    min_rows: Annotated[StrictInt, Field(ge=0)] = 0


class CommandCheck(Strict):
    """A program, run on a pristine copy outside the agent's reach, exits with `exit_code`."""

    argv: Annotated[list[StrictStr], Field(min_length=1)]
    """Never a shell line; `{copy}` stands for the copied path."""
    exit_code: StrictInt = 0
    timeout_s: Annotated[Finite, Field(gt=0, le=3600)] = 60


class Artifact(Common):
    """Met when a file or folder exists and passes every check given."""

    kind: Literal["artifact"]
    path: Name
    """Relative to the mission file's folder."""
    json_value: JsonCheck | None = Field(default=None, alias="json")
    csv: CsvCheck | None = None
    regex: StrictStr | None = None
    sha256: Annotated[StrictStr, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    command: CommandCheck | None = None
    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    @field_validator("regex")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        if pattern is not None:
            compiled(pattern)
        return pattern


class Approval(Common):
    """Met when the named person has approved."""

    kind: Literal["approval"]
    by: Name
    question: StrictStr = ""


class AllOf(Common):
    """Met when every member is met."""

    kind: Literal["all_of"]
    criteria: Annotated[list[Criterion], Field(min_length=1)]


class AnyOf(Common):
    """Met when one member is met."""

    kind: Literal["any_of"]
    criteria: Annotated[list[Criterion], Field(min_length=1)]


Criterion: TypeAlias = Annotated[
    MetricThreshold | MetricTrend | Event | ToolCallSucceeded | Predicate | Artifact | Approval | AllOf | AnyOf,
    Field(discriminator="kind"),
]
Group: TypeAlias = AllOf | AnyOf
KINDS: tuple[str, ...] = (
    "metric_threshold", "metric_trend", "event", "tool_call_succeeded", "predicate", "artifact", "approval", "all_of", "any_of",
)  # fmt: skip
COMPARE: Mapping[Operator, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
"""What each operator of a threshold or a JSON check means."""
VIEW_ROOTS = frozenset({"metrics", "counts", "errors", "events", "tool_results", "history", "iteration"})
"""Top-level names of the observation that paths and predicates see."""

AllOf.model_rebuild()
AnyOf.model_rebuild()


def walk(criteria: tuple[Criterion, ...] | list[Criterion]) -> Iterator[Criterion]:
    """Give every criterion, groups before their members."""
    for criterion in criteria:
        yield criterion
        if isinstance(criterion, (AllOf, AnyOf)):
            yield from walk(criterion.criteria)


def needed(criteria: Sequence[Criterion]) -> list[Criterion]:
    """Give the criteria that completion asks for: required, and no guards."""
    return [criterion for criterion in criteria if criterion.required and not criterion.guard]


def probes(criteria: tuple[Criterion, ...] | list[Criterion]) -> tuple[Probe, ...]:
    """Give the distinct probes of all criteria, in order."""
    found: dict[str, Probe] = {}
    for criterion in walk(criteria):
        if criterion.probe is not None:
            found.setdefault(criterion.probe.model_dump_json(), criterion.probe)
    return tuple(found.values())


def as_json(criterion: Criterion) -> JsonObject:
    """Give a criterion as it stands in a mission file, without defaults."""
    return criterion.model_dump(mode="json", exclude_defaults=True, by_alias=True) | {"kind": criterion.kind}
