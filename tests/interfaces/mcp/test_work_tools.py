"""The tools that put a client or an agent to work: prompts, guarded folders, tasks."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp_types import CallToolResult

from journeyman.agents.settings import AgentSettings, DriverKind
from journeyman.config import Settings
from journeyman.guard.contract import load_guard_file, pin, protected_patterns
from journeyman.guard.contract_lookup import place_of
from journeyman.hosting.access import AccessScope, Caller
from journeyman.hosting.host import MARK, hosted
from journeyman.hosting.mission_sources import MissionSources
from journeyman.interfaces.mcp.access import McpAccess
from journeyman.interfaces.mcp.server import TOOLS
from journeyman.mission.values.canonical import JsonObject
from journeyman.wiring import opened
from journeyman.workspaces.digest import read_workspace
from tests.interfaces.mcp.served import (
    EVERYTHING,
    access_to,
    called,
    client_of,
    count_up,
    refused,
)

_GUARD = "criteria: [{id: word, kind: command, run: [grep, -q, done, work.txt], paths: [work.txt]}]\n"
_WORKER = "import pathlib\npathlib.Path('out.md').write_text('x')\n"


@asynccontextmanager
async def _access(settings: Settings, folder: Path) -> AsyncGenerator[McpAccess]:
    async with (
        opened(settings, functions=[count_up], driver_mark=MARK) as journeyman,
        hosted(journeyman) as host,
    ):
        caller = Caller(name="ada", tenant="default", scopes=EVERYTHING)
        yield McpAccess(host=host, caller=caller, sources=MissionSources(folder=folder, settings=settings))


@pytest.mark.anyio
async def test_a_guarded_folder_is_checked_by_what_was_pinned(tmp_path: Path) -> None:
    """As the command does; never outside of the server's folder."""
    work = tmp_path / "missions" / "work"
    work.mkdir(parents=True)
    (work / "guard.yaml").write_text(_GUARD)
    (work / "work.txt").write_text("begun")
    (tmp_path / "guard.yaml").write_text(_GUARD)
    async with access_to(tmp_path) as access, client_of(access) as client:
        assert (await refused(client, "guard_check", folder="work"))["code"] == "not_confirmed"
        records = str(tmp_path / "data" / "default")
        place = place_of(str(work), records)
        guard = load_guard_file(place)
        pin(place, guard, read_workspace(work, also=protected_patterns(guard)), access.host.journeyman.clock.now())
        before = await called(client, "guard_check", folder="work")
        assert (before["outcome"], before["criteria"][0]["status"]) == ("not_achieved", "unmet")
        (work / "work.txt").write_text("done")
        after = await called(client, "guard_check", folder="work")
        assert (after["outcome"], after["head"]) == ("achieved", after["head"])
        assert after["session_id"] != before["session_id"]
        for folder in ("..", "/", "none"):
            assert (await refused(client, "guard_check", folder=folder))["code"] == "not_found"
        assert (await refused(client, "guard_check"))["code"] == "not_found"  # the one above lies outside


@pytest.mark.anyio
async def test_a_task_is_started_followed_up_and_finished(tmp_path: Path) -> None:
    """Under a contract out of its own words; the files lie below the folder of missions."""
    (tmp_path / "worker.py").write_text(_WORKER)
    command = (sys.executable, "-I", "-S", str(tmp_path / "worker.py"), "{prompt_file}")
    agents = {"mine": AgentSettings(driver=DriverKind.COMMAND, command=command)}
    settings = Settings(data_dir=tmp_path / "data", agents=agents, lease_ttl_s=2.0)
    missions = tmp_path / "missions"
    missions.mkdir()
    async with _access(settings, missions) as access, client_of(access) as client:
        await called(client, "task_start", task="Write out.md", agent="mine", session_id="one")
        ended = await called(client, "mission_status", session_id="one", wait_s=100)
        assert ended["outcome"] == "achieved"
        finished = await called(client, "task_finish", session_id="one")
        assert "artifacts/write-out-md" in finished["outputs"]
        more = await called(client, "task_follow_up", session_id="one", text="Keep it short.", files=["out.md"])
        assert more["session_id"] == "one-followup"
        assert (await called(client, "mission_status", session_id="one-followup", wait_s=100))["outcome"] == "achieved"
        error = await refused(client, "task_start", task="Write a.md", agent="nobody")
        assert error["code"] == "agent_unknown"
        for source in ("../data", "/etc"):
            error = await refused(client, "task_start", task="Write a.md", agent="mine", source=source)
            assert error["code"] == "not_found"
        assert (await refused(client, "task_start", task="Be nice.", agent="mine"))["code"] == "invalid_input"


@pytest.mark.anyio
async def test_a_fault_of_ours_is_told_without_its_insides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an exception says may hold anything."""

    async def broken(_call: Any, _arguments: Any) -> Any:
        raise ValueError("the secret is 42")

    broken_tool = dataclasses.replace(TOOLS["mission_list"], run=broken)
    monkeypatch.setitem(TOOLS, "mission_list", broken_tool)
    async with access_to(tmp_path, frozenset({AccessScope.READ})) as access, client_of(access) as client:
        found = await client.call_tool("mission_list", {})
        assert isinstance(found, CallToolResult)
        assert "42" not in found.model_dump_json()
        error: JsonObject = await refused(client, "mission_list")
        assert error["code"] == "bug"
