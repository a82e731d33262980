"""The rows of a report, gathered from events as they pass."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from journeyman.mission.fold.metric_history import points_of_iteration
from journeyman.mission.model import events as e
from journeyman.mission.model.effects import CallPurpose, EffectState
from journeyman.mission.model.events import EventRecord
from journeyman.mission.model.state import State
from journeyman.mission.report.call_text import strategy_text
from journeyman.mission.report.retention import MOST_ROWS, IterationRows, MeasureSeries
from journeyman.mission.report.rows import (
    AdviceRow,
    AskedRow,
    BudgetPoint,
    EffectRow,
    IterationRow,
    JudgedRow,
    PersonRow,
    StrategyShown,
    TryState,
)
from journeyman.mission.values.canonical import REFERENCE, canonical
from journeyman.mission.values.value import replace

Point = list[int | float]
"""Iteration and value."""


@dataclass(slots=True)
class Gathered:
    """What the report keeps while it walks through the events."""

    rows: IterationRows = field(default_factory=IterationRows)
    series: dict[str, MeasureSeries[Point]] = field(default_factory=dict[str, MeasureSeries[Point]])
    people: deque[PersonRow] = field(default_factory=lambda: deque["PersonRow"](maxlen=MOST_ROWS))
    people_said: int = 0
    budgets: MeasureSeries[BudgetPoint] = field(default_factory=MeasureSeries[BudgetPoint])
    advice: dict[str, AdviceRow] = field(default_factory=dict[str, AdviceRow])
    advice_asked: int = 0
    actor: str = ""
    notes_by: str = ""
    """The advisor that wrote the closing notes."""
    began: tuple[int, float] = (-1, 0.0)
    """The iteration under way, and the time driven when it began."""
    looks: list[str] = field(default_factory=list[str])
    """Effects of context calls that stand before the next iteration."""


def gather(gathered: Gathered, state: State, happened: EventRecord) -> None:
    """Take in an event whose iteration is told; `state` is as it was right after it."""
    event = happened.event
    match event:
        case e.Proposed():
            row = IterationRow(
                index=event.iteration,
                started_at=happened.at,
                source=event.source,
                strategy=_strategy_shown(state),
                effects=[*gathered.looks],
                confidence=event.confidence,
            )
            gathered.looks.clear()
            gathered.began = event.iteration, state.usage.wall_clock_s
            gathered.rows.begin(event.iteration, row)
        case e.Intended():
            _intended(gathered, event, happened.at)
        case e.Evaluated():
            _evaluated(gathered, state, event, happened.at)
        case e.Decided():
            gathered.rows.iterations[event.iteration] = replace(
                _iteration(gathered, event.iteration),
                verdict=event.verdict.value,
                reason=event.reason.value,
                ended_at=happened.at,
                driven_s=_driven_s(gathered, state, event.iteration),
                errors=list(state.iteration.errors),
            )
            gathered.actor = happened.actor
        case e.SnapshotTaken():
            gather_snapshot(gathered, state, happened.at)
        case _:
            gather_rest(gathered, happened)


def _driven_s(gathered: Gathered, state: State, iteration: int) -> float | None:
    index, began_s = gathered.began
    return round(state.usage.wall_clock_s - began_s, 6) if index == iteration else None


def _iteration(gathered: Gathered, index: int) -> IterationRow:
    return gathered.rows.iterations.get(index) or IterationRow(index=index)


def gather_rest(gathered: Gathered, happened: EventRecord) -> None:
    """Take in what needs no state."""
    event = happened.event
    match event:
        case e.Settled() | e.Reconciled():
            _settled(gathered, event, happened)
        case e.Unanswered() | e.ExtraCall():
            _asked_about(gathered, event, happened.at)
        case e.PersonEvent():
            _said(gathered, event, happened)
        case e.AdviceAsked():
            _asked(gathered, event, happened.at)
        case e.AdviceSettled():
            _answered(gathered, event)
        case e.AdviceRejected():
            _unasked(gathered, event, happened.at)
        case e.ClosingNotes():
            gathered.notes_by = happened.actor
        case _:
            pass


def _asked_about(gathered: Gathered, event: e.Unanswered | e.ExtraCall, at: str) -> None:
    row = gathered.rows.effects.get(event.effect)
    if row is None:
        return
    if isinstance(event, e.ExtraCall):
        gathered.rows.effects[event.effect] = replace(row, extra_calls=row.extra_calls + 1)
        return
    asked = AskedRow(tool=event.tool, at=at, error_class=event.error_class, error=event.error)
    gathered.rows.effects[event.effect] = replace(row, probe=asked)


def _said(gathered: Gathered, event: e.PersonEvent, happened: EventRecord) -> None:
    details = {key: value for key, value in e.encode(happened.event).items() if key != "digest"}
    gathered.people_said += 1
    gathered.people.append(PersonRow(at=happened.at, actor=happened.actor, what=type(event).__name__, details=details))
    if isinstance(event, e.ApprovalAnswered) and not event.granted:
        _denied(gathered, event.approval, happened.actor)


def _denied(gathered: Gathered, approval: str, actor: str) -> None:
    """Tell the iteration, whose approval is `iteration-N`, that it was denied."""
    for index, row in gathered.rows.iterations.items():
        if approval == f"iteration-{index}":
            gathered.rows.iterations[index] = replace(row, denied_by=actor)
            return


def _asked(gathered: Gathered, event: e.AdviceAsked, at: str) -> None:
    gathered.advice_asked += 1
    gathered.advice[event.ask] = AdviceRow(
        ask=event.ask,
        at=at,
        purpose=event.purpose,
        advisor=event.advisor,
        iteration=event.iteration,
        state=TryState.OPEN,
        prompt_bytes=event.prompt_bytes,
    )
    if len(gathered.advice) > MOST_ROWS:
        del gathered.advice[next(iter(gathered.advice))]


def _unasked(gathered: Gathered, event: e.AdviceRejected, at: str) -> None:
    """Tell of advice that nobody was asked for; where somebody was, the rows of the tries say how that ended."""
    last = next(reversed(gathered.advice.values()), None)
    if last is not None and event.reason in (last.reason, last.reason.partition(":")[0], last.failure):
        return
    gathered.advice_asked += 1
    name = f"{event.request}.unasked.{gathered.advice_asked}"
    gathered.advice[name] = AdviceRow(
        ask=name,
        at=at,
        purpose=event.purpose,
        advisor="nobody",
        iteration=gathered.rows.next_index,
        state=TryState.FAILED,
        failure=event.reason,
    )


def _answered(gathered: Gathered, event: e.AdviceSettled) -> None:
    row = gathered.advice.get(event.ask)
    if row is not None:
        gathered.advice[event.ask] = replace(
            row,
            state=_ended_as(event),
            failure=event.failure,
            reason=event.reason,
            model=event.model,
            answer_bytes=event.answer_bytes,
            input_tokens=event.input_tokens,
            output_tokens=event.output_tokens,
            usage_source=event.usage_source,
            cost_microusd=event.cost_microusd,
            price=event.price,
            duration_s=event.duration_s,
        )


def _ended_as(event: e.AdviceSettled) -> TryState:
    if not event.failure:
        return TryState.USED
    return TryState.REJECTED if event.answer_bytes else TryState.FAILED


def _strategy_shown(state: State) -> StrategyShown | None:
    strategy = state.iteration.strategy
    if strategy is None:  # an iteration that only judges
        return None
    lines = "" if strategy.script is None else f"a script of {strategy.script.count(chr(10)) + 1} lines"
    return StrategyShown(
        text=strategy_text(strategy),
        tools=[*dict.fromkeys(call.tool for call in strategy.calls)],
        rationale=strategy.rationale or lines,
    )


def effect_row(event: e.Intended, state: EffectState, *, at: str = "", error: str = "") -> EffectRow:
    """The row of a call of which no more is known than its intent."""
    return EffectRow(
        effect=event.effect,
        iteration=event.iteration,
        tool=event.tool,
        args=event.args,
        effect_class=event.effect_class,
        purpose=event.purpose,
        state=state,
        intended_at=at,
        error=error,
    )


def _intended(gathered: Gathered, event: e.Intended, at: str) -> None:
    gathered.rows.intend(event.effect, effect_row(event, EffectState.INTENDED, at=at))
    if event.purpose is CallPurpose.CONTEXT:
        gathered.looks.append(event.effect)
        return
    row = _iteration(gathered, event.iteration)
    gathered.rows.iterations[event.iteration] = replace(row, effects=[*row.effects, event.effect])


def _result_bytes(event: e.Settled) -> int:
    if event.cut_bytes or event.value is None:
        return event.cut_bytes
    kept = event.value.get("bytes") if isinstance(event.value, dict) and REFERENCE in event.value else None
    return kept if isinstance(kept, int) else len(canonical(event.value))


def _settled(gathered: Gathered, event: e.Settled | e.Reconciled, happened: EventRecord) -> None:
    row = gathered.rows.settle(event.effect, event.state, reconciled=isinstance(event, e.Reconciled))
    if row is None:
        return
    if isinstance(event, e.Reconciled):
        gathered.rows.effects[event.effect] = replace(
            row, reconciled_by=happened.actor, reconciled_at=happened.at, note=event.note
        )
        return
    gathered.rows.effects[event.effect] = replace(
        row,
        settled_at=happened.at,
        duration_s=event.duration_s,
        tries=event.tries,
        result_bytes=_result_bytes(event),
        value=event.value,
        left_running=event.left_running,
        error_class=event.error_class,
        error=event.error,
    )


def _evaluated(gathered: Gathered, state: State, event: e.Evaluated, at: str) -> None:
    judged = [
        JudgedRow(
            id=item.id,
            status=item.status,
            progress=item.progress,
            evidence=item.evidence,
            carried=item.carried,
            held=item.held,
        )
        for item in event.results
    ]
    gathered.rows.iterations[event.iteration] = replace(
        _iteration(gathered, event.iteration), evaluation=judged, checkpoint=event.checkpoint
    )
    for name, point in points_of_iteration(state).items():
        _line(gathered, name).add(event.iteration, [event.iteration, _short(point)], gathered.rows)
    used = _budget_point(state, event.iteration, at, iterations=event.iteration + 1)
    gathered.budgets.add(event.iteration, used, gathered.rows)


def gather_snapshot(gathered: Gathered, state: State, at: str) -> None:
    """Keep where the measures stood, for the lines between both ends."""
    for name, series in state.world.history.items():
        _line(gathered, name).pass_by(state.iteration.index, [state.iteration.index, _short(series.points[-1])])
    last = state.usage.iterations - 1
    gathered.budgets.pass_by(last, _budget_point(state, last, at, iterations=state.usage.iterations))


def _budget_point(state: State, iteration: int, at: str, *, iterations: int) -> BudgetPoint:
    usage = state.usage
    return BudgetPoint(
        iteration=iteration,
        at=at,
        iterations=iterations,
        wall_clock_s=usage.wall_clock_s,
        tool_calls=usage.tool_calls,
        tokens=usage.tokens,
        cost_usd=usage.cost_microusd / 1_000_000,
    )


def _line(gathered: Gathered, name: str) -> MeasureSeries[Point]:
    line = gathered.series.get(name)
    if line is None:
        line = gathered.series[name] = MeasureSeries[Point]()
    return line


def _short(point: float) -> int | float:
    return int(point) if point.is_integer() else point
