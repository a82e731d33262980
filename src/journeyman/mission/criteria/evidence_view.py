"""The view of fresh evidence that a judge is given.

A view is made of fresh evidence only (`rules/freshness.py`), so that no kind of criterion can look at a stale value.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Final

from msgspec import field

from journeyman.mission.criteria.answer_fault import answer_fault
from journeyman.mission.criteria.evidence import (
    SCRIPT,
    Call,
    Evidence,
    Measurement,
    ObservedCheck,
    ObservedEvent,
    ObservedResult,
    RunPredicate,
    Series,
    comes_from,
    series_of,
)
from journeyman.mission.criteria.missing_metric import missing_metric
from journeyman.mission.criteria.schema import EvidenceSource
from journeyman.mission.values.compare import as_number
from journeyman.mission.values.paths import at_path
from journeyman.mission.values.value import Json, JsonObject, Value, replace

MOST_VOICES: Final = 256
"""Ways to resolve what is ambiguous that an alarm goes through."""


class PlanProgress(Value, frozen=True, kw_only=True):
    """How far the operator's plan is."""

    steps: int = 1
    behind: int = 0
    """Steps that it is through with."""
    given_up: int = 0
    """Of these, those that were not made."""


class EvidenceView(Value, frozen=True, kw_only=True):
    """Fresh evidence, and the facts of the record, at one moment."""

    iteration: int
    metrics: Mapping[str, tuple[Evidence, ...]]
    """Name to the newest fresh value of each producer."""
    known: Mapping[str, frozenset[str]]
    """Names that were measured at any time, and by which tools: those without a fresh value are stale."""
    events: tuple[ObservedEvent, ...]
    results: tuple[ObservedResult, ...]
    checks: Mapping[str, ObservedCheck]
    errors: tuple[JsonObject, ...]
    counts: Mapping[str, int]
    """Successful calls by tool."""
    answers: Mapping[str, tuple[bool, str]]
    """Approval to (granted, by whom)."""
    history: Mapping[str, Series]
    run: RunPredicate
    values: Mapping[str, Json] = field(default_factory=dict[str, Json])
    """Blobs that results refer to, where they were read."""
    firsts: Mapping[str, float] = field(default_factory=dict[str, float])
    """Criterion to the first number seen, where progress is measured from one."""
    trends: Mapping[str, tuple[Series, ...]] = field(default_factory=dict[str, "tuple[Series, ...]"])
    """Criterion to the points that it follows: they look back, so they are there whether fresh or not."""
    plan: PlanProgress = PlanProgress()
    """Known at the end of an iteration."""
    since: int = 0
    """The first epoch of the world of which evidence counts: the present one, or an earlier one for alarms."""
    observed: Mapping[str, frozenset[str]] = field(default_factory=dict[str, "frozenset[str]"])
    """As `known`, of everybody, also where the view is narrowed: what the reason for a missing value points to."""
    sourced: bool = False
    """Whether the operator said whose values count: then the newest of theirs does."""

    def narrowed_to_probes(self, calls: Sequence[Call]) -> EvidenceView | str:
        """The view of these probes' effects and of nothing else, or why there is none."""
        newest = {row.measurement.call: row for row in self.results if row.measurement.probe}
        mine = {call: row for call, row in newest.items() if row.is_done and row.fresh}
        missing = [call.tool for call in calls if call not in mine]
        if missing:
            return f"its probe {missing[0]} gave nothing fresh"
        made_now = {mine[call].measurement.id for call in calls}  # what an earlier judgement's probe told is no answer
        return self._only(lambda made: made.id in made_now, {})

    def narrowed_to_sources(self, sources: Sequence[EvidenceSource]) -> EvidenceView:
        """The view of what these sources reported."""
        patterns = [source.tool for source in sources]
        known = {
            name: mine
            for name, tools in self.known.items()
            if (mine := frozenset(tool for tool in tools if any(fnmatchcase(tool, pattern) for pattern in patterns)))
        }
        return replace(
            self._only(lambda made: any(comes_from(made.call, source) for source in sources), known), sourced=True
        )

    def silent_source(self, sources: Sequence[EvidenceSource]) -> str:
        """Name the first of these sources that told nothing fresh in this iteration; empty where each did."""
        mine = f"{SCRIPT}:{self.iteration}."
        newest = {row.measurement.call: row for row in self.results}
        lost = [call for call, row in newest.items() if not (row.fresh and row.answered and row.is_done)]
        looks = [row.measurement for row in newest.values() if row.fresh and row.answered and row.is_done]
        looks += [
            row.measurement for rows in self.metrics.values() for row in rows if row.measurement.id.startswith(mine)
        ]
        looks += [row.measurement for row in self.events if row.measurement.id.startswith(mine)]
        now = [made.call for made in looks if made.epoch >= self.since]
        return next(
            (
                source.tool
                for source in sources
                if any(comes_from(call, source) for call in lost) or not any(comes_from(call, source) for call in now)
            ),
            "",
        )

    def _only(self, keep: Callable[[Measurement], bool], known: Mapping[str, frozenset[str]]) -> EvidenceView:
        metrics = {
            name: kept
            for name, rows in self.metrics.items()
            if (kept := tuple(row for row in rows if keep(row.measurement)))
        }
        return replace(
            self,
            metrics=metrics,
            known=known,
            events=tuple(row for row in self.events if keep(row.measurement)),
            results=tuple(row for row in self.results if keep(row.measurement)),
            history=_points(metrics),  # older points may be anybody's
        )

    def metric(self, name: str) -> Evidence | str:
        """The newest fresh value of a metric, or why it has none that counts."""
        rows = self.metrics.get(name, ())
        if not rows:
            return (
                f"{name!r} is stale: nothing has measured it since the world may have changed"
                if name in self.known
                else f"{self._faults()}{missing_metric(name, self.observed)}"
            )
        if len(rows) == 1:
            return rows[0]
        if told := self._ambiguous(name, rows):
            return told
        probed = {row.measurement.call for row in rows if row.measurement.probe}
        if len(probed) > 1 and len(probed) == len(rows):  # they run at once: which is newer is chance
            return f"{name!r} is ambiguous: several probes report it"
        return max(rows, key=lambda row: row.measurement.order)

    def _faults(self) -> str:
        """The calls whose own answer says that they went wrong, for who misses what they were to give."""
        told = {
            f"{row.name} {fault}": None
            for rows in self.metrics.values()
            for row in rows
            if row.name == row.measurement.call.tool and (fault := answer_fault(row.value))
        }
        return f"{', '.join(sorted(told)[:3])}; " if told else ""

    def _ambiguous(self, name: str, rows: Iterable[Evidence]) -> str:
        producers = {row.measurement.call.producer for row in rows}
        if len(producers) <= 1 or self.sourced:
            return ""
        tools = " and ".join(sorted(tool for tool, _ in producers))
        return f"{name!r} is ambiguous: {tools} report it; say which counts with `from`"

    def on_path(self, path: str) -> tuple[Evidence, str] | str:
        """The newest fresh metric that a path without its `metrics.` begins with, and the path's rest in it.

        `a.b` may be the metric `a.b`, or `b` in the metric `a`: the longest known name that fits, but where several
        producers report one each, nobody can tell whose is meant.
        """
        heads = path_prefixes(path)
        name = next((head for head in heads if head in self.metrics or head in self.known), heads[-1])
        row = self.metric(name)
        if isinstance(row, str):
            return row
        if len(heads) == 1:
            return row, ""  # `metric` has looked at all that there is of it
        rows = [one for head in heads for one in self.metrics.get(head, ()) if _holds(one.value, path[len(head) + 1 :])]
        return self._ambiguous(path, rows) or (row, path[len(name) + 1 :])

    def voices(self, heads: Sequence[str], names: frozenset[str]) -> tuple[EvidenceView, ...]:
        """A view for each way to resolve what is ambiguous, of which an alarm must not miss one.

        Args:
            heads: Names of which one alone is looked at, where there are any: a view for each producer, with nobody
                else's values under them.
            names: The metrics that are looked at where there are none: a view for each choice of a producer for each.
        """
        return self._by_producer(heads) if heads else self._by_choice(names)

    def _by_choice(self, names: frozenset[str]) -> tuple[EvidenceView, ...]:
        mixed = [name for name in sorted(names & self.metrics.keys()) if isinstance(self.metric(name), str)]
        choices: list[tuple[Evidence, ...]] = []
        ways = 1
        for name in mixed:
            rows = self.metrics[name]
            ways *= len(rows)
            # Beyond a bound nobody could go through them all; what is left ambiguous keeps the alarm from being unmet.
            choices.append(rows if ways <= MOST_VOICES else ())
        told = [row for row in choices if row]
        heard = [{row.name: (row,) for row in chosen} for chosen in itertools.product(*told)]
        return tuple(replace(self, metrics={**self.metrics, **own}) for own in heard)

    def _by_producer(self, heads: Sequence[str]) -> tuple[EvidenceView, ...]:
        rows = [row for name in heads for row in self.metrics.get(name, ())]
        mixed = [row for row in rows if isinstance(self.metric(row.name), str)]
        mixed += rows if self._ambiguous("", rows) else []
        voices = {_voice(row): None for row in mixed}
        return tuple(self._heard(voice, heads) for voice in voices) if len(voices) > 1 else (self,)

    def _heard(self, voice: object, heads: Sequence[str]) -> EvidenceView:
        mine = {name: tuple(row for row in self.metrics.get(name, ()) if _voice(row) == voice) for name in heads}
        others = {name: rows for name, rows in self.metrics.items() if name not in heads}
        metrics = {**others, **{name: rows for name, rows in mine.items() if rows}}
        known = {name: tools for name, tools in self.known.items() if name in metrics or name not in heads}
        return replace(self, metrics=metrics, known=known)

    def evidence_there(self) -> bool:
        """Tell whether anything fresh is to be seen at all."""
        return bool(self.metrics or self.events or any(row.fresh and row.answered for row in self.results))

    def obs(self) -> JsonObject:
        """The observation as predicates and dot paths see it: fresh values, and facts of the record.

        `metrics` holds each metric that has one unambiguous fresh value; `tool_results` the calls of this iteration,
        stale ones without their value; `history` the newest points of these metrics, of the producer whose value it is.
        """
        rows = {name: row for name in self.metrics if isinstance(row := self.metric(name), Evidence)}
        return {
            "counts": dict(self.counts),
            "errors": list(self.errors),
            "events": [dict(row.fields) for row in self.events],
            "history": {name: list(points) for name, row in rows.items() if (points := self._points_of(row))},
            "iteration": self.iteration,
            "metrics": {name: as_number(row.value) for name, row in rows.items()},
            "tool_results": [self._resolved(row.row()) for row in self.results],
        }

    def _points_of(self, row: Evidence) -> tuple[float, ...]:
        """The newest points of the producer whose value counts, number or not; those of another are not its history."""
        known = self.history.get(row.name)
        if known is not None and known.source == row.measurement.call.source:
            return known.points
        newest = series_of(row) if known is not None else None
        return newest.points if newest is not None else ()

    def _resolved(self, row: JsonObject) -> JsonObject:
        value = row.get("value")
        reference = value.get("$blob") if isinstance(value, dict) else None
        return (
            {**row, "value": self.values[reference]} if isinstance(reference, str) and reference in self.values else row
        )


def _voice(row: Evidence) -> object:
    """Tell whose value it is: of probes, which run at once, each is heard by itself."""
    return row.measurement.call if row.measurement.probe else row.measurement.call.producer


def path_prefixes(path: str) -> list[str]:
    """The names with which a dot path may begin, the longest first."""
    parts = path.split(".")
    return [".".join(parts[:end]) for end in range(len(parts), 0, -1)]


def _holds(value: Json, rest: str) -> bool:
    try:
        at_path(value, rest) if rest else value
    except KeyError:
        return False
    return True


def _points(metrics: Mapping[str, tuple[Evidence, ...]]) -> dict[str, Series]:
    """The histories that these values alone make."""
    newest = {name: series_of(max(rows, key=lambda row: row.measurement.order)) for name, rows in metrics.items()}
    return {name: series for name, series in newest.items() if series is not None}
