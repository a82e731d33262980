"""The final report: everything that was done, what it cost and how it ended, from the record alone."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from journeyman.mission.chain import Head
from journeyman.mission.criteria.base import Criterion, as_json, walk
from journeyman.mission.criteria.evidence import CriterionStatus
from journeyman.mission.fold.fold import fold
from journeyman.mission.fold.points import points_of_iteration
from journeyman.mission.model import events as e
from journeyman.mission.model.effects import Purpose
from journeyman.mission.model.events import Happened
from journeyman.mission.model.mission import dump
from journeyman.mission.model.reasons import Reason
from journeyman.mission.model.state import CriterionState, State
from journeyman.mission.report.kept import FIRST_ITERATIONS, MOST_ROWS, Line, Rows
from journeyman.mission.rules.decide import outcome_of
from journeyman.mission.values.canonical import REFERENCE, Json, JsonObject, canonical

REPORT_VERSION: Final = 2
SILENT: Final = frozenset({e.Evaluated, e.Decided, e.ScriptAdvanced, e.Checked, e.SnapshotTaken})
"""Kinds of which nothing is told between both ends."""


@dataclass(slots=True)
class _Gathered:
    """What the report keeps while it walks through the events."""

    rows: Rows = field(default_factory=Rows)
    series: dict[str, Line[list[Json]]] = field(default_factory=dict[str, Line[list[Json]]])
    people: deque[JsonObject] = field(default_factory=lambda: deque["JsonObject"](maxlen=MOST_ROWS))
    people_said: int = 0
    budgets: Line[JsonObject] = field(default_factory=Line[JsonObject])
    advice: dict[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    advice_asked: int = 0
    actor: str = ""
    looks: list[str] = field(default_factory=list[str])
    """Effects of context calls that stand before the next iteration."""


class ReportBuilder:
    """Makes a report from events as they pass, in memory that does not grow with them."""

    def __init__(self) -> None:
        self._gathered = _Gathered()
        self._first = True

    def take(self, happened: Happened, state: State) -> None:
        """Take in an event; `state` is as it was right after it."""
        _gather(self._gathered, state, happened)

    def tells_first(self, iteration: int) -> bool:
        """Tell whether an iteration that begins now is one of the first, which are told whole."""
        first = self._gathered.rows.first
        return iteration in first or len(first) < FIRST_ITERATIONS

    def pass_by(self, happened: Happened) -> None:
        """Take in an event of the middle, of which only counts are told; kinds in `SILENT` may be left out."""
        match happened.event:
            case e.Proposed() as event:
                for name in self._gathered.looks:
                    self._gathered.rows.effects.pop(name, None)
                self._gathered.looks.clear()
                self._gathered.rows.begin(event.iteration, None)
            case e.Intended() as event:
                self._gathered.rows.intend(event.effect, None)
            case event if type(event) not in SILENT:
                _gather_rest(self._gathered, happened)
            case _:
                pass

    def pass_snapshot(self, happened: Happened, state: State) -> None:
        """Take in a snapshot of the middle with its state."""
        _snapshot(self._gathered, state, happened.at)

    def take_or_pass(self, happened: Happened, state: State, *, newest: bool) -> None:
        """Take in an event where its iteration is told: one of the first, or `newest`; else pass it by."""
        event = happened.event
        if self._first and isinstance(event, e.Proposed):
            self._first = self.tells_first(event.iteration)
        if self._first or newest:
            self.take(happened, state)
        elif isinstance(event, e.SnapshotTaken):
            self.pass_snapshot(happened, state)
        else:
            self.pass_by(happened)

    def finish(self, state: State, head: Head) -> JsonObject:
        """Give the report of a record that ends at `head` in `state`."""
        for effect in state.unknown:
            name = effect.intended.effect
            if name not in self._gathered.rows.effects:
                row = _effect_row(effect.intended)
                self._gathered.rows.effects[name] = row | {"state": effect.state.value, "error": effect.error}
        return _assemble(state, self._gathered, head)


def build_report(events: Iterable[Happened], head: Head) -> JsonObject:
    """Give the report of a session as JSON: the same events always give the same bytes.

    Values that the record keeps as blobs stay references. Works for sessions that go on: `ended_at` is null then. Of a
    long mission both ends are told, with the counts of what is `left_out` between; see `kept`.
    """
    builder = ReportBuilder()
    state: State | None = None
    for happened in events:
        state = fold(state, happened)
        builder.take(happened, state)
    if state is None:
        raise ValueError("a report needs at least one event")
    return builder.finish(state, head)


def _assemble(state: State, gathered: _Gathered, head: Head) -> JsonObject:
    mission, rows = state.mission, gathered.rows
    report: JsonObject = {
        "version": REPORT_VERSION,
        "session_id": state.session_id,
        "tenant": state.identity.tenant,
        "name": mission.name,
        "directive": mission.directive,
        "mission": dump(mission),
        "mission_digest": state.digest,
        "parent": state.identity.parent or None,
        "criteria": _criteria(state),
        "budget": mission.budget.model_dump(mode="json"),
        "used": _used(state),
        "tools": [_tool(state, name) for name in sorted(state.tools)],
        "allowlist": list(mission.tools),
        "cadence": mission.cadence.model_dump(mode="json", exclude_none=True),
        "stagnation_threshold": mission.stagnation.threshold,
        "created_at": state.identity.created_at,
        "started_at": state.times.started_at or None,
        "ended_at": state.times.ended_at or None,
        "iterations_run": state.usage.iterations,
        "status": state.status.value,
        "verdict": state.verdict.label if state.verdict is not None else "",
        "reason": state.reason or "",
        "actor": state.people.end_by or gathered.actor,
        "outcome": state.outcome,
        "outcome_now": outcome_of(state),
        "verified_by": _verified_by(state),
        "context": context_rows(state),
        "effects_by_state": rows.by_state(),
        "effects": list(rows.effects.values()),
        "iterations": [rows.iterations[index] for index in sorted(rows.iterations)],
        "series": {name: [*line.points(rows)] for name, line in sorted(gathered.series.items())},
        "budget_series": [*gathered.budgets.points(rows)],
        "people": list(gathered.people),
        "notes": list(state.people.notes),
        "lessons": state.advice.closing.get("lessons") or _lessons(state, gathered),
        "recommended_followups": state.advice.closing.get("recommended_followups") or _followups(state),
        "advice": list(gathered.advice.values()),
        "left_out": {
            **rows.left_out(),
            "people": gathered.people_said - len(gathered.people),
            "advice": gathered.advice_asked - len(gathered.advice),
        },
        "events": head.seq,
        "head_hash": head.hash.hex(),
    }
    return report


def _used(state: State) -> JsonObject:
    usage = state.usage
    return {
        "iterations": usage.iterations,
        "wall_clock_s": usage.wall_clock_s,
        "tool_calls": usage.tool_calls,
        "tokens": usage.tokens,
        "cost_usd": usage.cost_microusd / 1_000_000,
    }


def _tool(state: State, name: str) -> JsonObject:
    spec = state.tools[name]
    return {
        "name": name,
        "effect": spec.effect,
        "destructive": spec.destructive,
        "pin": spec.pin,
        "calls": state.world.counts.get(name, 0),
    }


def _criteria(state: State) -> list[Json]:
    known = state.progress.criteria
    return [_criterion(criterion, known.get(criterion.id)) for criterion in walk(state.mission.criteria)]


def _criterion(criterion: Criterion, known: CriterionState | None) -> JsonObject:
    told = as_json(criterion)
    told.pop("criteria", None)
    row: JsonObject = {
        "id": criterion.id,
        "kind": criterion.kind_name,
        "required": criterion.required,
        "abort_when_met": criterion.abort_when_met,
        "definition": told,
        "sentence": criterion.sentence(),
        "status": "inconclusive",
        "progress": 0,
        "evidence": "never evaluated",
        "carried": False,
        "seen_at": None,
    }
    if known is None:
        return row
    result = known.result
    row |= {
        "status": result.status.value,
        "progress": result.progress,
        "evidence": result.evidence,
        "carried": result.carried,
        "seen_at": known.conclusive_at or None,
    }
    return row | ({"held": result.held, "hold_for": criterion.hold_for} if criterion.hold_for > 1 else {})


def context_rows(state: State) -> list[Json]:
    """Give each context call of the mission with how it ended when it was made last; null where it was not made."""
    rows: list[Json] = []
    for index, call in enumerate(state.mission.context):
        known = state.context.get(str(index))
        row: JsonObject = {"tool": call.tool, "args": dict(call.args), "every": call.every, "state": None}
        if known is not None:
            row |= {"state": known.state.value, "iteration": known.iteration, "value": known.value}
            row |= {"error_class": known.error_class, "error": known.error} if known.error_class else {}
        rows.append(row)
    return rows


def _verified_by(state: State) -> str:
    if not state.progress.evaluations and not state.progress.criteria:
        return "nothing: no evaluation took place"
    carried = sorted(name for name, known in state.progress.criteria.items() if known.result.carried)
    base = f"evaluation of iteration {state.iteration.index} over fresh evidence"
    return f"{base}; not measured in it: {', '.join(carried)}" if carried else base


def _gather(gathered: _Gathered, state: State, happened: Happened) -> None:
    event = happened.event
    match event:
        case e.Proposed():
            row: JsonObject = {
                "index": event.iteration,
                "started_at": happened.at,
                "source": event.source,
                "strategy": _strategy_shown(state),
                "effects": [*gathered.looks],
                "errors": [],
            }
            if event.confidence is not None:
                row["confidence"] = event.confidence
            gathered.looks.clear()
            gathered.rows.begin(event.iteration, row)
        case e.Intended():
            _intended(gathered, event, happened.at)
        case e.Evaluated():
            _evaluated(gathered, state, event, happened.at)
        case e.Decided():
            row = gathered.rows.iterations.setdefault(event.iteration, {"index": event.iteration})
            row |= {
                "verdict": event.verdict,
                "reason": event.reason,
                "ended_at": happened.at,
                "errors": list(state.iteration.errors),
            }
            gathered.actor = happened.actor
        case e.SnapshotTaken():
            _snapshot(gathered, state, happened.at)
        case _:
            _gather_rest(gathered, happened)


def _gather_rest(gathered: _Gathered, happened: Happened) -> None:
    """Take in what needs no state."""
    event = happened.event
    match event:
        case e.Unanswered():
            asked: JsonObject = {
                "tool": event.tool,
                "error_class": event.error_class,
                "error": event.error,
                "at": happened.at,
            }
            gathered.rows.effects.get(event.effect, {})["probe"] = asked
        case e.Settled() | e.Reconciled():
            _settled(gathered, event, happened)
        case e.ExtraCall():
            if (row := gathered.rows.effects.get(event.effect)) is not None:
                calls = row.get("extra_calls", 0)
                row["extra_calls"] = (calls if isinstance(calls, int) else 0) + 1
        case (
            e.ApprovalAsked()
            | e.ApprovalAnswered()
            | e.Paused()
            | e.Resumed()
            | e.BudgetAmended()
            | e.NoteAdded()
            | e.EndAsked()
        ):
            told = {key: value for key, value in e.encode(event).items() if key != "digest"}
            gathered.people_said += 1
            gathered.people.append({"at": happened.at, "actor": happened.actor, "what": type(event).__name__, **told})
        case e.AdviceAsked() | e.AdviceSettled():
            _advised(gathered, event, happened.at)
        case _:
            pass


def _advised(gathered: _Gathered, event: e.AdviceAsked | e.AdviceSettled, at: str) -> None:
    if isinstance(event, e.AdviceAsked):
        gathered.advice_asked += 1
        gathered.advice[event.ask] = {"at": at, "state": "open", **e.encode(event)}
        if len(gathered.advice) > MOST_ROWS:
            del gathered.advice[next(iter(gathered.advice))]
    elif event.ask in gathered.advice:
        gathered.advice[event.ask] |= {**e.encode(event), "state": event.failure or "answered"}


def _strategy_shown(state: State) -> JsonObject:
    strategy = state.iteration.strategy
    if strategy is None:  # pragma: no cover  # a proposal has just been folded
        return {}
    if strategy.script is not None:
        lines = strategy.script.count("\n") + 1
        return {"script_lines": lines, "rationale": strategy.rationale or f"a script of {lines} lines"}
    return {
        "calls": [call.tool for call in strategy.calls],
        "parallel": strategy.parallel,
        "rationale": strategy.rationale,
    }


def _effect_row(event: e.Intended) -> JsonObject:
    return {
        "effect": event.effect,
        "iteration": event.iteration,
        "tool": event.tool,
        "args": event.args,
        "class": event.effect_class.value,
        "purpose": event.purpose.value,
    }


def _intended(gathered: _Gathered, event: e.Intended, at: str) -> None:
    gathered.rows.intend(event.effect, _effect_row(event) | {"state": "intended", "intended_at": at})
    if event.purpose is Purpose.CONTEXT:
        gathered.looks.append(event.effect)
        return
    row = gathered.rows.iterations.setdefault(event.iteration, {"index": event.iteration, "effects": []})
    names = row.setdefault("effects", [])
    if isinstance(names, list):
        names.append(event.effect)


def _result_bytes(event: e.Settled) -> int:
    """Give how large a result was, before it was cut."""
    if event.cut_bytes or event.value is None:
        return event.cut_bytes
    kept = event.value.get("bytes") if isinstance(event.value, dict) and REFERENCE in event.value else None
    return kept if isinstance(kept, int) else len(canonical(event.value))


def _settled(gathered: _Gathered, event: e.Settled | e.Reconciled, happened: Happened) -> None:
    reconciled = isinstance(event, e.Reconciled)
    row = gathered.rows.settle(event.effect, event.state, reconciled=reconciled)
    if row is None:
        return
    if isinstance(event, e.Reconciled):
        row |= {"reconciled_by": happened.actor, "reconciled_at": happened.at, "note": event.note}
        return
    row |= {
        "settled_at": happened.at,
        "duration_s": event.duration_s,
        "tries": event.tries,
        "result_bytes": _result_bytes(event),
        "value": event.value,
    }
    if event.left_running:
        row["left_running"] = True
    if event.error_class:
        row |= {"error_class": event.error_class, "error": event.error}


def _evaluated(gathered: _Gathered, state: State, event: e.Evaluated, at: str) -> None:
    row = gathered.rows.iterations.setdefault(event.iteration, {"index": event.iteration})
    row["evaluation"] = [
        {
            "id": item.id,
            "status": item.status.value,
            "progress": item.progress,
            "evidence": item.evidence,
            "carried": item.carried,
        }
        for item in event.results
    ]
    row["checkpoint"] = event.checkpoint
    for name, point in points_of_iteration(state).items():
        _line(gathered, name).add(event.iteration, [event.iteration, _short(point)], gathered.rows)
    used: JsonObject = {"iteration": event.iteration, "at": at, **_used(state), "iterations": event.iteration + 1}
    gathered.budgets.add(event.iteration, used, gathered.rows)


def _snapshot(gathered: _Gathered, state: State, at: str) -> None:
    """Keep where the measures stood, for the lines between both ends."""
    for name, series in state.world.history.items():
        _line(gathered, name).pass_by(state.iteration.index, [state.iteration.index, _short(series.points[-1])])
    last = state.usage.iterations - 1
    gathered.budgets.pass_by(last, {"iteration": last, "at": at, **_used(state)})


def _line(gathered: _Gathered, name: str) -> Line[list[Json]]:
    line = gathered.series.get(name)
    if line is None:
        line = gathered.series[name] = Line[list[Json]]()
    return line


def _short(point: float) -> int | float:
    return int(point) if point.is_integer() else point


def _lessons(state: State, gathered: _Gathered) -> list[Json]:
    """Give what the run itself shows, as plain sentences; advisors may lay better ones over these."""
    lessons: list[Json] = []
    best = state.memory.best_call
    if best is not None:
        lessons.append(f"The last call that moved progress was {best['tool']} with {best['args']}.")
    open_calls = {effect.intended.tool for effect in state.unknown}
    failing = sorted(
        name for name, known in state.memory.tools.items() if known.failed and not known.done and name not in open_calls
    )
    if failing:
        lessons.append(f"These tools never succeeded: {', '.join(failing)}.")
    open_ones = [
        criterion.id
        for criterion in state.mission.criteria
        if not criterion.abort_when_met and not _met(state, criterion.id)
    ]
    if open_ones:
        lessons.append(f"Not met at the end: {', '.join(open_ones)}.")
    if not gathered.rows.iterations:
        lessons.append("The session ended before its first iteration.")
    return lessons


def _met(state: State, criterion: str) -> bool:
    known = state.progress.criteria.get(criterion)
    return known is not None and known.met


_FOLLOWUPS: Final[dict[Reason, str]] = {
    Reason.CRITERIA_MET: "Nothing is left to do; keep the record as evidence.",
    Reason.GUARD_BROKEN: "Look at the abort condition's evidence and repair what it saw before starting again.",
    Reason.MAX_ITERATIONS: "Give more iterations with `journeyman fork` and `journeyman amend`, or a plan that gets there sooner.",
    Reason.MAX_WALL_CLOCK: "Give more time, or look in the timeline for the calls that took it.",
    Reason.MAX_TOOL_CALLS: "Give more tool calls, or a plan that needs fewer.",
    Reason.MAX_TOKENS: "Give more tokens, or run with `advisor: none`.",
    Reason.MAX_COST: "Raise cost_usd, or choose a cheaper advisor.",
    Reason.TENANT_BUDGET: "The tenant's ceiling is reached: raise it or wait for other sessions to end.",
    Reason.NO_PROGRESS: "Nothing moved for long: give a plan, more tools, or a criterion whose progress can be measured.",
    Reason.NOTHING_LEFT: "The plan is through: give further steps, `repeat: true`, or `explore: true`.",
    Reason.ABORTED: "A person stopped the mission: read the notes, then fork it where it was still right.",
    Reason.FORCED: "A person ended the mission: the outcome above is what the evidence says.",
    Reason.DENIED: "A person said no: ask why, and change the mission accordingly.",
}


def _followups(state: State) -> list[Json]:
    rows: list[Json] = [_FOLLOWUPS[state.reason]] if state.reason is not None and state.reason in _FOLLOWUPS else []
    rows += [
        f"Find out whether {effect.intended.tool} ({effect.intended.effect}) happened, then `journeyman resolve`."
        for effect in state.unknown
    ]
    for criterion in state.mission.criteria:
        known = state.progress.criteria.get(criterion.id)
        undecided = known is not None and known.status is CriterionStatus.INCONCLUSIVE
        if undecided and criterion.required and not criterion.abort_when_met:
            rows.append(
                f"Criterion {criterion.id!r} could not be decided: make sure that a tool or probe produces its evidence."
            )
    return rows
