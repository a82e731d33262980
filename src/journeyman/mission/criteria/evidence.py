"""Evidence: values with their producer and their time, and what judging by them gives."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Final, TypeAlias

from journeyman.mission.criteria.schema import EvidenceSource
from journeyman.mission.values.canonical import digest_of
from journeyman.mission.values.compare import number_of
from journeyman.mission.values.value import Json, JsonObject, Value, replace

SCRIPT: Final = "script"
"""Names the operator's script in `from`; a tool of this name is another producer (`Call.is_script`)."""
HISTORY_SHOWN: Final = 32
"""Newest points of each metric, which predicates see."""
LARGEST_POINT: Final = 1e308
"""Larger numbers are in no history: their sums would overflow."""


class CriterionStatus(StrEnum):
    """How a criterion was judged."""

    MET = "met"
    UNMET = "unmet"
    INCONCLUSIVE = "inconclusive"


class Call(Value, frozen=True):
    """A tool with its arguments; two calls are equal when these are, whatever the order of keys."""

    tool: str
    args: str
    """SHA-256 of the canonical arguments."""

    @classmethod
    def of(cls, tool: str, args: Json) -> Call:
        """Make the call from arguments, or from the reference to a blob that holds them."""
        reference = args.get("$blob") if isinstance(args, dict) else None
        return cls(tool, reference if isinstance(reference, str) else digest_of(args))

    @classmethod
    def of_script(cls) -> Call:
        """Stand for the operator's script, which is no call: it has no arguments, and so no digest of them."""
        return cls(SCRIPT, "")

    @property
    def is_script(self) -> bool:
        """Whether this is the operator's script and no tool, also where a tool has its name."""
        return not self.args

    @property
    def producer(self) -> tuple[str, bool]:
        """Who reports: values of two producers under one name are ambiguous."""
        return self.tool, self.is_script

    @property
    def source(self) -> str:
        """The same as one text; no tool has that of the script."""
        return f"({SCRIPT})" if self.is_script else self.tool


class Measurement(Value, frozen=True, kw_only=True):
    """One effect, check or report of the operator's script: what evidence comes from."""

    id: str
    call: Call
    order: int
    """Counts measurements in the session; newer ones have larger numbers."""
    epoch: int
    """Epoch of the world in which it was made."""
    at: str
    probe: bool = False
    """Made for a judgement, as a criterion's probe."""


class Evidence(Value, frozen=True, kw_only=True):
    """A value under a name."""

    name: str
    value: Json
    measurement: Measurement


class Series(Value, frozen=True, kw_only=True):
    """Numbers that one producer gave under one name, oldest first: those of two producers are no series."""

    source: str
    """`Call.source` of the producer; empty where the operator said whose values count."""
    points: tuple[float, ...]
    """One for each measurement."""
    newest: int
    """Order of the measurement that gave the last of them."""

    def extended(self, later: Series, most: int) -> Series:
        """The series with later points; one of another producer begins anew."""
        if later.source != self.source:
            return later
        return replace(later, points=(*self.points, *later.points)[-most:])


class ObservedEvent(Value, frozen=True, kw_only=True):
    """An event that a tool or the operator's script reported."""

    fields: JsonObject
    """With its `name`."""
    measurement: Measurement


class ObservedResult(Value, frozen=True, kw_only=True):
    """How a call of this iteration ended; `value` is there only while it is fresh."""

    tool: str
    state: str
    error_class: str
    value: Json
    fresh: bool
    measurement: Measurement
    answered: bool = True
    """Whether its own answer is known: somebody else's word on whether it happened tells nothing of what it saw."""

    @property
    def is_done(self) -> bool:
        """Whether the call did what it was to do."""
        return self.state == "done"

    def row(self) -> JsonObject:
        """It as predicates see it: a stale result has no `value`."""
        row: JsonObject = {"state": self.state, "tool": self.tool}
        row |= {"value": self.value} if self.fresh else {"stale": True}
        return row | ({"error_class": self.error_class} if self.error_class else {})


class ObservedCheck(Value, frozen=True, kw_only=True):
    """What a check of the engine itself found."""

    met: bool | None
    """`None` where it could not be told."""
    evidence: Json
    measurement: Measurement
    inputs: str = ""
    """Digest of the files that it looked at, where that is known."""
    kept_from: str = ""
    """The session that found it; empty where this one did."""


class ExpressionResult(Value, frozen=True):
    """What the sandbox gave for an expression: a JSON value, or why there is none."""

    value: Json = None
    error: str | None = None

    @property
    def truth(self) -> bool | None:
        """The boolean that it gave; `None` for every other value, and for an error."""
        return self.value if isinstance(self.value, bool) else None


RunPredicate: TypeAlias = Callable[[str, JsonObject], ExpressionResult]
"""Gives the value of an expression over an observation."""


class Judgement(Value, frozen=True, kw_only=True):
    """One criterion's judgement."""

    status: CriterionStatus
    evidence: Json
    progress: float
    measurements: tuple[Measurement, ...] = ()
    """What it was judged by; empty where facts of the record decided."""
    first: float | None = None
    """First number seen, where progress is measured from one."""


def inconclusive(reason: Json, progress: float = 0.0) -> Judgement:
    """The judgement of what cannot be judged."""
    return Judgement(status=CriterionStatus.INCONCLUSIVE, evidence=reason, progress=progress)


def judged(
    met: bool,  # noqa: FBT001  # the value itself
    evidence: Json,
    measurements: Iterable[Measurement] = (),
    progress: float | None = None,
) -> Judgement:
    """The judgement of what is met or not."""
    return Judgement(
        status=CriterionStatus.MET if met else CriterionStatus.UNMET,
        evidence=evidence,
        progress=progress if progress is not None else float(met),
        measurements=tuple(measurements),
    )


def series_of(row: Evidence) -> Series | None:
    """A value as the newest point of its producer's series; `None` where it is no number that a history can hold."""
    point = number_of(row.value)
    if point is None or abs(point) >= LARGEST_POINT:
        return None
    return Series(source=row.measurement.call.source, points=(float(point),), newest=row.measurement.order)


def comes_from(call: Call, source: EvidenceSource) -> bool:
    """Tell whether a source of `from` names this call."""
    if source.tool == SCRIPT:
        return call.is_script and source.args is None
    if not fnmatchcase(call.tool, source.tool):
        return False
    return source.args is None or Call.of(call.tool, source.args) == call
