"""Clients lend their models: each session asks its own client, in that client's way, and nobody else's."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.server.lowlevel.server import Server
from mcp.shared.exceptions import MCPError

from journeyman.advisors.client_settings import ClientSettings
from journeyman.advisors.settings import AdviceSettings
from journeyman.config import Settings
from journeyman.engine.records import read_record
from journeyman.hosting.access import Caller
from journeyman.hosting.host import MARK, SessionHost, hosted
from journeyman.hosting.mission_sources import MissionSources
from journeyman.interfaces.mcp.access import McpAccess, RequestContext
from journeyman.interfaces.mcp.server import MissionServer
from journeyman.mission.model.events import AdviceAsked, AdviceSettled
from journeyman.testing.sampling_client import SamplingBehaviour, SamplingClient
from journeyman.tools.functions import tool
from journeyman.wiring import client_models, opened
from tests.interfaces.mcp.served import AGENT, ERAS, Era, called

pytestmark = pytest.mark.anyio
OPENS = """
name: door
directive: Open the door.
tools: [turn]
criteria: [{id: open, kind: metric_threshold, metric: opened, op: "==", target: 7}]
budget: {iterations: 2}
advisor: client
approve: never
"""


@tool(effect="keyed")
async def turn(to: int) -> dict[str, object]:
    """Turn the lock to a number."""
    return {"metrics": {"opened": to}}


def advice(_: str) -> dict[str, Any]:
    """What opens the door, and closing notes that fit in the same form."""
    if "lessons" in _ and "recommended_followups" in _:
        return {"lessons": ["seven opens"], "recommended_followups": ["keep it"]}
    return {
        "revision_rationale": "seven",
        "next_strategy": {"calls": [{"tool": "turn", "args": {"to": 7}}]},
        "confidence": 0.9,
    }


@asynccontextmanager
async def host_in(folder: Path, **client: Any) -> AsyncGenerator[tuple[SessionHost, Settings]]:
    """A host with the door's mission."""
    (folder / "missions").mkdir(exist_ok=True)
    (folder / "missions" / "door.yaml").write_text(OPENS)
    settings = Settings(
        data_dir=folder / "data",
        lease_ttl_s=2.0,
        clients={"default": ClientSettings(**client)},
        advice=AdviceSettings(tries=1),
    )
    async with (
        opened(settings, functions=[turn], driver_mark=MARK, clients=client_models(settings)) as journeyman,
        hosted(journeyman) as host,
    ):
        yield host, settings


def server_for(host: SessionHost, settings: Settings, folder: Path, name: str) -> Server[Any]:
    """The server as one caller reaches it."""
    sources = MissionSources(folder=folder / "missions", settings=settings)
    access = McpAccess(host=host, caller=Caller(name=name, tenant="default", scopes=AGENT), sources=sources)

    async def access_of(_context: RequestContext) -> McpAccess:
        return access

    return MissionServer(access_of).build()


async def audit(host: SessionHost, session: str) -> tuple[list[AdviceAsked], list[AdviceSettled]]:
    """Both halves of a session's audit."""
    events = [row.event for row in (await read_record(host.journeyman.store, session)).events]
    return [e for e in events if isinstance(e, AdviceAsked)], [e for e in events if isinstance(e, AdviceSettled)]


@pytest.mark.parametrize("era", ERAS)
async def test_a_client_that_samples_is_the_model_of_its_mission(tmp_path: Path, era: Era) -> None:
    """Over its connection, or in rounds of its own calls; the audit names it and holds no text."""
    async with host_in(tmp_path) as (host, settings):
        mine = SamplingClient(advice)
        async with mine.connected(server_for(host, settings, tmp_path, "ada"), era) as client:
            started = await called(client, "mission_start", file="door.yaml", session_id="d1", lend_model=True)
            assert "Questions to your model" in started["model"]
            found = await called(client, "mission_status", session_id="d1", wait_s=60)
        assert found["outcome"] == "achieved"
        asked, settled = await audit(host, "d1")
        assert len(asked) == len(settled) >= 1
        assert all(row.advisor.startswith("client:") for row in asked)
        assert "Open the door." in mine.prompts[0]
        assert mine.preferences[0] == {"intelligencePriority": 0.8}
        record = await read_record(host.journeyman.store, "d1")
        assert not any("=== Mission directive" in repr(row.event) for row in record.events)


async def test_a_client_without_sampling_is_told_what_else_works(tmp_path: Path) -> None:
    """Its agent fetches prompts and submits answers; the session's prompts are nobody else's."""
    async with (
        host_in(tmp_path) as (host, settings),
        Client(server_for(host, settings, tmp_path, "ada")) as client,
        Client(server_for(host, settings, tmp_path, "eve")) as other,
    ):
        bare = await called(client, "mission_start", file="door.yaml", session_id="d0", run=False)
        assert "lend_model=true" in bare["model"]
        started = await called(client, "mission_start", file="door.yaml", session_id="d1", lend_model=True)
        assert "next_prompts" in started["model"]
        while (await called(client, "mission_status", session_id="d1"))["status"] == "running":
            assert (await called(other, "next_prompts"))["prompts"] == []
            found = await called(client, "next_prompts", session_id="d1", wait_s=2)
            answers = {
                row["prompt_id"]: json.dumps(advice(row["messages"][0]["content"]["text"])) for row in found["prompts"]
            }
            if answers:
                stolen = await called(other, "submit_answers", answers=dict.fromkeys(answers, "{}"))
                assert set(stolen["results"].values()) == {"unknown"}
                assert set((await called(client, "submit_answers", answers=answers))["results"].values()) == {"taken"}
        assert (await called(client, "mission_status", session_id="d1"))["outcome"] == "achieved"


@pytest.mark.parametrize("behaviour", [SamplingBehaviour.REFUSES, SamplingBehaviour.LEAVES])
@pytest.mark.parametrize("era", ERAS)
async def test_a_client_that_refuses_or_leaves_frees_its_mission(
    tmp_path: Path, era: Era, behaviour: SamplingBehaviour
) -> None:
    """It goes on by plan and planner, or another client takes up what waits."""
    if era == "modern" and behaviour is SamplingBehaviour.LEAVES:
        pytest.skip("a client without a connection is known to be gone by what it does not say")
    async with host_in(tmp_path, answer_within_s=0.5) as (host, settings):
        server = server_for(host, settings, tmp_path, "ada")
        async with SamplingClient(advice, behaviour).connected(server, era) as client:
            await called(client, "mission_start", file="door.yaml", session_id="d1", lend_model=True)
            with suppress(MCPError):  # a modern client does not tell the server that its user said no
                await called(client, "mission_status", session_id="d1", wait_s=60)
        next_one = SamplingClient(advice)
        async with next_one.connected(server, era) as client:
            await called(client, "mission_resume", session_id="d1", lend_model=True)
            with anyio.fail_after(60):
                while (await called(client, "mission_status", session_id="d1", wait_s=10))["status"] == "running":
                    pass
        asked, settled = await audit(host, "d1")
        assert len(asked) == len(settled)
        if behaviour is SamplingBehaviour.LEAVES:
            assert next_one.requests >= 1
            assert settled[0].reason == "client_left"


async def test_fetching_prompts_of_an_unknown_session_lends_nothing(tmp_path: Path) -> None:
    """And who may not read does not lend."""
    async with host_in(tmp_path) as (host, settings), Client(server_for(host, settings, tmp_path, "ada")) as client:
        found = await client.call_tool("next_prompts", {"session_id": "s999"})
        assert found.is_error
        assert host.journeyman.clients is not None
        assert host.journeyman.clients.links_of("ada") == ()
