"""Whether an agent's program is there, and what it is given of our environment."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import anyio.to_thread

from journeyman.agents import HOSTS
from journeyman.agents.drivers.base import AgentReadiness
from journeyman.agents.drivers.confinement import ConfineOrder, confinement_fault
from journeyman.agents.settings import AgentSettings, ConfineMode
from journeyman.mission.values.errors import NotFound
from journeyman.mission.values.printable import visible
from journeyman.tools.processes.environment import environment


def program_readiness(command: Sequence[str], install: str = "") -> AgentReadiness:
    """Tell whether a command's program is there, as a path or on the PATH."""
    program = command[0]
    found = shutil.which(program)
    if found is not None:
        return AgentReadiness(ready=True, why=found)
    where = "is not there" if os.sep in program else "is not on the PATH"
    hint = f"; install it: {install}" if install else ""
    return AgentReadiness(ready=False, why=f"the program {visible(program)!r} {where}{hint}")


def refuse_unready(name: str, readiness: AgentReadiness) -> None:
    """Raise `NotFound` unless the agent can be started."""
    if not readiness.ready:
        raise NotFound(
            f"the agent {name!r} cannot be started: {readiness.why}; `journeyman agents` lists what is there",
            code="agent_not_installed",
        )


@contextmanager
def scratch_folder() -> Generator[Path]:
    """A folder that only we and our programs may read. Whoever starts a program with it as `scratch` need not fear being killed."""
    with tempfile.TemporaryDirectory(prefix="journeyman-agent-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def agent_environment(names: Sequence[str], fixed: Mapping[str, str], ours: Mapping[str, str]) -> dict[str, str]:
    """The variables that an agent sees: those that programs need, those named, and those it is given."""
    return environment({name: ours[name] for name in names if name in ours} | dict(fixed), ours)


def confine_order(name: str, own: AgentSettings, environment: Mapping[str, str]) -> ConfineOrder:
    """How an agent is confined; the folders where it keeps its state are made, as it would make them itself."""
    host = HOSTS.get(name)
    home = Path(environment.get("HOME") or Path.home())
    state = [home / part for part in (*(host.state if host is not None else ()), *own.home)]
    for folder in state:
        if own.confine is not ConfineMode.OFF and not folder.suffix and not folder.exists():
            with suppress(OSError):
                folder.mkdir(mode=0o700, parents=True)
    elsewhere = [
        environment[name] for name in (host.state_variables if host is not None else ()) if environment.get(name)
    ]
    return ConfineOrder(mode=own.confine, network=own.network, state=(*map(str, state), *elsewhere))


async def will_be_confined(own: AgentSettings) -> bool:
    """Tell whether its program will be confined when it is started here."""
    if own.confine is ConfineMode.OFF:
        return False
    return not await anyio.to_thread.run_sync(confinement_fault, abandon_on_cancel=True)
