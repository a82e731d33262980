"""Sessions: list, start, look."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, cast

import anyio.to_thread
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from journeyman.engine.record_reading import state_of
from journeyman.engine.standing import Standing, row_of
from journeyman.hosting.host import SessionHost
from journeyman.hosting.mission_sources import WantedMission
from journeyman.hosting.session_views import SessionDetail, session_detail
from journeyman.interfaces.http.admission import Actor, Admitted, Reader
from journeyman.interfaces.http.conditions import IfNoneMatch, is_same, tag_of
from journeyman.interfaces.http.idempotency import Keyed, KeyedRequest
from journeyman.interfaces.http.paging import SessionPage, session_page
from journeyman.interfaces.http.server_state import API
from journeyman.mission.model.state import State
from journeyman.mission.values.canonical import JsonObject
from journeyman.mission.values.errors import InvalidInput, Problem
from journeyman.stores.base import Summary

router = APIRouter(prefix=API, tags=["sessions"])


class MissionChoice(BaseModel):
    """Which mission is meant: `file` or `mission`."""

    model_config = ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True)

    file: str = Field(default="", max_length=1_000)
    """A mission file that the server offers, as `GET /missions` lists it."""
    mission: dict[str, JsonValue] | None = None
    """A mission of one's own, as a mission file has it; needs the scope `author`."""
    parameters: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])
    """Values of the mission's parameters in place of their defaults."""
    budget: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])
    """Other ceilings than the mission's, by kind; `null` is no limit."""

    def wanted(self) -> WantedMission:
        """As the host's missions are asked."""
        return WantedMission(
            file=self.file,
            mission=cast("JsonObject | None", self.mission),
            parameters=cast("JsonObject", self.parameters) or None,
            budget=cast("JsonObject", self.budget) or None,
        )


class SessionStart(MissionChoice):
    """What to start."""

    session_id: str = Field(default="", max_length=64)
    """The session's id; drawn when left out."""


@router.get("/sessions", summary="List sessions, newest first")
async def list_sessions(
    reader: Reader,
    status: Annotated[Standing | None, Query(description="Only sessions that stand so.")] = None,
    name: Annotated[str, Query(max_length=200, description="Only of the mission with that name.")] = "",
    text: Annotated[str, Query(max_length=200, description="Only with these words in id, name or verdict.")] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: Annotated[str, Query(max_length=1_000, description="`next_cursor` of the page before.")] = "",
) -> SessionPage:
    """The sessions of the caller's tenant, page by page."""
    return await session_page(reader.host, _fitting(reader.host, status, name, text), limit, cursor)


def _fitting(host: SessionHost, status: Standing | None, name: str, text: str) -> Callable[[Summary], bool]:
    words = text.casefold().split()

    def fits(row: Summary) -> bool:
        about = f"{row.session_id} {row.name} {row.verdict} {row.outcome}".casefold()
        return (
            (status is None or host.standing(row) is status)
            and (not name or row.name == name)
            and all(word in about for word in words)
        )

    return fits


@router.post("/sessions", status_code=201, summary="Start a session")
async def start_session(
    actor: Actor, keyed: Keyed, wanted: SessionStart, request: Request, response: Response
) -> SessionDetail:
    """Record a session of a mission and drive it in the background; follow it by its events."""
    choice = wanted.wanted()
    mission, folder = await anyio.to_thread.run_sync(lambda: actor.sources.read(choice, actor.caller))
    session_id, is_there = await new_session_id(actor, keyed, wanted.session_id)
    if is_there:
        actor.host.go_on(session_id)
    else:
        session_id = await actor.actions.start(mission, folder, session_id)
    response.headers["location"] = f"{request.url.path}/{session_id}"
    return await detail_of(actor, session_id)


async def new_session_id(admitted: Admitted, keyed: KeyedRequest | None, wanted: str) -> tuple[str, bool]:
    """The id of a session to begin, empty where one is to be drawn; and whether a request with the same key began it."""
    if wanted == "last":  # in the command line
        problem = Problem(
            where="session_id", message="'last' always means the newest session", hint="take another name"
        )
        raise InvalidInput("the call", (problem,))
    if keyed is None:
        return wanted, False
    name = wanted or keyed.session_id
    rows = await admitted.host.journeyman.store.sessions(name) if keyed.is_retry else ()
    return name, any(not wanted or row.updated_at >= keyed.begun_at for row in rows)


async def detail_of(admitted: Admitted, session_id: str) -> SessionDetail:
    """Where a session stands."""
    row = await row_of(admitted.host.journeyman.store, session_id)
    return detail_view(admitted, await state_of(admitted.host.journeyman.store, session_id), row)


def detail_view(admitted: Admitted, state: State, row: Summary) -> SessionDetail:
    """A session as its host knows it."""
    return session_detail(state, row, admitted.host.standing(row), admitted.host.fault(state.session_id))


@router.get(
    "/sessions/{session_id}",
    summary="Look at a session",
    responses={304: {"description": "Nothing has changed since the tag of `If-None-Match`."}},
)
async def show_session(
    reader: Reader, session_id: str, response: Response, if_none_match: IfNoneMatch = ""
) -> SessionDetail:
    """Where a session stands: criteria, what was used, what it waits for. `ETag` names the head of its record."""
    store = reader.host.journeyman.store
    row, head = await row_of(store, session_id), await store.head(session_id)
    tag = tag_of(head, reader.host.standing(row), is_faulty=reader.host.fault(session_id) is not None)
    if if_none_match and is_same(if_none_match, tag):
        return Response(status_code=304, headers={"etag": tag})  # pyright: ignore[reportReturnType]  # FastAPI passes responses on
    response.headers["etag"] = tag
    return detail_view(reader, await state_of(store, session_id), row)
