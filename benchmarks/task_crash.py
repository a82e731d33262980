"""SIGKILL while a task is driven, at moments spread over all of its life, then resume: no attempt is paid twice.

Each task runs through the command line, is killed up to three times, and must end as one that nobody killed: the agent begun once
an attempt at most, earlier outputs as they were, the record whole and derived again.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.report import Meter, Row

TASKS: Final = 40
KILLS: Final = 3
_WHOLE_S: Final = 3.0
"""About what a task takes; kills are drawn from it."""
_AGENT: Final = """
import os, pathlib, sys, time
prompt = pathlib.Path(sys.argv[1]).read_text()
pathlib.Path(os.environ["PAID"]).open("a").write(pathlib.Path.cwd().parent.parent.name + "\\n")
for step in range(4):
    pathlib.Path(f"part{step}.txt").write_text("x" * 1000)
    time.sleep(0.05)
pathlib.Path("out.md").write_text("done" if "it exited with 1" in prompt or "ended early" in prompt else "begun")
"""
_CHECK: Final = "import pathlib; raise SystemExit(pathlib.Path('out.md').read_text() != 'done')"


@dataclass(slots=True)
class Tally:
    """What came of the tasks."""

    kills: int = 0
    achieved: int = 0
    paid_twice: int = 0
    outputs_lost: int = 0
    broken: int = 0


def run(progress: Meter) -> list[Row]:
    """Each task in a folder of its own."""
    tally = Tally()
    progress.start("tasks", TASKS)
    for number in range(TASKS):
        with tempfile.TemporaryDirectory() as place:
            _one(Path(place), random.Random(f"task_crash:{number}"), tally)
        progress.step()
    return [
        Row("kills", tally.kills, f"over {TASKS} tasks", f">= {TASKS}", tally.kills >= TASKS),
        Row("tasks that fulfil their contract in the end", tally.achieved, f"of {TASKS}", f"= {TASKS}", tally.achieved == TASKS),
        Row("attempts paid twice", tally.paid_twice, "", "= 0", tally.paid_twice == 0),
        Row("earlier outputs that are not as they were", tally.outputs_lost, "", "= 0", tally.outputs_lost == 0),
        Row("records that do not verify or replay", tally.broken, "", "= 0", tally.broken == 0),
    ]  # fmt: skip


def _one(place: Path, draw: random.Random, tally: Tally) -> None:
    (place / "work").mkdir()
    (place / "agent.py").write_text(_AGENT)
    command = json.dumps([sys.executable, "-I", "-S", str(place / "agent.py"), "{prompt_file}"])
    (place / "config.toml").write_text(
        f'[agents.mine]\ndriver = "command"\ncommand = {command}\nenvironment = ["PAID"]\nconfine = "off"\n'
    )
    environment = {
        **os.environ, "JOURNEYMAN_CONFIG": str(place / "config.toml"), "JOURNEYMAN_DATA_DIR": str(place / "data"),
        "PAID": str(place / "paid"),
    }  # fmt: skip

    def start(*words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "journeyman", *words], cwd=place / "work", env=environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    check = f'{sys.executable} -I -S -c "{_CHECK}"'
    start("task", "Write first.md", "--empty", "--file", "out.md", "--id", "earlier", "--output", "first").wait()
    before = _files(place / "work" / "first")
    (place / "paid").unlink(missing_ok=True)
    words = ("task", "Write out.md", "--empty", "--check", check, "--id", "t", "--attempts", "8", "--output", "put")
    for _ in range(KILLS):
        process = start(*words)
        try:
            process.wait(timeout=draw.uniform(0.3, _WHOLE_S))
            break
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            tally.kills += 1
        if _known(place, environment):
            words = ("resume", "t")
    code = start(*words).wait() if not _ended(place, environment) else 0
    paid = (place / "paid").read_text().split() if (place / "paid").exists() else []
    tally.paid_twice += len(paid) - len(set(paid))
    tally.achieved += code == 0 and (place / "work" / "put" / "out.md").read_text() == "done"
    tally.outputs_lost += _files(place / "work" / "first") != before
    tally.broken += any(start(word, "t").wait() != 0 for word in ("verify", "replay"))


def _known(place: Path, environment: dict[str, str]) -> bool:
    return any(row["session_id"] == "t" for row in _list(place, environment))


def _ended(place: Path, environment: dict[str, str]) -> bool:
    """Whether it ended, its outputs put out; what was killed between the two does the latter with `finish`."""
    ended = any(row["session_id"] == "t" and row["status"] == "ended" for row in _list(place, environment))
    if ended:
        subprocess.run(
            [sys.executable, "-m", "journeyman", "finish", "t"], cwd=place / "work", env=environment, check=False,
            capture_output=True,
        )  # fmt: skip
    return ended


def _list(place: Path, environment: dict[str, str]) -> list[dict[str, str]]:
    found = subprocess.run(
        [sys.executable, "-m", "journeyman", "list", "--json"], cwd=place / "work", env=environment, check=True,
        capture_output=True,
    )  # fmt: skip
    return json.loads(found.stdout)


def _files(folder: Path) -> dict[str, tuple[bytes, float]]:
    return {path.name: (path.read_bytes(), path.stat().st_mtime) for path in sorted(folder.iterdir())}
