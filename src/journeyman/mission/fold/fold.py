"""fold(state, event) -> state: the meaning of each event, one at a time, at a cost that does not grow with history."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, cast

from journeyman.mission.fold import said
from journeyman.mission.fold.measures import new_points
from journeyman.mission.model import events as e
from journeyman.mission.model.events import Happened
from journeyman.mission.model.mission import Mission
from journeyman.mission.model.state import (
    HISTORY_POINTS,
    KEPT_SIGNATURES,
    MAX_HISTORIES,
    MAX_METRICS,
    CriterionState,
    Effect,
    Metric,
    Phase,
    Script,
    State,
)
from journeyman.mission.model.strategy import Strategy, ToolSpec
from journeyman.mission.planner.memory import after_evaluation, after_settled, before_proposal
from journeyman.mission.values.canonical import Json, JsonObject
from journeyman.mission.values.copying import replace
from journeyman.mission.values.errors import RecordBroken

NEVER_SENT = frozenset({"invalid_arguments", "not_allowed", "tool_changed", "server_unreachable", "denied", "skipped"})
"""Error classes of calls that certainly changed nothing."""
PROGRESS_STEP = 1e-9
"""Smaller gains are rounding, not progress."""


def fold(state: State | None, happened: Happened) -> State:
    """Give the state after `happened`. Total: any sequence that starts with `SessionCreated` folds."""
    if state is None:
        if not isinstance(happened.event, e.SessionCreated):
            raise RecordBroken(f"a record starts with SessionCreated, not {type(happened.event).__name__}")
        return _created(happened.at, happened.event)
    if isinstance(happened.event, e.SnapshotTaken):
        return state  # not even the time: it is of the state before it
    state = _timed(state, happened)
    step = _STEPS.get(type(happened.event))
    return state if step is None else step(state, happened)


def fold_all(state: State | None, events: Iterable[Happened]) -> State | None:
    """Give the state after several events."""
    for happened in events:
        state = fold(state, happened)
    return state


def seconds_between(earlier: str, later: str) -> float:
    """Give the seconds between two event times, never negative: clocks may be set back."""
    if not earlier or not later:
        return 0.0
    return max(0.0, (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds())


_FROM_OUTSIDE = (e.ApprovalAnswered, e.Paused, e.Resumed, e.BudgetAmended, e.NoteAdded, e.EndAsked, e.Reconciled)


def _timed(state: State, happened: Happened) -> State:
    event = happened.event
    if isinstance(event, _FROM_OUTSIDE) and happened.actor.startswith("person:"):
        return state  # time counts between events of the driver only
    if isinstance(event, e.Claimed) or state.paused or state.phase is Phase.ENDED:
        return state.but(last_at=happened.at)
    spent = seconds_between(state.last_at, happened.at)
    if state.pending is not None or state.wait in ("budget", "effect"):
        spent = 0.0
    usage = replace(state.usage, wall_clock_s=round(state.usage.wall_clock_s + spent, 6)) if spent else state.usage
    return state.but(last_at=happened.at, usage=usage)


def _created(at: str, event: e.SessionCreated) -> State:
    return State(
        session_id=event.session_id,
        tenant=event.tenant,
        mission=Mission.model_validate(event.mission),
        digest=event.digest,
        created_at=at,
        last_at=at,
        parent=event.parent,
        origin=event.origin,
    )


def tool_specs(rows: list[JsonObject]) -> dict[str, ToolSpec]:
    """Give pinned tool definitions by name."""
    return {str(row["name"]): ToolSpec(**cast("dict[str, Any]", row)) for row in rows}


def with_tools(state: State, rows: list[JsonObject]) -> State:
    """Give the state with the definitions that `tools_ref` names."""
    return state.but(tools=tool_specs(rows), tools_ref="")


def _pinned(state: State, happened: Happened) -> State:
    event = cast("e.CatalogPinned", happened.event)
    if isinstance(event.tools, dict):
        return state.but(tools_ref=str(event.tools.get("$blob", "")))
    return state.but(tools=tool_specs(event.tools))


def _claimed(state: State, happened: Happened) -> State:
    event = cast("e.Claimed", happened.event)
    effects = {
        key: replace(effect, suspect=True) if effect.state == "intended" else effect
        for key, effect in state.effects.items()
    }
    return state.but(owner=event.owner, effects=effects, started_at=state.started_at or happened.at)


def _proposed(state: State, happened: Happened) -> State:
    event = cast("e.Proposed", happened.event)
    strategy = Strategy.model_validate(event.strategy)
    return state.but(
        phase=Phase.APPROVE,
        iteration=event.iteration,
        strategy=strategy,
        source=event.source,
        memory=before_proposal(state, strategy, event.source),
        next_call=0,
        probed=False,
        denied=False,
        script=None,
        effects={key: effect for key, effect in state.effects.items() if effect.state == "unknown"},
        events=(),
        errors=(),
        facts={},
        checked=False,
        judged=False,
        slept=False,
        verdict="",
        reason="",
        new_error=False,
        advised="" if event.source.startswith("advisor:") else state.advised,
    )


def _intended(state: State, happened: Happened) -> State:
    event = cast("e.Intended", happened.event)
    effects = {**state.effects, event.effect: Effect(intended=event, order=state.order)}
    next_call = state.next_call if event.probe or event.call else state.next_call + 1
    usage = replace(state.usage, tool_calls=state.usage.tool_calls + 1)
    return state.but(
        phase=Phase.EXECUTE,
        effects=effects,
        next_call=next_call,
        probed=state.probed or event.probe,
        usage=usage,
    )


def _settled(state: State, happened: Happened) -> State:
    event = cast("e.Settled", happened.event)
    effect = state.effects.get(event.effect)
    if effect is None or effect.state != "intended":
        return state
    intended = effect.intended
    order = state.order + 1
    changes = intended.effect_class != "pure" and event.error_class not in NEVER_SENT
    shared = _beside_changes(state, intended)
    measured = effect.order if shared and intended.effect_class == "pure" else order
    done = event.state == "done"
    settled = replace(
        effect,
        state=event.state,
        suspect=False,
        value=event.value,
        error_class=event.error_class,
        error=event.error,
        order=order,
    )
    state = state.but(
        order=order,
        mutated=order if changes else state.mutated,
        effects={**state.effects, event.effect: settled},
        counts={**state.counts, intended.tool: state.counts.get(intended.tool, 0) + 1}
        if done and not intended.probe
        else state.counts,
        metrics=_measured(state, event.metrics, measured, intended.tool) if event.metrics else state.metrics,
        events=(*state.events, *event.events),
        memory=after_settled(state.memory, intended, event),
    )
    return state if done else _with_error(state, intended.tool, event.error_class, event.error)


def _beside_changes(state: State, intended: e.Intended) -> bool:
    """Tell whether another effect of the same wave may have changed the world while this one looked."""
    waves = bool(intended.call) or (state.strategy is not None and state.strategy.parallel)
    return waves and not intended.probe and any(
        other.intended.effect_class != "pure" and other.intended.iteration == intended.iteration
        for key, other in state.effects.items()
        if key != intended.effect and not other.intended.probe and (not intended.call or other.state == "intended")
    )  # fmt: skip


def _with_error(state: State, tool: str, error_class: str, error: str) -> State:
    row: JsonObject = {"error": error, "error_class": error_class, "tool": tool}
    known = f"{tool}:{error_class}"
    new = known not in state.error_classes
    classes = (*state.error_classes, known)[-KEPT_SIGNATURES:] if new else state.error_classes
    return state.but(errors=(*state.errors, row), error_classes=classes, new_error=state.new_error or new)


def _measured(state: State, found: Mapping[str, Json], order: int, tool: str) -> dict[str, Metric]:
    metrics = dict(state.metrics)
    for name, value in found.items():
        metrics.pop(name, None)
        metrics[name] = Metric(value=value, iteration=state.iteration, order=order, tool=tool)
    while len(metrics) > MAX_METRICS:
        del metrics[next(iter(metrics))]
    return metrics


def _reconciled(state: State, happened: Happened) -> State:
    event = cast("e.Reconciled", happened.event)
    effect = state.effects.get(event.effect)
    if effect is None or effect.state not in ("intended", "unknown"):
        return state
    order = state.order + 1
    done = event.state == "done"
    error_class = "" if done else "not_done"
    settled = replace(
        effect,
        state=event.state,
        suspect=False,
        value=event.value,
        error_class=error_class,
        error=event.note,
        order=order,
    )
    tool = effect.intended.tool
    counts = {**state.counts, tool: state.counts.get(tool, 0) + 1} if done else state.counts
    changes = done and effect.intended.effect_class != "pure"
    effects = {**state.effects, event.effect: settled}
    if effect.intended.iteration != state.iteration:
        del effects[event.effect]
    waiting = any(other.state == "unknown" for other in effects.values())
    wait = "" if state.wait == "effect" and not waiting else state.wait
    return state.but(
        order=order, mutated=order if changes else state.mutated, effects=effects, counts=counts, wait=wait
    )


def _script_advanced(state: State, happened: Happened) -> State:
    event = cast("e.ScriptAdvanced", happened.event)
    before = state.script or Script(status="")
    script = Script(
        status=event.status,
        snapshot=str(event.snapshot.get("$blob", "")),
        calls=tuple(event.calls),
        steps=before.steps + 1,
        told=before.told + len(event.events),
        value=event.value,
    )
    state = state.but(
        phase=Phase.EXECUTE,
        script=script,
        metrics=_measured(state, event.observations, state.order, "") if event.observations else state.metrics,
        events=(*state.events, *event.events),
    )
    return state if event.status != "failed" else _with_error(state, "script", event.error_class, event.error)


def _checked(state: State, happened: Happened) -> State:
    return state.but(facts=cast("e.Checked", happened.event).facts, facts_order=state.order, checked=True)


def _evaluated(state: State, happened: Happened) -> State:
    event = cast("e.Evaluated", happened.event)
    criteria = {str(row["id"]): _criterion_state(state.criteria.get(str(row["id"])), row) for row in event.results}
    total, guarded = total_progress(state.mission, criteria), nearest_guard(state.mission, criteria)
    state = state.but(
        phase=Phase.DECIDE,
        criteria=criteria,
        results=tuple(event.results),
        awaiting=tuple(event.awaiting),
        checkpoint=event.checkpoint,
        history=_with_points(state),
        memory=state.memory if state.judged else after_evaluation(state, total, guarded, event.until_met),
        judged=True,
    )
    if not event.checkpoint:
        return state
    better = total > state.best_total + PROGRESS_STEP
    first = state.evaluations == 0
    return state.but(
        checkpoint_at=happened.at,
        evaluations=state.evaluations + 1,
        best_total=max(total, state.best_total),
        stalled=0 if better or first else state.stalled + 1,
        adjusted=False if better else state.adjusted,
    )


def total_progress(mission: Mission, criteria: Mapping[str, CriterionState]) -> float:
    """Give the weighted progress of the mission, 0..1, over criteria that are no guards."""
    counted = [criterion for criterion in mission.criteria if not criterion.guard]
    weight = sum(criterion.weight for criterion in counted)
    return sum(
        criterion.weight * criteria[criterion.id].progress for criterion in counted if criterion.id in criteria
    ) / (weight or 1)


def nearest_guard(mission: Mission, criteria: Mapping[str, CriterionState]) -> float:
    """Give how near the nearest guard is to being broken, 0..1."""
    known = (criteria.get(criterion.id) for criterion in mission.criteria if criterion.guard)
    return max((item.progress for item in known if item is not None), default=0.0)


def _criterion_state(old: CriterionState | None, row: JsonObject) -> CriterionState:
    progress = cast("float", row["progress"])
    first = row.get("first")
    return CriterionState(
        status=str(row["status"]),
        progress=progress,
        best=max(progress, old.best if old is not None else 0.0),
        held=cast("int", row.get("held", 0)),
        first=cast("float | None", first) if first is not None else (old.first if old is not None else None),
        fresh=bool(row.get("fresh", True)),
    )


def _with_points(state: State) -> Mapping[str, tuple[float, ...]]:
    points = new_points(state)
    if not points:
        return state.history
    history = dict(state.history)
    for name, point in points.items():
        if name in history or len(history) < MAX_HISTORIES:
            history[name] = (*history.get(name, ()), point)[-HISTORY_POINTS:]
    return history


def _decided(state: State, happened: Happened) -> State:
    event = cast("e.Decided", happened.event)
    adjusted = state.adjusted or event.reason == "stagnation"
    return state.but(
        phase=Phase.NEXT,
        verdict=event.verdict,
        reason=event.reason,
        usage=replace(state.usage, iterations=event.iteration + 1),
        adjusted=adjusted,
        stalled=0 if event.reason == "stagnation" else state.stalled,
    )


def _wait_started(state: State, happened: Happened) -> State:
    event = cast("e.WaitStarted", happened.event)
    return state.but(wait=event.reason, wait_until=event.until_at)


def _wait_ended(state: State, _: Happened) -> State:
    return state.but(wait="", wait_until="", slept=True)


def _ended(state: State, happened: Happened) -> State:
    event = cast("e.Ended", happened.event)
    return state.but(phase=Phase.ENDED, ended_at=happened.at, verdict=event.verdict, reason=event.reason, outcome=event.outcome,
        pending=None, wait="", paused=False,
    )  # fmt: skip


_STEPS: dict[type[e.Event], Callable[[State, Happened], State]] = {
    e.CatalogPinned: _pinned,
    e.Claimed: _claimed,
    e.Proposed: _proposed,
    e.ApprovalAsked: said.approval_asked,
    e.ApprovalAnswered: said.approval_answered,
    e.Intended: _intended,
    e.Settled: _settled,
    e.Reconciled: _reconciled,
    e.ScriptAdvanced: _script_advanced,
    e.Checked: _checked,
    e.Evaluated: _evaluated,
    e.Decided: _decided,
    e.WaitStarted: _wait_started,
    e.WaitEnded: _wait_ended,
    e.Paused: lambda state, _: state.but(paused=True),
    e.Resumed: lambda state, _: state.but(paused=False),
    e.BudgetAmended: said.amended,
    e.NoteAdded: said.noted,
    e.AdviceAsked: said.advice_asked,
    e.AdviceSettled: said.advice_settled,
    e.AdviceRejected: said.advice_rejected,
    e.ClosingNotes: said.closing,
    e.EndAsked: said.end_asked,
    e.Ended: _ended,
}
