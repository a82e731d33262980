"""What every criterion has: its schema's common keys, and what a kind must tell of itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field, PrivateAttr, StrictBool, StrictInt, StrictStr, model_validator

from journeyman.mission.criteria.allowed_tools import AllowedTools, DraftFacts
from journeyman.mission.criteria.engine_check import Check
from journeyman.mission.criteria.evidence import (
    Call,
    CriterionStatus,
    Evidence,
    Judgement,
    Measurement,
    Series,
    inconclusive,
)
from journeyman.mission.criteria.evidence_view import EvidenceView
from journeyman.mission.criteria.schema import EvidenceSource, Finite, Identifier, Name, RecordedObject, Seconds, Strict
from journeyman.mission.values.canonical import JsonObject
from journeyman.mission.values.errors import Problem
from journeyman.mission.values.value import Value


class Probe(Strict):
    """A pure tool call that fetches fresh evidence before a criterion is judged."""

    tool: Name
    """A tool whose calls change nothing."""
    args: RecordedObject = Field(default_factory=dict)
    """Its arguments."""

    @property
    def call(self) -> Call:
        """The call that is made, comparable with those that were."""
        return Call.of(self.tool, self.args)


class PersonAsked(Value, frozen=True, kw_only=True):
    """Who must answer which question."""

    by: str
    question: str


class Criterion(Strict, ABC):
    """A check over evidence. A kind is one subclass in a file of its own, listed in `criteria/__init__.py`.

    All that rules, planner, checks and drafts do with a kind, they do through these methods: nobody outside asks which
    kind a criterion is of (`tests/shape/test_extension_points.py`).
    """

    follows: ClassVar[bool] = False
    """Whether it is judged by points that it follows over many measurements (`followed`)."""
    looks_at_plan: ClassVar[bool] = False
    """Whether it asks how far the operator's plan is: without one it could never be met."""
    asks_guard: ClassVar[bool] = False
    """Whether only a guard can tell it: anywhere but in a mission that only judges it could never be met."""

    id: Identifier
    """Unique in the mission."""
    required: StrictBool = True
    """Whether the mission completes only with it met."""
    weight: Annotated[Finite, Field(gt=0)] = 1
    """Share in the mission's progress."""
    hold_for: Annotated[StrictInt, Field(ge=1, le=10_000)] = 1
    """Measurements in a row, under equal arguments, in which it must be met."""
    hold_every_s: Annotated[Seconds, Field(gt=0)] | None = None
    """Seconds that must lie between two measurements that count."""
    probe: Probe | Annotated[list[Probe], Field(min_length=1, max_length=20)] | None = None
    """Pure calls that fetch fresh evidence; where there are some, nothing else is looked at."""
    abort_when_met: StrictBool = False
    """True: it must never become met; the mission is ended at once when it does."""
    description: StrictStr = ""
    """For people."""
    _of_alarm: bool = PrivateAttr(default=False)
    """Whether a group that it is in must never become met."""

    @property
    def is_alarm(self) -> bool:
        """Whether it, or a group that it is in, ends the mission once it is met."""
        return self.abort_when_met or self._of_alarm

    def sound_alarm(self) -> None:
        """Be judged as a part of an abort condition."""
        self._of_alarm = True

    @property
    def kind_name(self) -> str:
        """The kind, as mission files write it."""
        return str(self.__dict__["kind"])

    @property
    def probes(self) -> tuple[Probe, ...]:
        """The probes, however many were given."""
        return () if self.probe is None else (self.probe,) if isinstance(self.probe, Probe) else tuple(self.probe)

    @abstractmethod
    def judge(self, view: EvidenceView) -> Judgement:
        """Judge by what the view shows, which is fresh."""

    @abstractmethod
    def sentence(self) -> str:
        """Say on one line what is asked for, as reports show it."""

    def bound(self) -> float | None:
        """The number that its value is compared with; `None` where there is no single one."""
        return None

    def words(self) -> tuple[str, ...]:
        """Texts whose words point at tools that may help, for the planner and the prompt."""
        return ()

    def metric_names(self, known: frozenset[str]) -> frozenset[str]:
        """The metrics that the criterion looks at, of those that are `known` at all."""
        del known
        return frozenset()

    def wanted_range(self) -> tuple[float | None, float | None] | None:
        """The least and the greatest number that meet it, `None` for no limit: where its evidence is one number alone."""
        return None

    def sources_asked(self) -> tuple[EvidenceSource, ...]:
        """The sources without whose fresh answer nothing can be said."""
        return ()

    def expression(self) -> str | None:
        """The expression whose value judging asks for, if there is one."""
        return None

    def reads_results(self) -> bool:
        """Tell whether it looks at whole results of calls, so that their blobs must be read."""
        return "tool_results" in (self.expression() or "")

    def members(self) -> tuple[Criterion, ...]:
        """The criteria inside a group."""
        return ()

    def engine_check(self) -> Check | None:
        """What the engine must look at itself before this can be judged."""
        return None

    def inputs(self) -> tuple[str, ...]:
        """Patterns of the files that decide it, so that it stands while they are the same; none where any file may."""
        return ()

    def asks_person(self) -> PersonAsked | None:
        """The question that a person must answer before this can be met."""
        return None

    @property
    def asked_tool(self) -> str:
        """The tool whose call is itself what is asked for; empty where none is."""
        return ""

    def evidence_tools(self, metrics: Mapping[str, str]) -> tuple[str, ...]:
        """The tools that would have to be called for it to be judged, as far as that is clear; `metrics` to their tools."""
        del metrics
        return (self.asked_tool,) if self.asked_tool else tuple(probe.tool for probe in self.probes)

    def followed(
        self, known: Sequence[Series], made: Measurement, found: Mapping[str, Evidence]
    ) -> tuple[Series, ...] | None:
        """The points that it follows with those of a new measurement; `None` where there are none."""
        del known, made, found
        return None

    def problems(self, tools: AllowedTools) -> Iterator[Problem]:
        """Say why it could never be met, whatever happens."""
        if self.asked_tool and self.asked_tool not in tools.names:
            yield self.problem(f"{self.asked_tool!r} is not an allowed tool, so it can never be met")

    def warnings(self, tools: AllowedTools) -> Iterator[Problem]:
        """Say where it proves less than its reader may think."""
        del tools
        yield from ()

    def draft_faults(self, known: DraftFacts) -> Iterator[str]:
        """Say why nobody should be offered it as a draft: it cannot be decided, decides nothing, or writes."""
        for tool in dict.fromkeys([*(probe.tool for probe in self.probes), *filter(None, [self.asked_tool])]):
            if tool not in known.tools.names:
                yield f"{tool!r} is not an allowed tool"
        for tool in self.evidence_tools(known.metrics):
            if tool in known.tools.names and tool not in known.tools.pure:
                yield f"its evidence comes from {tool!r}, which may write; mark it `pure` in `effects` if it only looks"

    def problem(self, message: str, hint: str = "") -> Problem:
        """Something to be said about this criterion."""
        return Problem(where=f"criterion {self.id}", message=message, hint=hint)

    @model_validator(mode="after")
    def _times(self) -> Criterion:
        if self.hold_every_s is not None and self.hold_for == 1:
            raise ValueError("hold_every_s needs a hold_for above 1")
        return self


