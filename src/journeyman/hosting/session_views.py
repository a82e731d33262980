"""What is told of sessions to programs: typed rows, the same for every interface, so that schemas come from here."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final, cast

from msgspec import structs
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from journeyman.engine.control import unsettled
from journeyman.engine.records import NumberedEvent
from journeyman.engine.standing import Standing, standing_of
from journeyman.mission.criteria.evidence import Evidence
from journeyman.mission.model.events import PersonEvent, encode, encode_result
from journeyman.mission.model.state import State
from journeyman.mission.report.best import best_row
from journeyman.mission.report.model import context_rows, to_json
from journeyman.mission.report.person_words import person_words
from journeyman.mission.values.canonical import JsonObject
from journeyman.mission.values.errors import JourneymanError
from journeyman.stores.base import Summary

JsonRow = dict[str, JsonValue]
_MOST_FAULT: Final = 4_000


class _Reply(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class SessionRow(_Reply):
    """A session in a list."""

    session_id: str
    name: str
    """Of the mission."""
    status: Standing
    """`running`, `waiting` (for a person), `stopped`, `interrupted`, `could_not_start` or `ended`."""
    verdict: str
    """Latest verdict and reason as `verdict/reason`; empty before the first."""
    outcome: str
    """`achieved`, `not_achieved` or `unknown`; empty while the session goes on."""
    iteration: int
    created_at: str
    updated_at: str
    origin: str
    """Folder of the mission file."""
    seq: int
    """Number of its last event."""
    head_holds: bool
    """Whether the record ends where this row says; if not, verify it."""
    lease_owner: str
    lease_held: bool


class PendingQuestion(_Reply):
    """What a session asks a person."""

    approval: str
    question: str
    by: str
    """Who must answer; empty for anybody."""


class SessionFault(_Reply):
    """Why a session cannot go on here."""

    code: str
    message: str
    """At most 4,000 characters."""
    retry_after_s: float | None


class SessionDetail(_Reply):
    """Where a session stands."""

    session_id: str
    name: str
    status: Standing
    iteration: int
    phase: str
    verdict: str
    reason: str
    outcome: str | None
    """`None` while the session goes on."""
    criteria: list[JsonRow]
    """Each with its status, progress and evidence as judged last."""
    used: JsonRow
    """What was used of the budget, by kind; costs in millionths of a dollar."""
    budget: JsonRow
    pending: PendingQuestion | None
    unknown_effects: list[str]
    """Effects of which nobody knows whether they happened."""
    context: list[JsonRow]
    best: JsonRow | None
    metrics: dict[str, JsonValue]
    """The newest value of each metric."""
    task: JsonRow | None
    fault: SessionFault | None = None
    """Why it could not go on where it was hosted last; `None` where nothing is in its way."""


class EventRow(_Reply):
    """One event of a record."""

    seq: int = Field(ge=1)
    at: str
    actor: str
    kind: str
    iteration: int
    data: JsonRow
    """What a large value was is its SHA-256 under `$blob`."""
    words: str = ""
    """What a person did, in words; empty for other events."""


def session_row(row: Summary, standing: Standing | None = None) -> SessionRow:
    """The row of a session, with where it stands in place of what the record alone says; a host may know better."""
    return SessionRow.model_validate({**asdict(row), "status": standing or standing_of(row)})


def session_detail(
    state: State, row: Summary, standing: Standing | None = None, fault: JourneymanError | None = None
) -> SessionDetail:
    """Where a session stands; a host may know better than its row, and what is in its way."""
    verdict = state.verdict
    best = best_row(state)
    return SessionDetail(
        session_id=state.session_id,
        name=state.mission.name,
        status=standing or standing_of(row),
        iteration=state.iteration.index,
        phase=state.phase.value,
        verdict=verdict.label.value if verdict is not None else "",
        reason=verdict.reason.value if verdict is not None else "",
        outcome=state.outcome.value if state.outcome is not None else None,
        criteria=[_row(encode_result(known.result)) for known in state.progress.criteria.values()],
        used=_row(structs.asdict(state.usage)),
        budget=_row(state.mission.budget.model_dump(mode="json")),
        pending=pending_question(state),
        unknown_effects=[effect.intended.effect for effect in unsettled(state)],
        context=[_row(to_json(row)) for row in context_rows(state)],
        best=None if best is None else _row(to_json(best)),
        metrics={name: cast("JsonValue", max(rows, key=_order).value) for name, rows in state.world.evidence.items()},
        task=_row(structs.asdict(state.task)) if state.mission.task is not None else None,
        fault=None if fault is None else _fault(fault),
    )


def _fault(error: JourneymanError) -> SessionFault:
    return SessionFault(code=error.code, message=str(error)[:_MOST_FAULT], retry_after_s=error.retry_after_s)


def pending_question(state: State) -> PendingQuestion | None:
    """What a session asks a person."""
    pending = state.people.pending
    return PendingQuestion(**structs.asdict(pending)) if pending is not None else None


def _order(row: Evidence) -> int:
    return row.measurement.order


def event_row(item: NumberedEvent) -> EventRow:
    """One event."""
    happened = item.happened
    event = happened.event
    return EventRow(
        seq=item.seq,
        at=happened.at,
        actor=happened.actor,
        kind=type(event).__name__,
        iteration=item.iteration,
        data=_row(encode(event)),
        words=person_words(happened, event) if isinstance(event, PersonEvent) else "",
    )


def to_object(view: BaseModel) -> JsonObject:
    """A view as JSON."""
    return cast("JsonObject", view.model_dump(mode="json"))


def _row(value: Any) -> JsonRow:
    return cast("JsonRow", value)
