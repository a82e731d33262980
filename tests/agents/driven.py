"""The real agents behind our drivers: their settings, so that each knows no model but the scripted one."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from journeyman.agents.drivers.base import Apprentice
from journeyman.agents.drivers.registry import apprentice_for
from journeyman.agents.settings import AgentSettings, DriverKind
from journeyman.testing.model_server import ModelServer
from tests.agents.coding_agents import CodingAgent, acp_program_of, program_of

def driven(agent: CodingAgent, server: ModelServer, folder: Path, *, driver: DriverKind | None = None) -> Apprentice:
    """A real agent with a home of its own in `folder`, behind the driver that users get for it."""
    home = folder / "home"
    agent.settle(home, server.url)
    command = tuple(program_of(agent.name) if driver is not DriverKind.ACP else acp_program_of(agent.name))
    variables = {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    settings = {agent.name: AgentSettings(driver=driver, command=command)}
    return apprentice_for(agent.name, settings, variables, model_url=server.url)


def programs_under(folder: Path) -> list[int]:
    """The processes that work below a folder, or have it among their variables."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with suppress(OSError):
                where = (entry / "cwd").resolve()
                if where.is_relative_to(folder) or str(folder).encode() in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
    return found
