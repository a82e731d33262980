"""Eight MCP clients lend their models at once, over HTTP, each in its own way, and leave and come back meanwhile.

Each has eight missions whose door opens only at that client's number, which nobody but its own model knows. Every prompt
names its mission: one that reaches another client shows.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

import anyio
import httpx2
import uvicorn
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, Implementation
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Scope

from benchmarks.report import Meter, Row
from journeyman.advisors.client_settings import ClientSettings
from journeyman.config import Settings
from journeyman.engine.record_reading import state_of
from journeyman.engine.records import read_record
from journeyman.hosting.access import AccessScope, Caller
from journeyman.hosting.host import MARK, SessionHost, hosted
from journeyman.hosting.mission_sources import MissionSources
from journeyman.interfaces.mcp.access import McpAccess
from journeyman.interfaces.mcp.http_app import McpEndpoint
from journeyman.mission.model.events import AdviceAsked, AdviceSettled
from journeyman.mission.model.reasons import Outcome
from journeyman.testing.sampling_client import Era, SamplingClient
from journeyman.tools.functions import tool
from journeyman.wiring import client_models, opened

WAYS: Final[tuple[Era | None, ...]] = ("legacy", "modern", None) * 2 + ("legacy", "modern")
"""Of each client: its era, or none for an agent that fetches prompts."""
MISSIONS: Final = 8
_STAYS: Final = 3
"""Missions after which a client leaves, with those that it has begun under way, and comes back."""
_WHO: Final = "x-who"
_NAMED: Final = re.compile(r"door of (c\d+)-m\d+")
_DOOR: Final = """
name: door
parameters: {who: {type: string}, number: {type: integer}}
directive: Open the door of ${who}.
tools: [turn]
criteria: [{id: open, kind: metric_threshold, metric: opened, op: "==", target: "${number}"}]
budget: {iterations: 4}
advisor: client
approve: never
"""
_SCOPES: Final = frozenset({AccessScope.READ, AccessScope.RUN})


@tool(effect="keyed")
async def turn(to: int) -> dict[str, object]:
    """Turn the lock to a number."""
    return {"metrics": {"opened": to}}


@dataclass(slots=True)
class Tally:
    """What came of it."""

    prompts: int = 0
    elsewhere: int = 0
    left: int = 0
    achieved: int = 0
    pairs: int = 0
    halves: int = 0
    foreign: int = 0
    failed: list[str] = field(default_factory=list[str])


def run(progress: Meter) -> list[Row]:
    """All clients at once."""
    tally = Tally()
    progress.start("clients", len(WAYS))
    with tempfile.TemporaryDirectory() as place:
        anyio.run(_all, Path(place), tally, progress)
    missions = len(WAYS) * MISSIONS
    return [
        Row("missions achieved", tally.achieved, f"of {missions}", f"= {missions}", tally.achieved == missions),
        Row("prompts", tally.prompts, "", f">= {missions}", tally.prompts >= missions),
        Row("prompts that reached another client", tally.elsewhere, "", "= 0", tally.elsewhere == 0),
        Row("answers of another client in an audit", tally.foreign, "", "= 0", tally.foreign == 0),
        Row("audit pairs", tally.pairs, f"{tally.halves} without their other half", "whole", tally.halves == 0),
        Row("times that a client left", tally.left, "", f">= {len(WAYS)}", tally.left >= len(WAYS)),
    ]


async def _all(place: Path, tally: Tally, progress: Meter) -> None:
    (place / "missions").mkdir()
    (place / "missions" / "door.yaml").write_text(_DOOR)
    quick = {"default": ClientSettings(answer_within_s=20, attach_within_s=60)}
    settings = Settings(data_dir=place / "data", clients=quick)
    async with AsyncExitStack() as stack:
        journeyman = await stack.enter_async_context(
            opened(settings, functions=[turn], driver_mark=MARK, clients=client_models(settings))
        )
        host = await stack.enter_async_context(hosted(journeyman))
        url = await stack.enter_async_context(
            _served(host, MissionSources(folder=place / "missions", settings=settings))
        )
        async with anyio.create_task_group() as group:
            for number, era in enumerate(WAYS):
                group.start_soon(_client, url, f"c{number}", number, era, tally, progress)
        for number in range(len(WAYS)):
            for mission in range(MISSIONS):
                await _audited(host, f"c{number}-m{mission}", f"c{number}", tally)


@asynccontextmanager
async def _served(host: SessionHost, sources: MissionSources) -> AsyncGenerator[str]:
    async def resolve(scope: Scope) -> McpAccess:
        name = Request(scope).headers[_WHO]
        return McpAccess(host=host, caller=Caller(name=name, tenant="default", scopes=_SCOPES), sources=sources)

    endpoint = McpEndpoint(resolve)
    app = Starlette(routes=[Route("/mcp", endpoint=endpoint)])
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    async with endpoint.running(), anyio.create_task_group() as group:
        group.start_soon(server.serve)
        while not server.started:  # noqa: ASYNC110  # only this field tells it
            await anyio.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/mcp"
        finally:
            server.should_exit = True


async def _client(url: str, name: str, number: int, era: Era | None, tally: Tally, progress: Meter) -> None:
    """One client's life: it comes, begins missions, leaves in their midst, comes back and goes on."""

    def answer(text: str) -> object:
        tally.prompts += 1
        named = {*_NAMED.findall(text)}
        tally.elsewhere += named != {name}
        if '"recommended_followups"' in text:
            return {"lessons": ["it opens"], "recommended_followups": ["keep it"]}
        call = {"tool": "turn", "args": {"to": number}}
        return {"revision_rationale": "mine", "next_strategy": {"calls": [call]}, "confidence": 0.9}

    begun: list[str] = []
    while len(begun) < MISSIONS:
        async with _connected(url, name, era, answer) as client:
            for session in begun:
                await _told(client, "mission_resume", session_id=session, lend_model=True)
            fresh = [f"{name}-m{index}" for index in range(len(begun), min(MISSIONS, len(begun) + _STAYS))]
            for session in fresh:
                wanted = {"who": session, "number": number}
                await _told(
                    client, "mission_start", file="door.yaml", session_id=session, lend_model=True, parameters=wanted
                )
            begun += fresh
            if len(begun) < MISSIONS:
                tally.left += 1
                continue  # leaves with them under way
            for session in begun:
                await _followed(client, session, era, answer, tally)
    progress.step()


