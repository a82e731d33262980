"""Two records beside each other: the first event at which they differ, and what came of it on both sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import field

from journeyman.mission.model import events as e
from journeyman.mission.model.events import Event, EventRecord, encode
from journeyman.mission.report.criterion_text import criterion_word
from journeyman.mission.report.iteration_text import iteration_texts
from journeyman.mission.report.model import Report
from journeyman.mission.report.plain_text import evidence_text
from journeyman.mission.report.rows import Budgets, CriterionRow
from journeyman.mission.values.canonical import canonical
from journeyman.mission.values.paths import at_path, first_difference
from journeyman.mission.values.value import Json, JsonObject, Value

PASSED_OVER: Final = frozenset({e.SessionCreated, e.CatalogPinned, e.Claimed, e.SnapshotTaken})
"""Kinds that say who drove and what mission and tools are, which are told by themselves, and nothing of what happened."""
_UNTOLD: Final[Mapping[type[Event], frozenset[str]]] = {
    e.Proposed: frozenset({"step", "places"}),
    e.Intended: frozenset({"place"}),
    e.Settled: frozenset({"tries", "duration_s", "cut_bytes", "seen"}),
    e.ScriptAdvanced: frozenset({"snapshot"}),
    e.Decided: frozenset({"mission", "used"}),
    e.WaitStarted: frozenset({"until_at"}),
    e.BudgetAmended: frozenset({"digest"}),
    e.AdviceAsked: frozenset({"ask", "request", "prompt_bytes", "prompt_key", "reserved_tokens", "reserved_microusd"}),
    e.AdviceSettled: frozenset(
        {"ask", "answer_bytes", "input_tokens", "output_tokens", "usage_source", "cost_microusd", "price", "duration_s"}
    ),
    e.AdviceRejected: frozenset({"request"}),
}
"""Fields that hold names, sizes, prices and times, which differ between any two runs."""
_UNTOLD_RESULT: Final = frozenset({"held", "measured", "counted", "counted_at", "arguments", "first"})
_TIMES: Final = "duration_s"
"""How long a command took, which it reports among its values, is no difference either."""


class FirstDifference(Value, frozen=True, kw_only=True):
    """The first event at which two records differ; one side is empty where its record ends there."""

    iteration: int
    left_seq: int | None
    right_seq: int | None
    left_kind: str
    right_kind: str
    at: str
    """Dot path to the first part of the event that differs; empty where the events are of other kinds."""
    left: Json = None
    right: Json = None


class Side(Value, frozen=True, kw_only=True):
    """One of two sessions."""

    session_id: str
    name: str
    summary: str
    outcome: str
    verdict: str
    used: Budgets


class Pair(Value, frozen=True, kw_only=True):
    """The same thing on both sides; empty where a side has nothing of it."""

    name: str
    left: str
    right: str
    same: bool


class Comparison(Value, frozen=True, kw_only=True):
    """Two sessions, and where they part."""

    left: Side
    right: Side
    same_events: int
    """Events in which they are alike, before the first in which they are not."""
    difference: FirstDifference | None
    """`None` where both tell the same."""
    other_calls_from: int | None
    """The first iteration that set out to do something else; `None` where all did the same."""
    mission: list[Pair] = field(default_factory=list[Pair])
    """Keys of the mission that differ."""
    criteria: list[Pair] = field(default_factory=list[Pair])
    iterations: list[Pair] = field(default_factory=list[Pair])
    """What was done and seen, from the iteration of the first difference on."""


def is_compared(event: Event) -> bool:
    """Tell whether an event says what happened."""
    return type(event) not in PASSED_OVER


def difference_of(left: EventRecord | None, right: EventRecord | None) -> tuple[str, Json, Json] | None:
    """Where two events differ, and what stands there on both sides; `None` where they tell the same."""
    if left is None or right is None or type(left.event) is not type(right.event):
        shown = [None if one is None else _without_names(one.event) for one in (left, right)]
        return None if left is None and right is None else ("", shown[0], shown[1])
    one, other = _without_names(left.event), _without_names(right.event)
    at = first_difference(one, other)
    return None if at is None else (at, _part(one, at), _part(other, at))


def _without_names(event: Event) -> JsonObject:
    """An event as far as two runs can be alike in it."""
    left_out = _UNTOLD.get(type(event), frozenset[str]())
    return {name: _comparable(value) for name, value in encode(event).items() if name not in left_out}


def _comparable(value: Json) -> Json:
    if isinstance(value, list):
        return [_comparable(item) for item in value]
    if not isinstance(value, dict):
        return value
    judged = {"status", "progress"} <= value.keys()
    return {
        name: _comparable(item)
        for name, item in value.items()
        if name.rpartition(".")[2] != _TIMES and not (judged and name in _UNTOLD_RESULT)
    }


def _part(value: Json, at: str) -> Json:
    try:
        return at_path(value, at) if at else value
    except KeyError:
        return None


def compare(left: Report, right: Report, difference: FirstDifference | None, same_events: int) -> Comparison:
    """The comparison of two reports that part at a difference."""
    start = difference.iteration if difference is not None else 0
    return Comparison(
        left=_side(left),
        right=_side(right),
        same_events=same_events,
        difference=difference,
        other_calls_from=_other_calls_from(left, right),
        mission=[*_missions(left.mission, right.mission), *_tools(left, right)],
        criteria=_criteria(left.criteria, right.criteria),
        iterations=_iterations(left, right, start) if difference is not None else [],
    )


def _other_calls_from(left: Report, right: Report) -> int | None:
    rows = [{row.index: row.strategy and row.strategy.text for row in one.iterations} for one in (left, right)]
    indexes = sorted(rows[0].keys() | rows[1].keys())
    return next((index for index in indexes if rows[0].get(index) != rows[1].get(index)), None)


def _side(report: Report) -> Side:
    return Side(
        session_id=report.session_id,
        name=report.name,
        summary=report.summary,
        outcome=report.outcome or report.status,
        verdict=f"{report.verdict}/{report.reason}" if report.verdict else "",
        used=report.used,
    )


def _missions(left: JsonObject, right: JsonObject) -> list[Pair]:
    found: list[Pair] = []
    for key in sorted(left.keys() | right.keys()):
        one, other = left.get(key), right.get(key)
        if canonical(one) != canonical(other):
            at = first_difference(one, other) or ""
            parts = [_shown(_part(value, at)) for value in (one, other)]
            found.append(Pair(name=f"{key}.{at}" if at else key, left=parts[0], right=parts[1], same=False))
    return found


def _tools(left: Report, right: Report) -> list[Pair]:
    """The tools that are not the same; what a mission says of its own ones stands among its keys."""
    own = {name for one in (left, right) for key in ("commands", "http") for name in _names(one.mission.get(key))}
    known = [{row.name: f"{row.effect}, pin {row.pin[:12]}" for row in one.tools} for one in (left, right)]
    return [
        Pair(name=f"tool {name}", left=known[0].get(name, ""), right=known[1].get(name, ""), same=False)
        for name in sorted(known[0].keys() | known[1].keys())
        if name not in own and known[0].get(name) != known[1].get(name)
    ]


def _names(section: Json) -> list[str]:
    return [*section] if isinstance(section, dict) else []


def _criteria(left: Sequence[CriterionRow], right: Sequence[CriterionRow]) -> list[Pair]:
    known = [{row.id: row for row in rows} for rows in (left, right)]
    found: list[Pair] = []
    for name in dict.fromkeys([*known[0], *known[1]]):
        one, other = (_stands(rows.get(name)) for rows in known)
        found.append(Pair(name=name, left=one, right=other, same=one == other))
    return found


def _stands(row: CriterionRow | None) -> str:
    if row is None:
        return ""
    return f"{criterion_word(row.status.value, aborts=row.abort_when_met)} · {evidence_text(row.evidence, 120)}"


def _iterations(left: Report, right: Report, start: int) -> list[Pair]:
    """The iterations of both; of long runs those that both reports tell."""
    texts = [
        {index: text.line for index, text in iteration_texts(one).items() if index >= start} for one in (left, right)
    ]
    found: list[Pair] = []
    for index in sorted(texts[0].keys() | texts[1].keys()):
        one, other = (told.get(index, "") for told in texts)
        found.append(Pair(name=str(index), left=one, right=other, same=one == other))
    return found


def _shown(value: Json) -> str:
    return "" if value is None else evidence_text(value, 200)
