"""Which agents are there: program, version and login, as far as can be told without asking anybody outside."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import anyio

from journeyman.agents.drivers.base import Capabilities
from journeyman.agents.drivers.dialogues import HEADLESS
from journeyman.agents.drivers.installed import agent_environment
from journeyman.agents.drivers.registry import apprentice_for
from journeyman.agents.settings import AgentSettings, DriverKind
from journeyman.tools.processes.command_runner import run_command

_VERSION: Final = re.compile(r"\d+\.\d+[\w.+-]*")
_VERSION_S: Final = 20.0
"""How long a program has to say its version; some need seconds to start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentFinding:
    """What is known of one agent."""

    name: str
    ready: bool
    """Its program is there."""
    detail: str
    """The path of its program, or what is missing and how to get it."""
    version: str
    """Empty where it does not say."""
    login: str
    """The variable or file that would log it in; empty where none was found, or nobody knows where it would be."""
    driver: DriverKind
    capabilities: Capabilities


async def look_for_agents(
    settings: Mapping[str, AgentSettings], variables: Mapping[str, str] | None = None
) -> list[AgentFinding]:
    """The agents that are known by name, and those of the settings. Their programs are asked for their versions, at once."""
    ours = os.environ if variables is None else variables
    names = [*HEADLESS, *(name for name in settings if name not in HEADLESS)]
    found: dict[str, AgentFinding] = {}

    async def look(name: str) -> None:
        found[name] = await _look_for(name, settings, ours)

    async with anyio.create_task_group() as group:
        for name in names:
            group.start_soon(look, name)
    return [found[name] for name in names]


async def _look_for(name: str, settings: Mapping[str, AgentSettings], ours: Mapping[str, str]) -> AgentFinding:
    apprentice = apprentice_for(name, settings, ours)
    own, agent = settings.get(name, AgentSettings()), HEADLESS.get(name)
    readiness = apprentice.readiness()
    headless = agent is not None and own.driver is not DriverKind.COMMAND
    login = agent.login(Path(ours.get("HOME") or Path.home()), ours) if agent is not None and headless else ""
    return AgentFinding(
        name=name,
        ready=readiness.ready,
        detail=readiness.why,
        version=await _version(readiness.why, own, ours) if readiness.ready and headless else "",
        login=login,
        driver=DriverKind.HEADLESS if headless else DriverKind.COMMAND,
        capabilities=apprentice.capabilities,
    )


async def _version(program: str, own: AgentSettings, ours: Mapping[str, str]) -> str:
    """The version that a program tells of itself; its own arguments of the settings come first, as they do at work."""
    asked = [program, *own.command[1:], "--version"]
    environment = agent_environment(own.environment, {}, ours)
    ended = await run_command(asked, environment=environment, timeout_s=_VERSION_S, apart=True, head_bytes=4096)
    said = _VERSION.search(ended.stdout.decode("utf-8", "replace"))
    return said[0] if said is not None and ended.exit_code == 0 else ""
