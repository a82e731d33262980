"""The real agents behind our drivers: their settings, so that each knows no model but the scripted one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import anyio

from journeyman.agents.drivers.base import Apprentice, WorkLimits
from journeyman.agents.drivers.events import AgentEvent
from journeyman.agents.drivers.registry import apprentice_for
from journeyman.agents.settings import AgentSettings, DriverKind
from journeyman.apprentices.attempt import AgentAttempt, AttemptOrder, run_attempt
from journeyman.testing.model_server import ModelServer, Script, ScriptLine
from tests.agents.coding_agents import CodingAgent, acp_program_of, program_of

DONE: Final = ScriptLine(text="All done.")
ASIDE: Final = ScriptLine(text="A title")
LIMITS: Final = WorkLimits(wall_clock_s=100)
BROKEN: Final = "def add(a, b):\n    return a - b\n"
TEST: Final = "from calc import add\n\nassert add(2, 3) == 5\nprint('1 passed')\n"
FIX: Final = "sed -i 's/a - b/a + b/' calc.py"


def driven(agent: CodingAgent, server: ModelServer, folder: Path, *, driver: DriverKind | None = None) -> Apprentice:
    """A real agent with a home of its own in `folder`, behind the driver that users get for it."""
    settings, variables = settings_of(agent, server, folder, driver=driver)
    return apprentice_for(agent.name, {agent.name: settings}, variables)


def settings_of(
    agent: CodingAgent, server: ModelServer, folder: Path, *, driver: DriverKind | None = None
) -> tuple[AgentSettings, dict[str, str]]:
    """What the settings say of such an agent, and the variables that it is given."""
    home = folder / "home"
    agent.settle(home, server.url)
    command = tuple(program_of(agent.name) if driver is not DriverKind.ACP else acp_program_of(agent.name))
    variables = {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    return AgentSettings(driver=driver, command=command, model_url=server.url), variables


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


def script(answers: Sequence[ScriptLine], *, repeat: bool = False) -> Script:
    """What the model says; titles and summaries apart."""
    return Script(answers=tuple(answers), aside=ASIDE, repeat=repeat)


async def attempt(
    agent: CodingAgent,
    server: ModelServer,
    folder: Path,
    name: str = "attempt",
    driver: DriverKind | None = None,
    **more: Any,
) -> tuple[AgentAttempt, list[AgentEvent]]:
    """An attempt at a repository whose test fails."""
    source = folder / "source"
    source.mkdir(exist_ok=True)
    (source / "calc.py").write_text(BROKEN)
    (source / "test_calc.py").write_text(TEST)
    events: list[AgentEvent] = []
    order = replace(
        AttemptOrder(prompt="Make the tests pass.", place=folder / name, source=source, limits=LIMITS), **more
    )
    result = await run_attempt(
        driven(agent, server, folder, driver=driver), order, lambda event, _at_s: events.append(event)
    )
    return result, events


async def nothing_left(folder: Path) -> None:
    """Wait until no process of the agent is there."""
    with anyio.fail_after(30):
        while programs_under(folder):  # noqa: ASYNC110 - only the system knows
            await anyio.sleep(0.05)


def reported(server: ModelServer) -> tuple[int, int]:
    """The tokens that the model reported for the work, titles apart."""
    work = [call for call in server.calls if call.body.get("tools")]
    return sum(call.input_tokens for call in work), sum(call.output_tokens for call in work)
