"""Which agents are there: program, version and login, as far as can be told without asking anybody outside."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import anyio
import anyio.to_thread

from journeyman.agents.drivers.acp.known_agents import ACP
from journeyman.agents.drivers.base import Capabilities
from journeyman.agents.drivers.confinement import confinement_fault
from journeyman.agents.drivers.dialogues import HEADLESS
from journeyman.agents.drivers.installed import agent_environment
from journeyman.agents.drivers.registry import apprentice_for, driver_of, known_names
from journeyman.agents.settings import AgentSettings, ConfineMode, DriverKind, NetworkAccess
from journeyman.mission.values.errors import CallerError
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
    driver: DriverKind | None
    """`None` where neither name nor settings tell."""
    capabilities: Capabilities
    confined: str = ""
    """What it would be confined in, or why in nothing."""


async def look_for_agents(
    settings: Mapping[str, AgentSettings], variables: Mapping[str, str] | None = None
) -> list[AgentFinding]:
    """The agents that are known by name, and those of the settings. Their programs are asked for their versions, at once."""
    ours = os.environ if variables is None else variables
    names = list(dict.fromkeys((*known_names(), *settings)))
    found: dict[str, AgentFinding] = {}

    async def look(name: str) -> None:
        found[name] = await _look_for(name, settings, ours)

    async with anyio.create_task_group() as group:
        for name in names:
            group.start_soon(look, name)
    return [found[name] for name in names]


async def _look_for(name: str, settings: Mapping[str, AgentSettings], ours: Mapping[str, str]) -> AgentFinding:
    own = settings.get(name, AgentSettings())
    kind = driver_of(name, own)
    try:
        apprentice = apprentice_for(name, settings, ours)
    except CallerError as error:  # settings that do not say enough are a row, and hide no other
        return AgentFinding(
            name=name, ready=False, detail=str(error), version="", login="", driver=kind, capabilities=Capabilities()
        )
    readiness = apprentice.readiness()
    known = {DriverKind.HEADLESS: HEADLESS, DriverKind.ACP: ACP}.get(kind, {}).get(name) if kind is not None else None
    login = known.login(Path(ours.get("HOME") or Path.home()), ours) if known is not None else ""
    asked = readiness.ready and known is not None  # others may take the question for the start of their work
    return AgentFinding(
        name=name,
        ready=readiness.ready,
        detail=readiness.why,
        version=await _version(readiness.why, own, ours) if asked else "",
        login=login,
        driver=kind,
        capabilities=apprentice.capabilities,
        confined=await _confined(own),
    )


async def _confined(own: AgentSettings) -> str:
    if own.confine is ConfineMode.OFF:
        return "no: switched off"
    fault = await anyio.to_thread.run_sync(confinement_fault, abandon_on_cancel=True)
    if fault:
        return f"no: {fault}"
    return "files, processes, network" if own.network is NetworkAccess.NONE else "files, processes"


async def _version(program: str, own: AgentSettings, ours: Mapping[str, str]) -> str:
    """The version that a program tells of itself; its own arguments of the settings come first, as they do at work."""
    asked = [program, *own.command[1:], "--version"]
    environment = agent_environment(own.environment, {}, ours)
    ended = await run_command(asked, environment=environment, timeout_s=_VERSION_S, apart=True, head_bytes=4096)
    said = _VERSION.search(ended.stdout.decode("utf-8", "replace"))
    return said[0] if said is not None and ended.exit_code == 0 else ""
