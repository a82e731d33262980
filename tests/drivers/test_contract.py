"""Each driver keeps the port's contract, over an agent that speaks as the real one does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from journeyman.agents.drivers.base import Apprentice, WorkOrder
from journeyman.agents.drivers.confinement import confinement_fault
from journeyman.agents.drivers.events import (
    AgentEnded,
    AgentEvent,
    AgentMessage,
    Ending,
    PermissionAsked,
    ToolKind,
    ToolStarted,
)
from journeyman.agents.drivers.registry import apprentice_for
from journeyman.agents.settings import AgentSettings, ConfineMode, DriverKind
from journeyman.mission.values.errors import InvalidInput, NotFound
from journeyman.testing.check_apprentice import (
    APPRENTICE_CHECKS,
    DONE_FILE,
    PID_FILE,
    SAID,
    AgentBehaviour,
    Check,
    MakeApprentice,
    check_apprentice,
)
from journeyman.testing.scripted_apprentice import ScriptedApprentice
from tests.drivers.fake_agent import FORMATS

FAKE = str(Path(__file__).with_name("fake_agent.py"))
pytestmark = pytest.mark.anyio


def over_program(form: str, confine: ConfineMode = ConfineMode.OFF) -> MakeApprentice:
    """The driver of a format, over the program that speaks it."""

    @asynccontextmanager
    async def make(behaviour: AgentBehaviour) -> AsyncGenerator[Apprentice]:
        kind = DriverKind.COMMAND if form == "command" else None
        settings = AgentSettings(driver=kind, confine=confine, command=(sys.executable, FAKE, form, behaviour.value))
        yield apprentice_for(form, {form: settings})

    return make


async def _scripted_work(order: WorkOrder, behaviour: AgentBehaviour) -> AsyncGenerator[AgentEvent, bool | None]:
    file = order.workspace / DONE_FILE
    match behaviour:
        case AgentBehaviour.HANGS:
            (order.workspace / PID_FILE).write_text("")
            await anyio.sleep_forever()
        case AgentBehaviour.CRASHES:
            file.write_text(order.prompt)
            raise OSError("gone")
        case AgentBehaviour.FAILS:
            yield AgentEnded(how=Ending.FAILED, detail="cannot")
        case _:
            yield ToolStarted(call_id="1", name="write", kind=ToolKind.WRITE, paths=(DONE_FILE,))
            allowed: bool | None = True
            if behaviour is AgentBehaviour.ASKS:
                allowed = yield PermissionAsked(request_id="1", kind=ToolKind.WRITE, title="w", paths=(DONE_FILE,))
            if allowed:
                file.write_text(order.prompt)
            yield AgentMessage(text=SAID)


@asynccontextmanager
async def make_scripted(behaviour: AgentBehaviour) -> AsyncGenerator[Apprentice]:
    """The driver without a program."""
    yield ScriptedApprentice(works=(lambda order: _scripted_work(order, behaviour),))


@pytest.mark.parametrize("check", APPRENTICE_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("form", FORMATS)
async def test_drivers_of_programs(form: str, check: Check, tmp_path: Path) -> None:
    """Headless agents in their own formats, and any command."""
    await check(over_program(form), tmp_path)


@pytest.mark.skipif(bool(confinement_fault()), reason=confinement_fault())
@pytest.mark.parametrize("check", APPRENTICE_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("form", ["claude-code", "command"])
async def test_a_confined_program_keeps_the_contract(form: str, check: Check, tmp_path: Path) -> None:
    """The same, with nothing but its folder to write to."""
    await check(over_program(form, ConfineMode.REQUIRE), tmp_path)


async def test_the_scripted_driver(tmp_path: Path) -> None:
    """All checks in one go, as a third party would run them."""
    await check_apprentice(make_scripted, tmp_path)


async def test_an_agent_that_is_not_there_is_told(tmp_path: Path) -> None:
    """Before anything runs, with what to do."""
    missing = apprentice_for("codex", {"codex": AgentSettings(command=("/no/such/codex",))})
    assert not missing.readiness().ready
    with pytest.raises(NotFound, match=r"/no/such/codex.*journeyman agents"):
        async with missing.start(WorkOrder(prompt="", workspace=tmp_path)):
            pass
    broken = tmp_path / "broken"
    broken.write_text("#!/no/such/interpreter\n")
    broken.chmod(0o755)
    with pytest.raises(
        NotFound, match=r"cannot be started: the interpreter /no/such/interpreter of .*broken is not there"
    ):
        async with apprentice_for("codex", {"codex": AgentSettings(command=(str(broken),))}).start(
            WorkOrder(prompt="", workspace=tmp_path)
        ):
            pass


def test_names_and_settings_that_do_not_fit_are_told() -> None:
    """With the nearest name, and with what is missing."""
    with pytest.raises(NotFound, match="did you mean 'claude-code'"):
        apprentice_for("claude-cod", {})
    with pytest.raises(InvalidInput, match="needs driver"):
        apprentice_for("mine", {"mine": AgentSettings()})
    with pytest.raises(InvalidInput, match="needs command"):
        apprentice_for("mine", {"mine": AgentSettings(driver=DriverKind.COMMAND)})


def test_loading_the_port_starts_nothing_and_loads_no_protocol() -> None:
    """Who only looks at agents does not pay for ACP."""
    code = "import sys, journeyman.agents.drivers; sys.exit('acp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
