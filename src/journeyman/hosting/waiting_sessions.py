"""Everything that waits for a person: questions with the calls that they are about, and effects of which nobody knows."""

from __future__ import annotations

from typing import cast

from pydantic import BaseModel, ConfigDict, JsonValue

from journeyman.engine.control import unsettled
from journeyman.engine.record_reading import state_of
from journeyman.engine.standing import Standing
from journeyman.hosting.host import SessionHost
from journeyman.hosting.session_views import PendingQuestion, pending_question
from journeyman.mission.model.state import Effect, State
from journeyman.mission.rules.approvals import needs_person
from journeyman.stores.base import SessionPlace

_READ = 200


class CallInQuestion(BaseModel):
    """A call that a person is asked about."""

    tool: str
    args: JsonValue
    effect: str
    destructive: bool


class UnknownEffect(BaseModel):
    """An effect of which nobody knows whether it happened."""

    effect: str
    tool: str
    args: JsonValue


class WaitingSession(BaseModel):
    """A session that goes on once a person has acted."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    session_id: str
    name: str
    directive: str
    iteration: int
    since: str
    """Time of its last event."""
    pending: PendingQuestion | None
    """What it asks; answer it."""
    calls: list[CallInQuestion]
    """What would be done after a yes."""
    script: str | None
    """The script that would run after a yes."""
    unknown_effects: list[UnknownEffect]
    """Say of each whether it happened."""


async def waiting_sessions(host: SessionHost, limit: int = 200) -> list[WaitingSession]:
    """The sessions that wait, newest first."""
    store, found, place = host.journeyman.store, list[WaitingSession](), None
    while len(found) < limit:
        rows = await store.sessions(before=place, limit=_READ)
        for row in rows:
            if host.standing(row) is Standing.WAITING and len(found) < limit:
                found.append(_waiting(await state_of(store, row.session_id), row.updated_at))
        if len(rows) < _READ:
            break
        place = SessionPlace(rows[-1].created_at, rows[-1].session_id)
    return found


def _waiting(state: State, since: str) -> WaitingSession:
    strategy = state.iteration.strategy
    asked = strategy is not None and _asks_about_iteration(state)
    calls = strategy.calls if strategy is not None and asked and strategy.script is None else ()
    return WaitingSession(
        session_id=state.session_id,
        name=state.mission.name,
        directive=state.mission.directive,
        iteration=state.iteration.index,
        since=since,
        pending=pending_question(state),
        calls=[_call(state, call.tool, call.args) for call in calls if needs_person(state, call.tool)],
        script=strategy.script if strategy is not None and asked else None,
        unknown_effects=[_unknown(effect) for effect in unsettled(state)],
    )


def _asks_about_iteration(state: State) -> bool:
    pending = state.people.pending
    return pending is not None and pending.approval == f"iteration-{state.iteration.index}"


def _call(state: State, tool: str, args: object) -> CallInQuestion:
    spec = state.tools.get(tool)
    return CallInQuestion(
        tool=tool,
        args=cast("JsonValue", args),
        effect="" if spec is None else spec.effect.value,
        destructive=spec is not None and spec.destructive,
    )


def _unknown(effect: Effect) -> UnknownEffect:
    intended = effect.intended
    return UnknownEffect(effect=intended.effect, tool=intended.tool, args=cast("JsonValue", intended.args))
