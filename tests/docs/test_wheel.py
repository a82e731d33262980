"""What is released works where nothing else is installed."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.docs.conftest import ROOT, BareMachine, built
from tests.docs.shell_session import ShellSession

pytestmark = pytest.mark.timeout(600)
FIRST_HOUR = (
    "journeyman --version",
    "journeyman new --template command",
    "journeyman schema -o mission.schema.json",
    "journeyman check mission.yaml",
    "journeyman tools list",
    "journeyman run mission.yaml",
    "journeyman report last -o report.html",
    "journeyman report last -o report.md",
    "journeyman verify last",
    "journeyman replay last",
    "journeyman doctor",
    "journeyman new own.yaml && journeyman check own.yaml",
    "journeyman new tuned.yaml --template tune && journeyman check tuned.yaml",
)


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path) -> None:
    """Pages, styles, scripts, SQL and templates are part of it, and nothing that was compiled."""
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "src"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    wanted = {name.removeprefix("src/") for name in tracked.split("\0") if name and (ROOT / name).exists()}
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert held == wanted


def test_the_same_commit_gives_the_same_bytes(wheel: Path, tmp_path: Path) -> None:
    """Whoever builds it again can compare."""
    assert built(tmp_path).read_bytes() == wheel.read_bytes()


def test_the_version_stands_in_one_place(wheel: Path) -> None:
    """The wheel's is that of pyproject.toml, and no module names another."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert wheel.name == f"journeyman-{version}-py3-none-any.whl"
    grep = ["git", "grep", "-lF", version, "--", "src/*.py"]
    assert subprocess.run(grep, cwd=ROOT, capture_output=True, text=True, check=False).stdout == ""
    manifest = ROOT / "src" / "journeyman" / "interfaces" / "openenv" / "openenv.yaml"  # OpenEnv reads it as it is
    assert f"\nversion: {version}\n" in manifest.read_text("utf-8")


@pytest.mark.parametrize("extra", ["", "[mcp]"])
def test_an_installation_from_the_wheel_works(machine: BareMachine, tmp_path: Path, extra: str) -> None:
    """With the base alone, and with the extra that most people add."""
    folder = tmp_path / "work"
    folder.mkdir()
    with ShellSession(folder, machine.environment()) as shell:
        for line in ("python3 -m venv env", ". env/bin/activate", f"pip install 'journeyman{extra}'", *FIRST_HOUR):
            code, printed = shell.run(line, within_s=300)
            assert code == 0, f"{line!r} ended with {code}: {printed[-3000:]}"
        if extra:
            (folder / "clock.yaml").write_text(CLOCK, "utf-8")
            for line in ("pip install mcp-server-time", "journeyman run clock.yaml"):
                code, printed = shell.run(line, within_s=300)
                assert code == 0, f"{line!r} ended with {code}: {printed[-3000:]}"


CLOCK = """
directive: Ask for the time in UTC.
servers: {clock: {command: mcp-server-time}}
tools: [clock.get_current_time]
effects: {"clock.*": pure}
plan: [{calls: [{tool: clock.get_current_time, args: {timezone: UTC}}]}]
criteria: [{id: asked, kind: tool_call_succeeded, tool: clock.get_current_time}]
budget: {iterations: 2}
"""


def test_it_runs_without_an_installation_of_its_own(machine: BareMachine, tmp_path: Path) -> None:
    """As `uvx journeyman` does: an environment made for the call, thrown away afterwards."""
    folder = tmp_path / "work"
    folder.mkdir()
    uv = Path(sys.executable).with_name("uv")
    with ShellSession(folder, machine.environment()) as shell:
        for line in ("journeyman --version", "journeyman new --template command", "journeyman run mission.yaml"):
            code, printed = shell.run(f"{uv} tool run --from {machine.wheel} {line}", within_s=300)
            assert code == 0, f"{line!r} ended with {code}: {printed[-3000:]}"
