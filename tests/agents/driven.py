"""The real agents behind our drivers: their settings, so that each knows no model but the scripted one."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from journeyman.agents.drivers.base import Apprentice
from journeyman.agents.drivers.registry import apprentice_for
from journeyman.agents.settings import AgentSettings, DriverKind
from journeyman.testing.model_server import ModelServer
from tests.agents.coding_agents import CodingAgent

_PROGRAM_WORDS: Final = {"gemini": 2}
"""How many words of a command line start the program; one for most."""
_SCRIPTED: Final = "scripted"


def driven(agent: CodingAgent, server: ModelServer, folder: Path, *, driver: DriverKind | None = None) -> Apprentice:
    """A real agent with a home of its own in `folder`, behind the driver that users get for it."""
    settings, variables = settings_of(agent, server, folder, driver=driver)
    return apprentice_for(agent.name, {agent.name: settings}, variables)


def settings_of(
    agent: CodingAgent, server: ModelServer, folder: Path, *, driver: DriverKind | None = None
) -> tuple[AgentSettings, dict[str, str]]:
    """What the settings say of such an agent, and the variables that it is given."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    agent.settle(home, folder, server.url)
    words = agent.argv(server.url, "")
    command = tuple(words[: _PROGRAM_WORDS.get(agent.name, 1)])
    settings = AgentSettings(
        driver=driver,
        command=command,
        arguments=tuple(words[words.index("-c") : -1]) if agent.name == "codex" else (),
        model="gemini-2.5-flash" if agent.name == "gemini" else "",
        environment=("SCRIPTED_KEY",),
    )
    variables = {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", **agent.environment(server.url)}
    return settings, variables


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
