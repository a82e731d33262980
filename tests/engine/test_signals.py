"""Signals and closed pipes, in a program of its own: nothing is lost, and the person is told how to go on."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from journeyman.config import Settings
from journeyman.mission.model.state import SessionStatus
from journeyman.stores.verify import verify_session
from journeyman.wiring import opened

TOOLS = '''
import time
from pathlib import Path

def slow() -> str:
    """Take a while."""
    with Path("calls").open("a") as calls:
        calls.write("x")
    time.sleep(0.1)
    return "x" * 100
'''
MISSION = {
    "directive": "Take your time.",
    "functions": ["slow_tools:slow"],
    "tools": ["slow"],
    "effects": {"slow": "pure"},
    "criteria": [{"id": "often", "kind": "tool_call_succeeded", "tool": "slow", "min_count": 15}],
    "plan": [{"calls": [{"tool": "slow"}]}],
    "repeat": True,
    "budget": {"iterations": 40},
}
MAIN = "from journeyman.interfaces.cli.main import main; main()"


def _program(folder: Path, *arguments: str, out: int = subprocess.PIPE) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", MAIN, "--data-dir", str(folder / "data"), *arguments]
    return subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE, text=True
    )


def _written(folder: Path) -> Path:
    (folder / "slow_tools.py").write_text(TOOLS, "utf-8")
    (folder / "mission.json").write_text(json.dumps(MISSION), "utf-8")
    return folder


def _wait_for_calls(folder: Path, count: int) -> None:
    end = time.monotonic() + 30
    while not (folder / "calls").exists() or len((folder / "calls").read_text("utf-8")) < count:
        assert time.monotonic() < end, "the mission did not begin"
        time.sleep(0.02)


async def _only_session(folder: Path) -> tuple[str, str, bool]:
    async with opened(Settings(data_dir=folder / "data")) as journeyman:
        (row,) = await journeyman.store.sessions()
        verified = await verify_session(journeyman.store, row.session_id)
        return row.session_id, row.status, verified.holds


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_loses_nothing_and_says_how_to_go_on(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C and a service's stop end alike: exit code 130, the record whole, the session resumed by the printed line."""
    folder = _written(tmp_path)
    child = _program(folder, "run", "mission.json", "--no-input")
    _wait_for_calls(folder, 3)
    child.send_signal(number)
    _, told = child.communicate(timeout=30)
    session, status, holds = asyncio.run(_only_session(folder))
    assert child.returncode == 130, told
    assert f"journeyman resume {session}" in told
    assert "Traceback" not in told
    assert (status, holds) == (SessionStatus.OPEN.value, True)
    resumed = _program(folder, "resume", session, "--no-input")
    out, told = resumed.communicate(timeout=60)
    assert resumed.returncode == 0, told
    assert "achieved" in out
    calls = len((folder / "calls").read_text("utf-8"))
    assert calls in (15, 16), "only the call that was cut off is made again"


def test_a_closed_pipe_is_no_error_of_the_session(tmp_path: Path) -> None:
    """`journeyman run mission.json | head -0`: the reader is gone before the result is printed."""
    folder = _written(tmp_path)
    read, write = os.pipe()
    child = _program(folder, "run", "mission.json", "--no-input", "--quiet", out=write)
    os.close(write)
    os.close(read)
    _, told = child.communicate(timeout=60)
    _, status, holds = asyncio.run(_only_session(folder))
    assert "Traceback" not in told
    assert (status, holds) == (SessionStatus.ENDED.value, True)