class Measured(Criterion):
    """A criterion over values that tools or the operator's script report."""

    sources: Name | EvidenceSource | Annotated[list[Name | EvidenceSource], Field(min_length=1)] | None = Field(
        default=None, alias="from"
    )
    """Whose values count: tools, patterns, `script`, the operator's own. Left out, anybody's, unless two tools give the
    same name."""
    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    @property
    def wanted_sources(self) -> tuple[EvidenceSource, ...]:
        """The sources, however they were written."""
        given = self.sources
        rows = [] if given is None else given if isinstance(given, list) else [given]
        return tuple(EvidenceSource.of(row) for row in rows)

    @property
    def is_sourced(self) -> bool:
        """Whether the operator said whose values count."""
        return bool(self.probes or self.wanted_sources)

    def judge(self, view: EvidenceView) -> Judgement:
        """Judge by what counts; an abort condition by each producer's values, where several report one name."""
        seen: EvidenceView | str = view
        if self.probes:
            seen = view.narrowed_to_probes([probe.call for probe in self.probes])
            if isinstance(seen, str):
                return inconclusive(seen)
        if self.wanted_sources:
            seen = seen.narrowed_to_sources(self.wanted_sources)
        if not self.is_alarm:
            return self.judge_seen(seen)
        return loudest(
            [self.judge_seen(one) for one in seen.voices(self.heads(), self.metric_names(frozenset(seen.metrics)))]
        )

    def warnings(self, tools: AllowedTools) -> Iterator[Problem]:
        """Say that anybody's value counts, where tools are there whose values may be of anything."""
        if tools.pure_with_arguments and not self.is_sourced and self.takes_any_value():
            yield self.problem(
                f"counts whatever arguments {', '.join(tools.pure_with_arguments[:3])} is called with",
                "say which call proves it: `probe: {tool: …, args: …}`, or `from: {tool: …, args: …}`",
            )

    def takes_any_value(self) -> bool:
        """Tell whether the newest value of a name counts, whoever gave it for whatever arguments."""
        return False

    @abstractmethod
    def judge_seen(self, view: EvidenceView) -> Judgement:
        """Judge by a view that holds nothing but what counts."""

    def heads(self) -> Sequence[str]:
        """The names of which the criterion looks at one alone, the longest that is there."""
        return ()


def loudest(found: Sequence[Judgement]) -> Judgement:
    """The judgement nearest to an alarm: met by one is met, what cannot be told by one is not unmet; the newest."""
    loudness = (CriterionStatus.UNMET, CriterionStatus.INCONCLUSIVE, CriterionStatus.MET)
    return max(
        found, key=lambda one: (loudness.index(one.status), max((made.order for made in one.measurements), default=0))
    )


def as_json(criterion: Criterion) -> JsonObject:
    """A criterion as it stands in a mission file, without defaults."""
    return criterion.model_dump(mode="json", exclude_defaults=True, by_alias=True) | {"kind": criterion.kind_name}


def walk(criteria: Sequence[Criterion]) -> list[Criterion]:
    """Every criterion, groups before their members."""
    found: list[Criterion] = []  # no generator: this is asked a dozen times an iteration, mostly of a short flat list
    for criterion in criteria:
        found.append(criterion)
        if members := criterion.members():
            found += walk(members)
    return found