@asynccontextmanager
async def _connected(url: str, name: str, era: Era | None, answer: Any) -> AsyncGenerator[Client]:
    info = Implementation(name=name, version="1")
    async with httpx2.AsyncClient(headers={_WHO: name}, timeout=120) as http:
        target = streamable_http_client(url, http_client=http)
        if era is None:
            async with Client(target, client_info=info) as client:
                yield client
        else:
            async with SamplingClient(answer).connected(target, era, client_info=info) as client:
                yield client


async def _followed(client: Client, session: str, era: Era | None, answer: Any, tally: Tally) -> None:
    """Wait until a mission has ended, answering for it where the client's agent must."""
    with anyio.move_on_after(180) as patience:
        while True:
            if era is None:
                await _answered(client, session, answer)
            found = await _told(client, "mission_status", session_id=session, wait_s=0 if era is None else 5)
            if found["status"] == "ended":
                return
    if patience.cancelled_caught:
        tally.failed.append(session)


async def _answered(client: Client, session: str, answer: Any) -> None:
    found = await _told(client, "next_prompts", session_id=session, wait_s=1)
    answers = {
        row["prompt_id"]: json.dumps(answer("\n".join(said["content"]["text"] for said in row["messages"])))
        for row in found["prompts"]
    }
    if answers:
        await _told(client, "submit_answers", answers=answers)


async def _told(client: Client, name: str, **arguments: Any) -> dict[str, Any]:
    found = await client.call_tool(name, arguments)
    assert isinstance(found, CallToolResult)
    if found.is_error:
        raise RuntimeError(f"{name}: {found.content}")
    return cast("dict[str, Any]", found.structured_content)


async def _audited(host: SessionHost, session: str, name: str, tally: Tally) -> None:
    store = host.journeyman.store

    tally.achieved += (await state_of(store, session)).outcome is Outcome.ACHIEVED
    events = [row.event for row in (await read_record(store, session)).events]
    asked = {event.ask for event in events if isinstance(event, AdviceAsked)}
    settled = {event.ask for event in events if isinstance(event, AdviceSettled)}
    tally.pairs += len(asked & settled)
    tally.halves += len(asked ^ settled)
    tally.foreign += sum(
        isinstance(event, AdviceAsked) and not event.advisor.startswith(f"client:{name}-") for event in events
    )
