"""Everything that waits for a person."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from journeyman.hosting.waiting_sessions import WaitingSession, waiting_sessions
from journeyman.interfaces.http.admission import Reader
from journeyman.interfaces.http.server_state import API

router = APIRouter(prefix=API, tags=["actions"])


class WaitingList(BaseModel):
    """Sessions that wait for a person, newest first."""

    items: list[WaitingSession]


@router.get("/approvals", summary="List what waits for a person")
async def list_waiting(reader: Reader, limit: Annotated[int, Query(ge=1, le=500)] = 200) -> WaitingList:
    """Questions with the calls that they are about, and effects of which nobody knows: `answer` and `resolve` them."""
    return WaitingList(items=await waiting_sessions(reader.host, limit))
