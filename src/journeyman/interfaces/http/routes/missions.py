"""Missions that the server offers, and checks of missions."""

from __future__ import annotations

import anyio.to_thread
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from journeyman.hosting.access import AccessScope
from journeyman.hosting.mission_checks import MissionVerdict, checked_mission
from journeyman.interfaces.http.admission import Actor, Reader
from journeyman.interfaces.http.routes.sessions import MissionChoice
from journeyman.interfaces.http.server_state import API

router = APIRouter(prefix=API, tags=["missions"])


class MissionFiles(BaseModel):
    """What can be started by name."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    files: list[str]
    """Relative to the server's folder of missions."""


class MissionToCheck(MissionChoice):
    """Which mission to check."""

    offline: bool = False
    """Open no tools: what depends on them is not checked."""


@router.get("/missions", summary="List the missions that are offered")
async def list_missions(reader: Reader) -> MissionFiles:
    """The mission files that callers with the scope `run` may start."""
    return MissionFiles(files=await anyio.to_thread.run_sync(reader.sources.files))


@router.post("/missions/check", summary="Check a mission")
async def check(actor: Actor, wanted: MissionToCheck) -> MissionVerdict:
    """What is wrong with it, what it would get and ask for; nothing of it runs."""
    actor.caller.require(AccessScope.RUN)
    journeyman = actor.host.journeyman
    return await checked_mission(journeyman, actor.sources, wanted.wanted(), actor.caller, offline=wanted.offline)
