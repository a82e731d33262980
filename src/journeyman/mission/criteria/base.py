"""What every criterion has: its schema's common keys, and what a kind must tell of itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Annotated

from pydantic import ConfigDict, Field, StrictBool, StrictInt, StrictStr, model_validator

from journeyman.mission.criteria.evidence import Call, CriterionStatus, EvidenceView, Judgement, inconclusive
from journeyman.mission.criteria.schema import EvidenceSource, Finite, Identifier, Name, RecordedObject, Strict
from journeyman.mission.values.canonical import JsonObject


class Probe(Strict):
    """A pure tool call that fetches fresh evidence before a criterion is judged."""

    tool: Name
    args: RecordedObject = Field(default_factory=dict)

    @property
    def call(self) -> Call:
        """The call that is made, comparable with those that were."""
        return Call.of(self.tool, self.args)


class Criterion(Strict, ABC):
    """A check over evidence. A kind is one subclass in a file of its own, listed in `criteria/__init__.py`."""

    id: Identifier
    """Unique in the mission."""
    required: StrictBool = True
    """Whether the mission completes only with it met."""
    weight: Annotated[Finite, Field(gt=0)] = 1
    """Share in the mission's progress."""
    hold_for: Annotated[StrictInt, Field(ge=1, le=10_000)] = 1
    """Measurements in a row, under equal arguments, in which it must be met."""
    hold_every_s: Annotated[Finite, Field(gt=0)] | None = None
    """Seconds that must lie between two measurements that count."""
    probe: Probe | Annotated[list[Probe], Field(min_length=1, max_length=20)] | None = None
    """Pure calls that fetch fresh evidence; where there are some, nothing else is looked at."""
    abort_when_met: StrictBool = False
    """True: it must never become met; the mission is ended at once when it does."""
    description: StrictStr = ""
    """For people."""

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

    def words(self) -> tuple[str, ...]:
        """Texts whose words point at tools that may help, for the planner and the prompt."""
        return ()

    def metric_names(self, known: frozenset[str]) -> frozenset[str]:
        """The metrics that the criterion looks at, of those that are `known` at all."""
        del known
        return frozenset()

    def expression(self) -> str | None:
        """The expression whose value judging asks for, if there is one."""
        return None

    def members(self) -> tuple[Criterion, ...]:
        """The criteria inside a group."""
        return ()

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
    """Whose values count: tools, patterns, `script`; `None` takes any, unless two tools give the same name."""
    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    @property
    def wanted_sources(self) -> tuple[EvidenceSource, ...]:
        """The sources, however they were written."""
        given = self.sources
        rows = [] if given is None else given if isinstance(given, list) else [given]
        return tuple(EvidenceSource(tool=row) if isinstance(row, str) else row for row in rows)

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
        if not self.abort_when_met:
            return self.judge_seen(seen)
        return _loudest([self.judge_seen(one) for one in seen.voices(self.heads())])

    @abstractmethod
    def judge_seen(self, view: EvidenceView) -> Judgement:
        """Judge by a view that holds nothing but what counts."""

    def heads(self) -> Sequence[str]:
        """The names of which the criterion looks at one alone, the longest that is there."""
        return ()


def _loudest(found: Sequence[Judgement]) -> Judgement:
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
