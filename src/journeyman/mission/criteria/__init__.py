"""The criterion kinds: what a mission file may ask to be checked. One file a kind; this table lists them.

`rubric` (a mentor's judgement, which may veto or advise but never completes alone) arrives with the mentors.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Final, Literal, TypeAlias, cast, get_args

from pydantic import Field

from journeyman.mission.criteria.approval import ApprovalCriterion
from journeyman.mission.criteria.artifact import ArtifactCriterion, CsvCheck, JsonCheck
from journeyman.mission.criteria.base import Criterion, Probe, walk
from journeyman.mission.criteria.command import CommandCriterion
from journeyman.mission.criteria.event import EventCriterion
from journeyman.mission.criteria.evidence import Judgement
from journeyman.mission.criteria.group import Group, all_of, any_of
from journeyman.mission.criteria.metric_threshold import MetricThreshold
from journeyman.mission.criteria.metric_trend import MetricTrend
from journeyman.mission.criteria.plan_finished import PlanFinished
from journeyman.mission.criteria.predicate import PredicateCriterion
from journeyman.mission.criteria.protected_files import ProtectedFiles
from journeyman.mission.criteria.tool_call_succeeded import ToolCallSucceeded


class AllOf(Group):
    """Met when every member is met."""

    kind: Literal["all_of"]
    criteria: Annotated[list[AnyCriterion], Field(min_length=1)]  # pyright: ignore[reportIncompatibleVariableOverride]  # the union of the kinds
    """The members: criteria like any other, each with an `id` of its own."""

    def combine(self, members: Sequence[Judgement]) -> Judgement:
        """Ask for all."""
        return all_of(members)

    def is_enough(self, members: Iterable[bool]) -> bool:
        """Ask for all."""
        return all(members)

    def sentence(self) -> str:
        """Say what is asked for."""
        return f"all of {len(self.criteria)}"


class AnyOf(Group):
    """Met when one member is met."""

    kind: Literal["any_of"]
    criteria: Annotated[list[AnyCriterion], Field(min_length=1)]  # pyright: ignore[reportIncompatibleVariableOverride]  # the union of the kinds
    """The members: criteria like any other, each with an `id` of its own."""

    def combine(self, members: Sequence[Judgement]) -> Judgement:
        """Ask for one."""
        return any_of(members)

    def is_enough(self, members: Iterable[bool]) -> bool:
        """Ask for one."""
        return any(members)

    def sentence(self) -> str:
        """Say what is asked for."""
        return f"one of {len(self.criteria)}"


AnyCriterion: TypeAlias = Annotated[
    MetricThreshold
    | MetricTrend
    | EventCriterion
    | ToolCallSucceeded
    | PlanFinished
    | PredicateCriterion
    | ArtifactCriterion
    | CommandCriterion
    | ProtectedFiles
    | ApprovalCriterion
    | AllOf
    | AnyOf,
    Field(discriminator="kind"),
]
KIND_TYPES: Final[tuple[type[Criterion], ...]] = get_args(get_args(AnyCriterion)[0])
KINDS: Final[tuple[str, ...]] = tuple(
    cast("str", get_args(kind.model_fields["kind"].annotation)[0]) for kind in KIND_TYPES
)

AllOf.model_rebuild()
AnyOf.model_rebuild()


def needed(criteria: Sequence[Criterion]) -> list[Criterion]:
    """The criteria that completion asks for: required, and no abort conditions."""
    return [criterion for criterion in criteria if criterion.required and not criterion.abort_when_met]


def probes(criteria: Sequence[Criterion]) -> tuple[Probe, ...]:
    """The distinct probes of all criteria, in order."""
    found = {probe.call: probe for criterion in walk(criteria) for probe in criterion.probes}
    return tuple(found.values())


def measured_aborts(criteria: Sequence[Criterion]) -> list[Criterion]:
    """The abort conditions that the engine measures, or a member of which it does: completion asks for them, too."""
    return [
        criterion
        for criterion in criteria
        if criterion.abort_when_met and any(one.probes or one.engine_check() is not None for one in walk([criterion]))
    ]


def needs_probes(criteria: Sequence[Criterion]) -> bool:
    """Tell whether a mission cannot complete without its probes, which run together or not at all."""
    asked = any(map(_needs_probe, needed(criteria)))
    return asked or any(probes([criterion]) for criterion in measured_aborts(criteria))


def _needs_probe(criterion: Criterion) -> bool:
    if isinstance(criterion, Group):
        return not criterion.is_enough(not _needs_probe(member) for member in criterion.members())
    return bool(criterion.probes)


__all__ = [
    "KINDS", "KIND_TYPES", "AllOf", "AnyCriterion", "AnyOf", "ApprovalCriterion", "ArtifactCriterion", "CommandCriterion", "Criterion", "CsvCheck", "EventCriterion",
    "Group", "JsonCheck", "MetricThreshold", "MetricTrend", "PredicateCriterion", "Probe", "ToolCallSucceeded", "measured_aborts", "needed", "needs_probes", "probes", "walk",
]  # fmt: skip
