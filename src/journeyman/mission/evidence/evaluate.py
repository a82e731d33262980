"""evaluate(criteria, view, run_predicate): each criterion against the evidence, with progress from 0 to 1."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias, cast

from journeyman.mission.criteria import (
    COMPARE,
    AllOf,
    AnyOf,
    Approval,
    Artifact,
    Criterion,
    Event,
    MetricThreshold,
    MetricTrend,
    Predicate,
    ToolCallSucceeded,
    needed,
    walk,
)
from journeyman.mission.evidence.view import View
from journeyman.mission.fold.measures import at_path, number
from journeyman.mission.model.state import CriterionState, State
from journeyman.mission.values.canonical import Json, JsonObject


@dataclass(frozen=True, slots=True)
class Answered:
    """What the sandbox gave for an expression: a JSON value, or why there is none."""

    value: Json = None
    error: str | None = None


RunPredicate: TypeAlias = Callable[[str], Answered]
"""Gives the answer for an expression over this evaluation's observation."""

MET, UNMET, INCONCLUSIVE = "met", "unmet", "inconclusive"
EVIDENCE_CHARACTERS: Final = 300
ALMOST: Final = 1 - 1e-9
"""Most progress of what is not met; a lower bound would hide the last steps of a long way, and end it as stagnant."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One criterion's raw judgement."""

    status: str
    evidence: Json
    progress: float
    fresh: bool = True
    first: float | None = None


def evaluate(view: View, run_predicate: RunPredicate) -> tuple[JsonObject, ...]:
    """Give a row per criterion, groups before their members.

    Rows hold `id`, `status`, `progress`, `evidence`; `held` where it must hold for several evaluations, `fresh: false`
    where the world may have changed since, `first` where progress is measured from a first number.
    """
    obs = view.obs()
    judged: dict[str, Judged] = {}
    for criterion in view.state.mission.criteria:
        _judge(criterion, view, obs, run_predicate, judged)
    return tuple(_row(criterion, judged[criterion.id], view.state) for criterion in walk(view.state.mission.criteria))


def expressions(criteria: Sequence[Criterion]) -> list[str]:
    """Give the expressions that `evaluate` will ask for."""
    return [criterion.expression for criterion in walk(list(criteria)) if isinstance(criterion, Predicate)]


def awaiting(state: State, rows: Sequence[JsonObject]) -> list[str]:
    """Give the unanswered approvals that alone stand between these rows and completion."""
    status = {str(row["id"]): row["status"] == MET and row.get("fresh", True) is True for row in rows}
    open_ones = {
        criterion.id
        for criterion in walk(state.mission.criteria)
        if isinstance(criterion, Approval) and criterion.id not in state.answers
    }
    if not open_ones or not all(
        _would_hold(criterion, status, open_ones) for criterion in needed(state.mission.criteria)
    ):
        return []
    return sorted(name for name in open_ones if not status[name])


def _would_hold(criterion: Criterion, status: Mapping[str, bool], granted: set[str]) -> bool:
    if isinstance(criterion, AllOf):
        return all(_would_hold(member, status, granted) for member in criterion.criteria)
    if isinstance(criterion, AnyOf):
        return any(_would_hold(member, status, granted) for member in criterion.criteria)
    return criterion.id in granted or status[criterion.id]


def _row(criterion: Criterion, judged: Judged, state: State) -> JsonObject:
    old = state.criteria.get(criterion.id, CriterionState())
    status, progress = judged.status, judged.progress
    row: JsonObject = {"id": criterion.id}
    if criterion.hold_for > 1:
        held = 0 if status != MET else old.held if state.judged else old.held + 1
        row["held"] = held
        if status == MET and held < criterion.hold_for:
            status = UNMET
        progress = (
            min(progress, held / criterion.hold_for) if progress >= 1 else progress * (1 - 1 / criterion.hold_for)
        )
    row["status"], row["progress"], row["evidence"] = status, round(progress, 9), judged.evidence
    if not judged.fresh:
        row["fresh"] = False
    if judged.first is not None:
        row["first"] = judged.first
    return row


