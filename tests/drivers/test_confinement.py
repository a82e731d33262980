"""What a confined program can write, see and reach; and what is said where nothing can be confined."""

from __future__ import annotations

import json
import os
import socket
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from journeyman.agents.drivers import confinement
from journeyman.agents.drivers.base import WorkLimits, WorkOrder, WorkResult
from journeyman.agents.drivers.confinement import Confinement, confinement_fault
from journeyman.agents.drivers.events import Ending
from journeyman.agents.drivers.registry import apprentice_for
from journeyman.agents.settings import AgentSettings, ConfineMode, DriverKind, NetworkAccess
from journeyman.mission.values.errors import CouldNotStart

pytestmark = pytest.mark.anyio
CONFINED: Final = pytest.mark.skipif(bool(confinement_fault()), reason=confinement_fault())
PROBE: Final = """
import json, os, pathlib, socket, sys
def tried(work):
    try: work(); return True
    except OSError: return False
def reaches(address):
    with socket.create_connection(address, 5): pass
outside, port, home, own = sys.argv[1], int(sys.argv[2]), os.environ["HOME"], sys.argv[3]
print(json.dumps({
    "workspace": tried(lambda: pathlib.Path("made.txt").write_text("x")),
    "outside": tried(lambda: pathlib.Path(outside, "made.txt").write_text("x")),
    "seen": os.path.exists(f"{outside}/secret.txt"),
    "etc": tried(lambda: pathlib.Path("/etc/journeyman-made").write_text("x")),
    "proc": tried(lambda: open("/proc/sys/kernel/core_pattern", "w")),
    "tmp": tried(lambda: pathlib.Path("/tmp/made.txt").write_text("x")),
    "home": tried(lambda: pathlib.Path(home, "made.txt").write_text("x")),
    "own": tried(lambda: pathlib.Path(home, own, "made.txt").write_text("x")),
    "keys": os.path.exists(f"{home}/.ssh/id"),
    "run": os.listdir("/run"),
    "processes": sum(name.isdigit() for name in os.listdir("/proc")),
    "reaches": tried(lambda: reaches(("127.0.0.1", port))),
}))
"""


async def probed(tmp_path: Path, **more: Any) -> tuple[dict[str, Any], WorkResult]:
    """What a program finds around it."""
    home, outside, work = tmp_path / "home", tmp_path / "outside", tmp_path / "work"
    for folder in (home / ".ssh", home / ".mine", outside, work):
        folder.mkdir(parents=True)
    (home / ".ssh" / "id").write_text("key")
    (outside / "secret.txt").write_text("secret")
    with socket.create_server(("127.0.0.1", 0)) as server:
        command = (sys.executable, "-c", PROBE, str(outside), str(server.getsockname()[1]), ".mine")
        settings = AgentSettings(driver=DriverKind.COMMAND, command=command, home=(".mine",), **more)
        agent = apprentice_for("probe", {"probe": settings}, {"HOME": str(home), "PATH": os.environ["PATH"]})
        order = WorkOrder(prompt="", workspace=work, limits=WorkLimits(wall_clock_s=60))
        async with agent.start(order) as session:
            result = await session.collect()
    assert result.ended.how is Ending.FINISHED, (result.ended, result.errors)
    return json.loads(result.message), result


@CONFINED
async def test_a_confined_program_has_its_folder_and_no_more(tmp_path: Path) -> None:
    """Its working copy, a home and temporary files of its own; a server on this machine stays within reach."""
    found, result = await probed(tmp_path, confine=ConfineMode.REQUIRE)
    assert result.confinement == Confinement(files=True, processes=True)
    assert found.pop("processes") < 6
    assert set(found.pop("run")) <= {"systemd", "NetworkManager", "resolvconf"}, (
        "how names are resolved, and nothing else"
    )
    assert found == {
        "workspace": True, "outside": False, "seen": False, "etc": False, "proc": False, "tmp": True, "home": True,
        "own": True, "keys": False, "reaches": True,
    }  # fmt: skip
    assert (tmp_path / "work" / "made.txt").exists()
    assert (tmp_path / "home" / ".mine" / "made.txt").exists()
    assert not (tmp_path / "home" / "made.txt").exists()


@CONFINED
async def test_a_program_without_a_network_reaches_nothing(tmp_path: Path) -> None:
    """Not even this machine."""
    found, result = await probed(tmp_path, confine=ConfineMode.REQUIRE, network=NetworkAccess.NONE)
    assert not found["reaches"]
    assert result.confinement is not None
    assert result.confinement.network


async def test_what_cannot_be_confined_is_told_or_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to do; without bubblewrap the work goes on where nobody requires it."""
    confinement.confinement_fault.cache_clear()
    monkeypatch.setattr(confinement, "_PROGRAM", "no-such-bwrap")
    monkeypatch.setattr(confinement, "confinement_fault", lambda: "bubblewrap is not there; install bubblewrap")
    found, result = await probed(tmp_path / "auto")
    assert found["outside"]
    assert result.confinement == Confinement(why_not="bubblewrap is not there; install bubblewrap")
    with pytest.raises(CouldNotStart, match="install bubblewrap"):
        await probed(tmp_path / "require", confine=ConfineMode.REQUIRE)


def test_why_nothing_can_be_confined_is_said() -> None:
    """A program that is not there, and one that a kernel refuses."""
    assert "install bubblewrap" in confinement_fault("no-such-bwrap")
    assert "does not work here" in confinement_fault("false")


def test_settings_that_confine_nothing_are_refused() -> None:
    """A network that nothing could hold, and a home that is none."""
    with pytest.raises(ValueError, match="takes confine"):
        AgentSettings(confine=ConfineMode.OFF, network=NetworkAccess.NONE)
    for name in ("/etc", "../x", "~/x", ""):
        with pytest.raises(ValueError, match="below the home folder"):
            AgentSettings(home=(name,))
    assert (
        replace(Confinement(files=True, processes=True), network=True).summary == "confined: files, processes, network"
    )
