"""A session's events: in pages, and as a stream that goes on until the session ends."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Annotated, Final

from fastapi import APIRouter, Header, Query
from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse, format_sse_event
from pydantic import BaseModel, ConfigDict
from starlette.responses import StreamingResponse

from journeyman.engine.records import events_after, newest_events
from journeyman.engine.standing import row_of
from journeyman.hosting.following import Follower
from journeyman.hosting.session_views import EventRow, event_row
from journeyman.interfaces.http.admission import Admitted, Reader
from journeyman.interfaces.http.server_state import API
from journeyman.mission.values.errors import InvalidInput, Problem

router = APIRouter(prefix=API, tags=["records"])
_QUIET_S: Final = 15.0
"""After so long without an event a comment is sent, so that nobody takes the line for dead."""
_LOOK_S: Final = 1.0
"""How long a stream may outlive its token, or the order to stop."""
_RETRY_MS: Final = 1_000


class EventPage(BaseModel):
    """Events, oldest first."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    items: list[EventRow]
    last_seq: int
    """Number of the last event of the record."""


@router.get("/sessions/{session_id}/events", summary="Read a page of events")
async def list_events(
    reader: Reader,
    session_id: str,
    after: Annotated[int, Query(ge=0, le=2**31, description="Events with a larger number, oldest first.")] = 0,
    before: Annotated[
        int | None, Query(ge=1, le=2**31, description="The newest events with a smaller number instead.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> EventPage:
    """A page forward from `after`, or backward from `before`; with `before` given, `after` is not looked at."""
    store = reader.host.journeyman.store
    last = (await row_of(store, session_id)).seq
    if before is not None:
        found = await newest_events(store, session_id, limit, before)
    else:
        found = await events_after(store, session_id, after, limit)
    return EventPage(items=[event_row(item) for item in found], last_seq=last)


@router.get(
    "/sessions/{session_id}/events/stream",
    summary="Follow a session",
    response_class=StreamingResponse,  # FastAPI takes its class for streams only where the route itself is the generator
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def stream_events(
    reader: Reader,
    session_id: str,
    after: Annotated[int, Query(ge=0, le=2**31, description="Begin behind this number.")] = 0,
    last_event_id: Annotated[
        str, Header(alias="Last-Event-ID", pattern=r"^[0-9]{0,9}$", description="Counts more than `after`.")
    ] = "",
) -> EventSourceResponse:
    """Each event once, in order, its number as `id`; then `end`, and nothing more comes.

    `stop` is sent where the server stops: come back with `Last-Event-ID`. `refused` is sent where the token ended.
    """
    begin = int(last_event_id) if last_event_id else after
    last = (await row_of(reader.host.journeyman.store, session_id)).seq
    if begin > last:
        hint = f"its last event is {last}"
        raise InvalidInput("the call", (Problem(where="after", message=f"{begin} has not happened yet", hint=hint),))
    reader.server.counted.check_stream(reader.token.id)
    return EventSourceResponse(_stream(reader, session_id, begin))


async def _stream(reader: Admitted, session_id: str, begin: int) -> AsyncGenerator[bytes]:
    server, clock = reader.server, reader.server.clock
    follower = Follower(reader.host, session_id, begin)
    with server.counted.streaming(reader.token.id):
        yield format_sse_event(retry=_RETRY_MS, comment="events")
        spoke_s = clock.monotonic()
        while not follower.has_ended:
            if server.stopping.is_set():
                yield format_sse_event(event="stop", data_str="{}")
                return
            if not reader.is_still_admitted:
                yield format_sse_event(event="refused", data_str='{"code":"token_refused"}')
                return
            found = await follower.page(_LOOK_S)
            for item in found:
                row = event_row(item)
                yield format_sse_event(data_str=row.model_dump_json(), id=str(row.seq))
            if found:
                spoke_s = clock.monotonic()
            elif clock.monotonic() - spoke_s > _QUIET_S:
                spoke_s = clock.monotonic()
                yield KEEPALIVE_COMMENT
        yield format_sse_event(event="end", data_str="{}")
