"""Where a session stands, as every tool that acts on one gives it back, with what a client can do next."""

from __future__ import annotations

from pydantic import Field

from journeyman.engine.record_reading import state_of
from journeyman.engine.standing import Standing, row_of, standing_of
from journeyman.hosting.host import SessionHost
from journeyman.hosting.session_views import SessionDetail, session_detail
from journeyman.mission.model.reasons import WaitFor
from journeyman.mission.model.state import State


class StatusReply(SessionDetail):
    """Where a session stands, and what to do next."""

    seq: int = Field(ge=1)
    """Number of its newest event; all up to it are on disk."""
    head_hash: str
    """Hash of that event, over all before it: who keeps it can tell later that nothing was changed."""
    paused: bool
    driven_here: bool
    """Whether this server drives it now."""
    next: str
    """What a client can do next, in words."""


async def status_of(host: SessionHost, session_id: str) -> StatusReply:
    """Where a session stands; raises `NotFound`."""
    store = host.journeyman.store
    state = await state_of(store, session_id)
    row, head, error = await row_of(store, session_id), await store.head(session_id), host.fault(session_id)
    driven = host.is_driving(session_id)
    standing = Standing.RUNNING if driven and standing_of(row) is not Standing.ENDED else standing_of(row)
    detail = session_detail(state, row, standing, error)
    more = {"seq": head.seq, "head_hash": head.hash.hex(), "paused": state.people.paused}
    return StatusReply.model_validate({**dict(detail), **more, "driven_here": driven, "next": _next(state, standing)})


def _next(state: State, standing: Standing) -> str:
    session = state.session_id
    if standing in (Standing.ENDED, Standing.COULD_NOT_START):
        return "mission_report says what was achieved, and what proves it"
    if standing is Standing.RUNNING:
        return "mission_status with wait_s waits until it ends or needs somebody"
    if state.mission.checks_only and state.people.pending is None:
        return "guard_check checks again"
    if state.people.pending is not None:
        whom = f" ({state.people.pending.by})" if state.people.pending.by else ""
        return (
            f"a person{whom} must answer: mission_approve asks the person in front of the client where it can; "
            f"else in a terminal: journeyman approve {session}, or: journeyman deny {session}"
        )
    if state.people.wait is WaitFor.EFFECT:
        effect = state.unknown[0].intended.effect if state.unknown else "EFFECT"
        return f"a person must say whether an effect happened: journeyman resolve {session} {effect} --done|--not-done"
    if state.people.wait is WaitFor.BUDGET:
        return "its budget is used up: mission_amend, which needs a person's scope, gives more"
    return "mission_resume goes on with it; mission_iterate does, step by step"
