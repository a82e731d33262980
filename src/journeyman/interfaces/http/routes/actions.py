"""What callers do to sessions; each is one event in the record, under the caller's name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import APIRouter, Body, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from journeyman.engine.standing import is_driven, row_of
from journeyman.hosting.access import AccessScope
from journeyman.hosting.person_actions import SessionActions
from journeyman.hosting.removal import remove_sessions
from journeyman.hosting.session_views import SessionDetail
from journeyman.interfaces.http.admission import Actor, Admitted
from journeyman.interfaces.http.conditions import IfMatch, seen_head
from journeyman.interfaces.http.idempotency import Keyed, KeyedRequest
from journeyman.interfaces.http.routes.sessions import detail_of, detail_view, new_session_id
from journeyman.interfaces.http.server_state import API
from journeyman.mission.model import events as e
from journeyman.mission.model.state import State
from journeyman.mission.values.canonical import JsonObject
from journeyman.mission.values.errors import NotAllowed

router = APIRouter(prefix=f"{API}/sessions/{{session_id}}", tags=["actions"])


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True)


class ActionNote(_Given):
    """Why, for the record."""

    note: str = Field(default="", max_length=4_000)


class ApprovalAnswer(_Given):
    """An answer to what a session asks."""

    granted: bool
    """Yes or no."""
    approval: str = Field(default="", max_length=200)
    """An approval criterion to answer ahead of time; the open question when left out."""
    note: str = Field(default="", max_length=4_000)


class BudgetChange(_Given):
    """New ceilings."""

    budget: dict[str, JsonValue]
    """By kind, such as `{"iterations": 40}`; `null` is no limit."""


class NoteText(_Given):
    """Words for the record."""

    text: str = Field(min_length=1, max_length=4_000)


class EffectResolution(_Given):
    """What a person knows of an effect."""

    effect: str = Field(max_length=200)
    """As the session's `unknown_effects` names it."""
    done: bool
    """Whether it happened."""
    note: str = Field(default="", max_length=4_000)


class ForkChoice(_Given):
    """Where the new session begins."""

    iteration: int | None = Field(default=None, ge=0)
    """The iteration whose end both share; the last one when left out."""
    session_id: str = Field(default="", max_length=64)
    """The new session's id; drawn when left out."""
    run: bool = True
    """Whether to drive it at once."""


Note = Annotated[ActionNote | None, Body()]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionAction:
    """A caller about to do something to a session, which they may have looked at before."""

    admitted: Admitted
    session_id: str
    actions: SessionActions
    keyed: KeyedRequest | None

    async def do(self, kind: type[e.Event], act: Callable[[SessionActions], Awaitable[State]]) -> SessionDetail:
        """Do it, unless the first request with the same key has; `kind` is the event that it records."""
        if self.keyed is not None and await self.keyed.was_done(self.admitted, self.session_id, kind):
            return await detail_of(self.admitted, self.session_id)
        state = await act(self.actions)
        row = await row_of(self.admitted.host.journeyman.store, self.session_id)
        return detail_view(self.admitted, state, row)


async def _action(actor: Actor, keyed: Keyed, session_id: str, if_match: IfMatch = "") -> SessionAction:
    actions = SessionActions(actor.host, actor.caller, seen_head(if_match, session_id))
    return SessionAction(admitted=actor, session_id=session_id, actions=actions, keyed=keyed)


Action = Annotated[SessionAction, Depends(_action)]


@router.post("/pause", summary="Pause")
async def pause(action: Action, given: Note = None) -> SessionDetail:
    """Stop at the next safe point; `resume` goes on."""
    note = given.note if given is not None else ""
    return await action.do(e.Paused, lambda actions: actions.pause(action.session_id, note))


@router.post("/resume", summary="Resume")
async def resume(action: Action) -> SessionDetail:
    """Go on where it was paused, stopped or interrupted."""
    return await action.do(e.Resumed, lambda actions: actions.resume(action.session_id))


@router.post("/end", summary="End")
async def end(action: Action, given: Note = None) -> SessionDetail:
    """End it as `forced`, after its running calls have settled; the outcome is what the evidence says."""
    note = given.note if given is not None else ""
    return await action.do(e.EndAsked, lambda actions: actions.end(action.session_id, abort=False, note=note))


@router.post("/abort", summary="Abort")
async def abort(action: Action, given: Note = None) -> SessionDetail:
    """End it now, cancelling its running calls."""
    note = given.note if given is not None else ""
    return await action.do(e.EndAsked, lambda actions: actions.end(action.session_id, abort=True, note=note))


@router.post("/answer", summary="Approve or deny")
async def answer(action: Action, given: ApprovalAnswer) -> SessionDetail:
    """Say yes or no to what it asks."""
    return await action.do(
        e.ApprovalAnswered,
        lambda actions: actions.answer(
            action.session_id, granted=given.granted, approval=given.approval, note=given.note
        ),
    )


@router.post("/amend", summary="Change the budget")
async def amend(action: Action, given: BudgetChange) -> SessionDetail:
    """Change ceilings of its budget; the mission's digest changes with them."""
    changes = cast("JsonObject", given.budget)
    return await action.do(e.BudgetAmended, lambda actions: actions.amend(action.session_id, changes))


@router.post("/notes", summary="Add a note")
async def note(action: Action, given: NoteText) -> SessionDetail:
    """Add words to its record; reports and advisors see them."""
    return await action.do(e.NoteAdded, lambda actions: actions.note(action.session_id, given.text))


@router.post("/resolve", summary="Settle an unknown effect")
async def resolve_effect(action: Action, given: EffectResolution) -> SessionDetail:
    """Say whether an effect happened of which nobody knows."""
    return await action.do(
        e.Reconciled,
        lambda actions: actions.resolve(action.session_id, given.effect, done=given.done, text=given.note),
    )


@router.post("/fork", status_code=201, summary="Fork")
async def fork(
    actor: Actor,
    keyed: Keyed,
    session_id: str,
    request: Request,
    response: Response,
    given: Annotated[ForkChoice | None, Body()] = None,
) -> SessionDetail:
    """Begin a new session that shares this one's history up to the end of an iteration, and go on with it."""
    choice = given or ForkChoice()
    if choice.run:
        actor.caller.require(AccessScope.RUN)
    made, is_there = await new_session_id(actor, keyed, choice.session_id)
    if not is_there:
        made = await actor.actions.fork(session_id, choice.iteration, made)
    if choice.run:
        actor.host.go_on(made)
    response.headers["location"] = request.url.path.removesuffix(f"{session_id}/fork") + made
    return await detail_of(actor, made)


@router.delete("", status_code=204, summary="Delete")
async def delete(actor: Actor, keyed: Keyed, session_id: str) -> None:
    """Remove it for good: events, results, logs. One that somebody drives is left alone."""
    actor.caller.require(AccessScope.PERSON)
    store = actor.host.journeyman.store
    rows = await store.sessions(session_id)
    if not rows and keyed is not None and keyed.is_retry:
        return  # the first request removed it
    row = rows[0] if rows else await row_of(store, session_id)
    if is_driven(row) or actor.host.is_driving(session_id):
        raise NotAllowed(f"session {session_id} is driven, so it was not deleted; abort it first")
    await remove_sessions(actor.host.journeyman, [session_id])