def _judge(criterion: Criterion, view: View, obs: JsonObject, run: RunPredicate, judged: dict[str, Judged]) -> Judged:
    if isinstance(criterion, (AllOf, AnyOf)):
        members = [_judge(member, view, obs, run, judged) for member in criterion.criteria]
        result = _group(members, all_needed=isinstance(criterion, AllOf))
    else:
        result = _single(criterion, view, obs, run)
    judged[criterion.id] = result
    return result


def _group(members: list[Judged], *, all_needed: bool) -> Judged:
    states = [member.status for member in members]
    evidence = f"{states.count(MET)} of {len(states)} met"
    if all_needed:
        status = MET if states.count(MET) == len(states) else UNMET if UNMET in states else INCONCLUSIVE
        return Judged(
            status,
            evidence,
            sum(member.progress for member in members) / len(members),
            all(member.fresh for member in members),
        )
    status = MET if MET in states else INCONCLUSIVE if INCONCLUSIVE in states else UNMET
    fresh = any(member.fresh for member in members if member.status == MET) if status == MET else True
    return Judged(status, evidence, max(member.progress for member in members), fresh)


def _unprobed(criterion: Criterion, view: View) -> str:
    """Tell why a criterion's own probe vouches for nothing; empty when it does, or when there is none.

    Another tool may report the same metric: where the operator named a probe, only the probe's word counts.
    """
    probe = criterion.probe
    if probe is None:
        return ""
    if isinstance(criterion, (MetricThreshold, MetricTrend)):
        path = criterion.metric.removeprefix("metrics.")
        metric = view.state.metrics.get(path) or view.state.metrics.get(path.partition(".")[0])
        return (
            ""
            if metric is None or metric.tool == probe.tool
            else f"measured by {metric.tool or 'a script'}, not by its probe {probe.tool}"
        )
    mine = [
        effect for effect in view.state.effects.values() if effect.intended.probe and effect.intended.tool == probe.tool
    ]
    return (
        ""
        if any(effect.state == "done" for effect in mine)
        else f"its probe {probe.tool} gave nothing in this iteration"
    )


def _single(criterion: Criterion, view: View, obs: JsonObject, run: RunPredicate) -> Judged:
    unprobed = _unprobed(criterion, view)
    if unprobed:
        return _unclear(unprobed)
    match criterion:
        case MetricThreshold():
            return _threshold(criterion, view, obs)
        case MetricTrend():
            return _trend(criterion, view)
        case Event():
            return _event(criterion, view)
        case ToolCallSucceeded():
            count = view.state.counts.get(criterion.tool, 0)
            return _flag(
                count >= criterion.min_count,
                f"{count} successful calls, {criterion.min_count} needed",
                min(1.0, count / criterion.min_count),
            )
        case Predicate():
            return _predicate(criterion, view, run(criterion.expression))
        case Artifact():
            return _artifact(criterion, view)
        case Approval():
            return _approval(criterion, view)
        case AllOf() | AnyOf():  # pragma: no cover  # groups are judged by their members
            raise AssertionError(criterion.kind)


def _flag(met: bool, evidence: Json, progress: float | None = None, *, fresh: bool = True) -> Judged:  # noqa: FBT001  # the value itself
    return Judged(MET if met else UNMET, evidence, progress if progress is not None else float(met), fresh)


def _unclear(reason: str) -> Judged:
    return Judged(INCONCLUSIVE, reason, 0.0)


