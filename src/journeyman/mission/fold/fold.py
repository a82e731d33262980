"""fold(state, event) -> state: the meaning of each event, at a cost that does not grow with history."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, assert_never

from journeyman.mission.fold import advice, effects, iteration, people, planner_memory, progress, requested_checks
from journeyman.mission.fold.timing import timed
from journeyman.mission.model import events as e
from journeyman.mission.model.effects import EffectClass
from journeyman.mission.model.events import EventRecord
from journeyman.mission.model.mission import Mission
from journeyman.mission.model.state import Phase, SessionIdentity, State, Timestamps, Verdict
from journeyman.mission.model.strategy import ToolSpec
from journeyman.mission.values.canonical import JsonObject
from journeyman.mission.values.errors import RecordBroken
from journeyman.mission.values.value import replace


def fold(state: State | None, happened: EventRecord) -> State:
    """The state after `happened`. Total: any sequence that starts with `SessionCreated` folds."""
    event = happened.event
    if state is None:
        if not isinstance(event, e.SessionCreated):
            raise RecordBroken(f"a record starts with SessionCreated, not {type(event).__name__}")
        return created(happened.at, event, Mission.model_validate(event.mission))
    if isinstance(event, e.SnapshotTaken):
        return state  # not even the time: it is of the state before it
    return _after(timed(state, happened), happened)


def fold_all(state: State | None, events: Iterable[EventRecord]) -> State | None:
    """The state after several events."""
    for happened in events:
        state = fold(state, happened)
    return state


def _after(state: State, happened: EventRecord) -> State:  # noqa: C901, PLR0911, PLR0912  # one line an event, closed by assert_never
    event, at, actor = happened.event, happened.at, happened.actor
    match event:
        case e.Intended():
            return effects.intended(state, event)
        case e.ExtraCall():
            return effects.extra_call(state, event)
        case e.Settled():
            return effects.settled(state, event, at)
        case e.Evaluated():
            return requested_checks.judged(state, progress.evaluated(state, event, at))
        case e.Decided():
            return iteration.decided(state, event)
        case e.Proposed():
            return iteration.proposed(state, event)
        case e.CheckAsked():
            return requested_checks.asked(state, event)
        case e.NothingLeft():
            return planner_memory.nothing_left(state, event)
        case e.ScriptAdvanced():
            return iteration.script_advanced(state, event, at)
        case e.Checked():
            return iteration.checked(state, event, at)
        case e.Watched():
            return progress.watched(state, event, at)
        case e.Unanswered():
            return effects.unanswered(state, event)
        case e.Reconciled():
            return effects.reconciled(state, event, at, actor)
        case e.SessionCreated() | e.SnapshotTaken():
            return state
        case e.CatalogPinned():
            return _pinned(state, event)
        case e.Claimed():
            return effects.claimed(state, event, at)
        case e.ApprovalAsked():
            return people.approval_asked(state, event)
        case e.ApprovalAnswered():
            return people.approval_answered(state, event, actor)
        case e.WaitStarted():
            return replace(state, people=replace(state.people, wait=event.reason, wait_until=event.until_at))
        case e.WaitEnded():
            return people.wait_ended(state)
        case e.Paused():
            return replace(state, people=replace(state.people, paused=True))
        case e.Resumed():
            return people.resumed(state)
        case e.BudgetAmended():
            return people.amended(state, event)
        case e.NoteAdded():
            return people.noted(state, event)
        case e.EndAsked():
            return people.end_asked(state, event, actor)
        case e.AdviceAsked() | e.AdviceSettled() | e.AdviceRejected() | e.ClosingNotes():
            return advice.advised(state, event)
        case e.Ended():
            return _ended(state, event, at)
        case _:
            assert_never(event)


def created(at: str, event: e.SessionCreated, mission: Mission) -> State:
    """The first state of a session of the mission that the event holds."""
    identity = SessionIdentity(
        session_id=event.session_id, tenant=event.tenant, created_at=at, parent=event.parent, origin=event.origin
    )
    return State(identity=identity, mission=mission, digest=event.digest, times=Timestamps(last_at=at))


def tool_specs(rows: list[JsonObject]) -> dict[str, ToolSpec]:
    """Pinned tool definitions by name."""
    found: dict[str, ToolSpec] = {}
    for row in rows:
        fields: dict[str, Any] = {**row, "effect": EffectClass(str(row["effect"]))}
        found[str(row["name"])] = ToolSpec(**fields)
    return found


def with_tools(state: State, rows: list[JsonObject]) -> State:
    """The state with the definitions that `tools_ref` names."""
    return replace(state, tools=tool_specs(rows), tools_ref="")


def _pinned(state: State, event: e.CatalogPinned) -> State:
    if isinstance(event.tools, dict):
        return replace(state, tools_ref=str(event.tools.get("$blob", "")))
    return replace(state, tools=tool_specs(event.tools))


def _ended(state: State, event: e.Ended, at: str) -> State:
    return replace(
        state,
        phase=Phase.ENDED,
        times=replace(state.times, ended_at=at),
        verdict=Verdict(label=event.verdict, reason=event.reason, outcome=event.outcome),
        people=replace(state.people, pending=None, wait=None, paused=False),
    )
