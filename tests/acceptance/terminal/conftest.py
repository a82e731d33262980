"""Terminals in a folder with a mission that asks, fails once, and then achieves."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Final

import pytest

from tests.acceptance.conftest import Shell
from tests.acceptance.terminal.terminal import Terminal

MISSION: Final = """\
name: roll-out
directive: Deploy to the zone eu, and see that latency stays low.
functions: ["rolling:deploy", "rolling:look"]
tools: [deploy, look]
effects: {look: pure, deploy: keyed}
approve: {deploy: always}
criteria:
  - {id: fast_enough, kind: metric_threshold, metric: latency_ms, op: "<=", target: 20, probe: {tool: look}}
  - {id: errors, kind: metric_threshold, metric: error_ratio, op: ">=", target: 0.2, abort_when_met: true, from: [look]}
plan:
  - {calls: [{tool: deploy, args: {replicas: 3, note: A long note that no terminal of sixty columns shows on one line of its own}}]}
repeat: true
budget: {iterations: 9, wall_clock_s: 600}
"""
TOOLS: Final = '''\
import pathlib
import time

HERE = pathlib.Path(__file__).parent


def deploy(replicas: int, note: str, idempotency_key: str) -> str:
    """Deploy."""
    print("deploying", replicas)
    if not (HERE / "zone").exists():
        (HERE / "zone").touch()
        raise ValueError("no such zone")
    while (HERE / "hold").exists():
        time.sleep(0.01)
    (HERE / "deployed").touch()
    return "deployed"


def look() -> dict[str, object]:
    """Look."""
    return {"metrics": {"latency_ms": 16 if (HERE / "deployed").exists() else 40, "error_ratio": 0.01}}
'''
KEPT: Final = Path(__file__).parent / "screens"
LOOKS_S: Final = 10.0
Open = Callable[..., Terminal]


@pytest.fixture
def user(shell: Callable[[str], Shell]) -> Shell:
    """Somebody beside the terminal, in the folder of the mission."""
    found = shell("")
    (found.folder / "mission.yaml").write_text(MISSION)
    (found.folder / "rolling.py").write_text(TOOLS)
    return found


@pytest.fixture
def terminal(user: Shell) -> Generator[Open]:
    """Opens terminals, and closes them at the end."""
    made: list[Terminal] = []

    def open_one(*words: str, columns: int = 80, piped: bool = False, **environment: str) -> Terminal:
        made.append(Terminal(user.folder, {**user.environment, **environment}, words, columns, piped=piped))
        return made[-1]

    yield open_one
    for one in made:
        one.close()


def plain(lines: list[str]) -> str:
    """A screen without what differs from run to run: clocks, durations and process numbers."""
    text = "\n".join(lines)
    text = re.sub(r"[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] \d\d:\d\d", "@ 00:00", text)
    text = re.sub(r"\b\d[\d.]* m?s\b( of)?", r"T\1", text)
    return re.sub(r"process \d+", "process N", text) + "\n"


def assert_kept(name: str, terminal: Terminal) -> None:
    """Wait for a screen that is as the kept one; with JOURNEYMAN_KEEP_SCREENS=1 one that is not there yet is kept."""
    file = KEPT / f"{name}-{terminal.columns}.txt"
    if os.environ.get("JOURNEYMAN_KEEP_SCREENS") and not file.exists():
        file.write_text(plain(terminal.screen.lines()), "utf-8")
    assert file.exists(), f"no screen is kept as {file.name}:\n{plain(terminal.screen.lines())}"
    kept, until_s = file.read_text("utf-8"), time.monotonic() + LOOKS_S
    while (shown := plain(terminal.screen.lines())) != kept:  # a picture may be half drawn
        assert time.monotonic() < until_s, f"{file.name} was another one; now:\n{shown}"
        terminal.look()
    assert terminal.screen.wrapped == 0, "a line was longer than the terminal is wide"