def _threshold(criterion: MetricThreshold, view: View, obs: JsonObject) -> Judged:
    try:
        value = at_path(obs, criterion.metric)
    except KeyError as gap:
        return _unclear(f"no {criterion.metric!r} yet: {gap.args[0]!r} was not observed")
    point = number(value)
    if point is None:
        return _unclear(f"{criterion.metric} is {_short(value)}, not a number")
    old = view.state.criteria.get(criterion.id)
    first = old.first if old is not None and old.first is not None else point
    met = COMPARE[criterion.op](point, criterion.target)
    root, _, rest = criterion.metric.partition(".")
    name = rest if rest in view.state.metrics else rest.partition(".")[0]
    fresh = root != "metrics" or view.fresh_metric(name)
    return replace(_flag(met, value, 1.0 if met else _toward(point, criterion.target, first), fresh=fresh), first=first)


def _toward(point: float, target: float, first: float) -> float:
    """Give how far a number has come from its first value to its target, below 1 until it is there."""
    gap = abs(first - target)
    if gap == 0:
        return 0.0
    return max(0.0, min(ALMOST, 1 - abs(point - target) / gap))


def _trend(criterion: MetricTrend, view: View) -> Judged:
    name = criterion.metric.removeprefix("metrics.")
    points = view.histories().get(name, ())[-criterion.window :]
    if len(points) < criterion.min_points:
        return Judged(
            INCONCLUSIVE, f"{len(points)} of {criterion.min_points} points", len(points) / criterion.min_points * 0.5
        )
    slope = least_squares_slope(points)
    edge = float(criterion.tolerance)
    met = {
        "decreasing": slope < -edge,
        "increasing": slope > edge,
        "non_increasing": slope <= edge,
        "non_decreasing": slope >= -edge,
        "flat": abs(slope) <= edge,
    }[criterion.direction]
    evidence: JsonObject = {"first": points[0], "last": points[-1], "points": len(points), "slope": round(slope, 9)}
    return _flag(
        met,
        evidence,
        1.0 if met else 0.5,
        fresh=view.fresh_metric(name.partition(".")[0] if name not in view.state.metrics else name),
    )


def least_squares_slope(points: Sequence[float]) -> float:
    """Give the slope of the least-squares line through points one evaluation apart."""
    middle, mean = (len(points) - 1) / 2, sum(points) / len(points)
    spread = sum((index - middle) ** 2 for index in range(len(points)))
    return sum((index - middle) * (point - mean) for index, point in enumerate(points)) / spread if spread else 0.0


def _event(criterion: Event, view: View) -> Judged:
    for event in view.state.events:
        if event.get("name") == criterion.event and all(
            key in event and event[key] == value for key, value in criterion.where.items()
        ):
            return _flag(met=True, evidence=_short(event))
    return _flag(met=False, evidence=f"no event {criterion.event!r} in this iteration")


def _predicate(criterion: Predicate, view: View, answer: Answered) -> Judged:
    if answer.error is not None:
        return _unclear(answer.error[:EVIDENCE_CHARACTERS])
    return _flag(bool(answer.value), _short(answer.value), fresh=view.fresh_expression(criterion.expression))


def _artifact(criterion: Artifact, view: View) -> Judged:
    fact = view.state.facts.get(criterion.id)
    if not isinstance(fact, dict):
        return _unclear("not looked at in this iteration")
    fresh = view.state.facts_order >= view.state.mutated
    if fact.get("met") is None:
        return _unclear(str(fact.get("evidence", "")))
    return _flag(fact["met"] is True, fact.get("evidence"), fresh=fresh)


def _approval(criterion: Approval, view: View) -> Judged:
    answer = view.state.answers.get(criterion.id)
    if answer is None:
        return _flag(met=False, evidence=f"waits for {criterion.by}")
    granted, by = answer
    return _flag(met=granted, evidence=f"{'approved' if granted else 'denied'} by {by}")


def _short(value: Json) -> Json:
    """Give a value as evidence: itself when small, else the start of its text."""
    text = value if isinstance(value, str) else str(value)
    if len(text) <= EVIDENCE_CHARACTERS:
        return value
    return cast("Json", text[:EVIDENCE_CHARACTERS] + "…")
