"""The real coding agents as MCP clients: unmodified, offline, their model scripted to lead a mission's life with our tools."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from benchmarks._mcp_served import QUICK
from benchmarks.report import Meter, Row
from journeyman.testing.model_server import Script, ScriptLine, serving
from tests.agents.coding_agents import AGENTS, INSTALLED, CodingAgent, drive

_SESSION: Final = "life"
_TOOL_NAMES: Final[Mapping[str, str]] = {
    "claude-code": "mcp__journeyman__{}",
    "codex": "mcp__journeyman/{}",
    "gemini": "mcp_journeyman_{}",
    "opencode": "journeyman_{}",
}
"""What each calls a tool of the server `journeyman`."""


def agent_rows(progress: Meter) -> list[Row]:
    """A row for each; without them, one that says how they are had."""
    if not INSTALLED.is_dir():
        return [Row("coding agents", "not here: make test-agents installs them")]
    rows: list[Row] = []
    for agent in AGENTS:
        faults = asyncio.run(_life(agent))
        rows.append(Row(f"{agent.name}, stdio", "; ".join(faults) or "whole life", "", "whole life", not faults))
        progress.step()
    return rows


async def _life(agent: CodingAgent) -> list[str]:
    """Check, start, wait and report, as its model says; what did not happen as it must, in words."""
    folder = INSTALLED.parent / "runs" / f"mcp-{agent.name}"  # Codex keeps no home below the temporary folder
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "missions").mkdir(parents=True)
    (folder / "missions" / "quick.yaml").write_text(QUICK)
    server = [sys.executable, "-m", "journeyman", "--data-dir", str(folder / "data"), "mcp"]
    settled = _SETTLED[agent.name](agent, folder, [*server, "--missions", str(folder / "missions")])
    async with serving(Script(answers=_answers(agent.name), aside=ScriptLine(text="A title"))) as model:
        run = await drive(settled, model, folder, "Run the mission and report.")
        told = json.dumps([call.body for call in model.calls[-1:]])
    faults = [] if run.exit_code == 0 else [f"ended with {run.exit_code}"]
    if "criteria_met" not in told or "# quick: Achieved" not in told:
        faults.append("its model was not told the report")
    if not (folder / "missions" / "made.txt").exists():
        faults.append("nothing was made")
    return faults


def _answers(agent: str) -> tuple[ScriptLine, ...]:
    calls: dict[str, dict[str, object]] = {
        "mission_check": {"file": "quick.yaml"},
        "mission_start": {"file": "quick.yaml", "session_id": _SESSION},
        "mission_status": {"session_id": _SESSION, "wait_s": 60},
        "mission_report": {"session_id": _SESSION},
    }
    named = _TOOL_NAMES[agent]
    lines = [ScriptLine(tool=named.format(name), args=arguments) for name, arguments in calls.items()]
    return (*lines, ScriptLine(text="All done."))


def _with_words(agent: CodingAgent, *words: str) -> CodingAgent:
    def argv(url: str, prompt: str) -> list[str]:
        return [*agent.argv(url, prompt), *words]

    return dataclasses.replace(agent, argv=argv)


def _claude(agent: CodingAgent, folder: Path, server: list[str]) -> CodingAgent:
    file = folder / "mcp.json"
    file.write_text(json.dumps({"mcpServers": {"journeyman": {"command": server[0], "args": server[1:]}}}))
    return _with_words(agent, "--mcp-config", str(file), "--strict-mcp-config", "--allowedTools", "mcp__journeyman")


def _codex(agent: CodingAgent, folder: Path, server: list[str]) -> CodingAgent:
    del folder
    values = {"command": json.dumps(server[0]), "args": json.dumps(server[1:]), "required": "true"}
    words = [word for key, value in values.items() for word in ("-c", f"mcp_servers.journeyman.{key}={value}")]
    return _with_words(agent, *words)


def _gemini(agent: CodingAgent, folder: Path, server: list[str]) -> CodingAgent:
    file = folder / "home" / ".gemini" / "settings.json"
    file.parent.mkdir(parents=True)
    entry = {"command": server[0], "args": server[1:], "trust": True}
    file.write_text(json.dumps({"mcpServers": {"journeyman": entry}}))
    return agent


def _opencode(agent: CodingAgent, folder: Path, server: list[str]) -> CodingAgent:
    (folder / "repository").mkdir()
    entry = {"type": "local", "command": server, "enabled": True}
    (folder / "repository" / "opencode.json").write_text(json.dumps({"mcp": {"journeyman": entry}}))
    return agent


_SETTLED: Final[Mapping[str, Callable[[CodingAgent, Path, list[str]], CodingAgent]]] = {
    "claude-code": _claude,
    "codex": _codex,
    "gemini": _gemini,
    "opencode": _opencode,
}
"""How each is told of the server, before it is started."""
