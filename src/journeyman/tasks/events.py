"""How far a task is, as programs follow it: a closed list of kinds, derived from the record's events alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from journeyman.mission.model import events as e
from journeyman.mission.model.effects import EffectState
from journeyman.mission.model.events import EventRecord
from journeyman.mission.model.state import State
from journeyman.mission.model.task import ATTEMPT
from journeyman.mission.report.attempt_text import attempt_text


class TaskEventKind(StrEnum):
    """What happened; programs may rely on there being no others."""

    RUN_STARTED = "run_started"
    TASK_WORKSPACE_PREPARED = "task_workspace_prepared"
    """The agent is about to begin in a working copy of its own."""
    APPRENTICE_ATTEMPT_STARTED = "apprentice_attempt_started"
    APPRENTICE_ATTEMPT_COMPLETED = "apprentice_attempt_completed"
    MENTOR_REVIEW_STARTED = "mentor_review_started"
    """A model is asked what the next attempt shall be told."""
    MENTOR_REVIEW_COMPLETED = "mentor_review_completed"
    """A model, or a person, has answered."""
    REVISION_STARTED = "revision_started"
    """Another attempt is proposed, since the last one did not fulfil the contract."""
    REVISION_COMPLETED = "revision_completed"
    """It was judged."""
    CHECKPOINT_WAITING = "checkpoint_waiting"
    """A person must act."""
    OPERATIONAL_ERROR = "operational_error"
    """An attempt could not be made, or did not come to its end."""
    RUN_COMPLETED = "run_completed"
    RUN_INTERRUPTED = "run_interrupted"
    """It was paused, or its process is being ended: `journeyman resume` goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskEvent:
    """One step of a task."""

    kind: TaskEventKind
    session_id: str
    at: str
    """UTC, as the record has it."""
    phase: str
    """Of the iteration: `propose`, `approve`, `execute`, `evaluate`, `decide`, `next`, `ended`."""
    attempt: int
    """The attempt that it belongs to; 0 before the first one."""
    attempts: int | None
    """Most that may be made."""
    tokens: int
    """Used so far, advice included."""
    cost_usd: float
    waits_for: str = ""
    """The person who must act; `anybody` where none is named."""
    message: str = ""
    """For people."""


def task_events(happened: EventRecord, state: State) -> Iterator[TaskEvent]:
    """What an event of the record means for its task; `state` is that after it."""
    for kind, message in _kinds(happened, state):
        pending = state.people.pending
        waits = kind is TaskEventKind.CHECKPOINT_WAITING
        yield TaskEvent(
            kind=kind, session_id=state.session_id, at=happened.at, phase=state.phase.value,
            attempt=_attempt(state), attempts=state.mission.budget.iterations, tokens=state.usage.tokens,
            cost_usd=state.usage.cost_microusd / 1_000_000,
            waits_for=(pending.by if pending is not None and pending.by else "anybody") if waits else "",
            message=message,
        )  # fmt: skip


def _attempt(state: State) -> int:
    under_way = any(effect.intended.tool == ATTEMPT for effect in state.in_flight)
    return state.task.last + under_way


def _kinds(happened: EventRecord, state: State) -> Iterator[tuple[TaskEventKind, str]]:  # noqa: C901, PLR0912  # a few lines an event
    event = happened.event
    match event:
        case e.SessionCreated():
            yield TaskEventKind.RUN_STARTED, state.mission.name
        case e.Proposed() if state.task.last and _is_attempt(state):
            yield TaskEventKind.REVISION_STARTED, f"proposed by {event.source}"
        case e.Intended() if event.tool == ATTEMPT:
            yield TaskEventKind.TASK_WORKSPACE_PREPARED, ""
            yield TaskEventKind.APPRENTICE_ATTEMPT_STARTED, ""
        case e.Settled() if _tool_of(event, state) == ATTEMPT:
            if event.state is EffectState.DONE:
                yield TaskEventKind.APPRENTICE_ATTEMPT_COMPLETED, attempt_text(event.value)
            ended = event.value.get("ended") if isinstance(event.value, dict) else None
            if event.state is not EffectState.DONE or ended != "finished":
                yield TaskEventKind.OPERATIONAL_ERROR, event.error or f"the agent ended: {ended}"
        case e.Evaluated() if state.task.last > 1:
            yield TaskEventKind.REVISION_COMPLETED, ""
        case e.AdviceAsked():
            yield TaskEventKind.MENTOR_REVIEW_STARTED, event.advisor
        case e.AdviceSettled():
            yield TaskEventKind.MENTOR_REVIEW_COMPLETED, ""
        case e.ApprovalAsked():
            yield TaskEventKind.CHECKPOINT_WAITING, event.question
        case e.ApprovalAnswered():
            yield (
                TaskEventKind.MENTOR_REVIEW_COMPLETED,
                f"{'approved' if event.granted else 'denied'} by {happened.actor}",
            )
        case e.Paused():
            yield TaskEventKind.RUN_INTERRUPTED, event.note
        case e.Ended():
            yield TaskEventKind.RUN_COMPLETED, f"{event.outcome}: {event.verdict}/{event.reason}"
        case _:
            pass


def _is_attempt(state: State) -> bool:
    strategy = state.iteration.strategy
    return strategy is not None and any(call.tool == ATTEMPT for call in strategy.calls)


def _tool_of(event: e.Settled, state: State) -> str:
    effect = state.effects.get(event.effect)
    return "" if effect is None else effect.intended.tool
