"""What changes as it changes, by server-sent events: that something happened, never what; pages then load their parts anew."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncGenerator
from dataclasses import astuple
from typing import Final

import anyio
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.responses import Response

from journeyman.hosting.following import Follower
from journeyman.interfaces.viewer.frame import HEADERS
from journeyman.interfaces.viewer.visit import Visit
from journeyman.mission.model.events import Ended
from journeyman.mission.model.reasons import SessionStatus

_PING_S: Final = 15
_LOOK_S: Final = 2.0
"""How often a list is looked at for what other processes did, and whether its visitor may still look."""
_REST_S: Final = 1.0
"""At most this often a list is told to have changed; how often a session's visitor is looked after."""


async def session_stream(request: Request, visit: Visit) -> Response:
    """Each event's number and kind from `Last-Event-ID`, or else `after`, on; ends with the session."""
    session_id = str(request.path_params["session_id"])
    row = await visit.row(session_id)
    after = _number(request.headers.get("last-event-id") or request.query_params.get("after", ""))
    if row.status == SessionStatus.ENDED.value and row.seq <= after:
        return Response(status_code=204, headers=HEADERS)  # tells the browser not to ask again

    async def stream() -> AsyncGenerator[ServerSentEvent]:
        follower = Follower(visit.host, session_id, after)
        while not follower.has_ended and not visit.is_over():
            for item in await follower.page(_REST_S):
                kind = type(item.happened.event)
                data = {"seq": item.seq, "kind": kind.__name__, "iteration": item.iteration}
                yield ServerSentEvent(json.dumps(data), event="ended" if kind is Ended else "record", id=str(item.seq))

    return EventSourceResponse(stream(), ping=_PING_S, headers=HEADERS)


async def list_stream(request: Request, visit: Visit) -> Response:
    """Tells that the list of sessions has changed; the id names how it stood."""
    before = request.headers.get("last-event-id", "")

    async def stream() -> AsyncGenerator[ServerSentEvent]:
        known = before or await _mark(visit)
        while not visit.is_over():
            changed = visit.host.changes.next("")
            now = await _mark(visit)
            if now != known:
                known = now
                yield ServerSentEvent("{}", event="record", id=known)
                await anyio.sleep(_REST_S)
                continue
            with anyio.move_on_after(_LOOK_S):
                await changed.wait()

    return EventSourceResponse(stream(), ping=_PING_S, headers=HEADERS)


async def _mark(visit: Visit) -> str:
    """A short name for how the list stands."""
    rows = await visit.rows()
    whole = hashlib.blake2b(digest_size=12)
    for row in rows:
        whole.update(repr(astuple(row)).encode())
    return whole.hexdigest()


def _number(told: str) -> int:
    return int(told) if told.isascii() and told.isdigit() and len(told) < 16 else 0
