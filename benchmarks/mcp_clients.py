"""Real clients lead a mission's whole life over MCP: the SDK's and FastMCP's client and the MCP Inspector, and real coding agents.

Each client checks, starts (twice, under one id), waits, has its person approve by elicitation, reports, lists and reads resources, in
both eras over stdio and streamable HTTP. The Inspector's command line knows no elicitation: it is told how a person answers, and
leads the life of a mission that asks nothing. Installs FastMCP (pip), the Inspector and Node (npm) on first use. The coding
agents are those of `make test-agents`, offline with a scripted model.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, cast

import anyio
from mcp import Client, StdioServerParameters
from mcp.client.client import ConnectMode
from mcp.client.stdio import stdio_client
from mcp_types import CallToolResult, ElicitRequestParams, ElicitResult, TextResourceContents

from benchmarks._mcp_agents import agent_rows
from benchmarks._mcp_served import access_to, node_environment, packages, served, write_missions
from benchmarks.mcp_life.life import lead
from benchmarks.report import Meter, Row

ERAS: Final = ("modern", "legacy")
_FASTMCP: Final = "fastmcp==4.1.2"
_ENVIRONMENT: Final = Path(__file__).parents[1] / ".build" / "fastmcp"
_SCRIPT: Final = Path(__file__).parent / "mcp_life" / "fastmcp_client.py"
_LIMIT_S: Final = 240


def server_command(folder: Path) -> list[str]:
    """The stdio server over the missions of a folder."""
    missions = str(folder / "missions")
    return [sys.executable, "-m", "journeyman", "--data-dir", str(folder / "data"), "mcp", "--missions", missions]


async def _person(context: Any, params: ElicitRequestParams) -> ElicitResult:
    del context, params
    return ElicitResult(action="accept", content={"approve": True, "note": "fine"})


@asynccontextmanager
async def _sdk_client(era: str, target: str | list[str]) -> AsyncGenerator[Client]:
    mode: ConnectMode = "legacy" if era == "legacy" else "auto"
    if isinstance(target, str):
        async with Client(target, mode=mode, elicitation_callback=_person) as client:
            yield client
        return
    command = StdioServerParameters(command=target[0], args=target[1:])
    async with Client(stdio_client(command), mode=mode, elicitation_callback=_person) as client:
        yield client


async def _by_sdk(era: str, name: str, target: str | list[str]) -> list[str]:
    async with _sdk_client(era, target) as client:

        async def call(tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
            found = await client.call_tool(tool, arguments)
            assert isinstance(found, CallToolResult)
            return cast("dict[str, Any]", found.structured_content)

        async def read(uri: str) -> str:
            found = (await client.read_resource(uri)).contents[0]
            assert isinstance(found, TextResourceContents)
            return found.text

        return await lead(call, read, name)


async def _by_fastmcp(era: str, name: str, target: str | list[str]) -> list[str]:
    where = [target] if isinstance(target, str) else target
    return json.loads(await _printed([str(_fastmcp_python()), str(_SCRIPT), era, name, *where]))


def _fastmcp_python() -> Path:
    """The Python of an environment with FastMCP, which must not meet the versions that are pinned here."""
    python = _ENVIRONMENT / "bin" / "python"
    mark = _ENVIRONMENT / ".done"
    if not mark.exists() or mark.read_text() != _FASTMCP:
        venv.create(_ENVIRONMENT, with_pip=True, clear=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", _FASTMCP], check=True, capture_output=True)
        mark.write_text(_FASTMCP)
    return python


async def _printed(command: list[str], environment: dict[str, str] | None = None) -> str:
    with anyio.fail_after(_LIMIT_S):
        done = await anyio.run_process(command, check=False, env=environment)
    if done.returncode:
        raise RuntimeError(f"{command[:3]} ended with {done.returncode}: {done.stderr.decode()[-500:]}")
    return done.stdout.decode()


async def _by_inspector(url: str) -> list[str]:
    """One program for each call, as its command line works."""
    inspector = packages() / "@modelcontextprotocol" / "inspector" / "cli" / "build" / "cli.js"

    async def ask(method: str, *words: str) -> dict[str, Any]:
        base = ["node", str(inspector), "--cli", url, "--transport", "http", "--method", method]
        return json.loads(await _printed([*base, *words], node_environment()))

    async def call(tool: str, **arguments: str) -> dict[str, Any]:
        words = [word for name, value in arguments.items() for word in ("--tool-arg", f"{name}={value}")]
        return await ask("tools/call", "--tool-name", tool, *words)

    tools = [row["name"] for row in (await ask("tools/list"))["tools"]]
    faults = [] if "mission_start" in tools else [f"tools/list: {tools}"]
    for name, file in (("inspected", "quick.yaml"), ("inspected-asks", "asks.yaml")):
        await call("mission_start", file=file, session_id=name)
        await call("mission_status", session_id=name, wait_s="60")
    refused = await call("mission_approve", session_id="inspected-asks")
    if not refused.get("isError") or "journeyman approve" not in refused["content"][0]["text"]:
        faults.append("mission_approve: does not say how a person answers")
    report = (await call("mission_report", session_id="inspected"))["structuredContent"]
    if report["outcome"] != "achieved":
        faults.append(f"mission_report: {report['outcome']}")
    read = await ask("resources/read", "--uri", "mission://sessions/inspected/report")
    if "inspected" not in read["contents"][0]["text"]:
        faults.append("resources/read: another report")
    return faults


async def _measure(progress: Meter, folder: Path) -> list[Row]:
    rows: list[Row] = []
    write_missions(folder / "missions")
    async with access_to(folder / "http") as access, served(access) as url:
        for client, lives in (("SDK's client", _by_sdk), ("FastMCP's client", _by_fastmcp)):
            for era in ERAS:
                for transport, target in (("HTTP", url), ("stdio", server_command(folder))):
                    name = f"{client[:3].strip()}-{era}-{transport}".lower().replace("'", "")
                    rows.append(_row(f"{client}, {era}, {transport}", await lives(era, name, target)))
                    progress.step()
        rows.append(_row("MCP Inspector's command line, HTTP", await _by_inspector(url)))
        progress.step()
    return rows


def _row(what: str, faults: list[str]) -> Row:
    return Row(what, "; ".join(faults) or "whole life", "", "whole life", not faults)


def run(progress: Meter) -> list[Row]:
    """Measure, and give the rows."""
    progress.start("clients", 13)
    with tempfile.TemporaryDirectory(prefix="jm-clients-") as folder:
        rows = anyio.run(_measure, progress, Path(folder))
    return [*rows, *agent_rows(progress)]
