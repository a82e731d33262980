"""More than 500 malformed inputs through the real entry points: a clear error each, no traceback, nothing lost.

Files, fields, criteria, names, paths, damaged exports and options go through the command line (in this process for
speed, every twentieth as a program of its own); answers of tools go through whole missions. A clear error is exit code 2, or
4 where what a good file names cannot be started, and a text that names the trouble, where people err most with file, line, value
and what to do next; for a tool it is a session that ends with a report. After it all the sessions that
were there before still verify, and none that malformed input began is left running.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from typer.testing import CliRunner

from benchmarks._malformed_inputs import GOOD, Case, cases
from benchmarks._wrong_missions import COULD_NOT_START, wrong_missions
from benchmarks.report import Meter, Row
from benchmarks.worlds.lying import ANSWERS
from journeyman.config import Settings
from journeyman.engine.replaying import replay_of
from journeyman.engine.reporting import report_of
from journeyman.engine.standing import Standing, standing_of
from journeyman.interfaces.cli.main import app
from journeyman.mission.files.mission_file import validate_mission
from journeyman.mission.model.state import SessionStatus
from journeyman.stores.verify import verify_session
from journeyman.wiring import opened

WORLDS: Final = Path(__file__).parent / "worlds"
REAL_EVERY: Final = 20
MOST_CHARACTERS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Fault:
    """A malformed input that was not answered well."""

    case: str
    why: str
    shown: str


def run(progress: Meter) -> list[Row]:
    """Measure, and give the rows."""
    mistakes = [*wrong_missions()]
    corpus = [*cases(), *mistakes]
    progress.start("inputs", len(corpus) + len(ANSWERS))
    with tempfile.TemporaryDirectory() as name, chdir(name):
        base = Path(name)
        shutil.copy(WORLDS / "lying.py", base / "lying.py")
        data = base / "data"
        session = asyncio.run(_good_session(data, base))
        _called(["--data-dir", str(data), "export", session, str(base / "export")])
        (base / "good.json").write_text(json.dumps(GOOD), "utf-8")
        control, _, _ = _called(["--data-dir", str(data), "run", str(base / "good.json"), "-q"])
        before = asyncio.run(_sessions(data))
        faults = [*_through_cli(corpus, base, data, session, progress)]
        running = asyncio.run(_running(data))
        faults += asyncio.run(_through_tools(data, base, progress))
        lost = asyncio.run(_lost(data, before))
    tracebacks = sum("traceback" in fault.why for fault in faults)
    for fault in faults:
        print(f"{fault.case}: {fault.why}\n    {fault.shown}", file=sys.stderr)
    count = len(corpus) + len(ANSWERS)
    return [
        Row("malformed inputs", count, "inputs", ">= 300", count >= 300),
        Row("  of these mistakes whose answer must say where, what and what next", len(mistakes), "inputs"),
        Row("  of these answers of tools", len(ANSWERS), "inputs"),
        Row("  of these to a program of its own", len(corpus[::REAL_EVERY]), "inputs"),
        Row("exit code of a good input, for comparison", control, "", "= 0", control == 0),
        Row("without a clear error", len(faults), "inputs", "= 0", not faults),
        Row("tracebacks", tracebacks, "inputs", "= 0", tracebacks == 0),
        Row("sessions left running by malformed input", running, "sessions", "= 0", running == 0),
        Row("earlier sessions that no longer verify", lost, "sessions", "= 0", lost == 0),
    ]


def _through_cli(corpus: Sequence[Case], base: Path, data: Path, session: str, progress: Meter) -> list[Fault]:
    faults: list[Fault] = []
    ended = asyncio.run(_could_not_start(data))
    for index, case in enumerate(corpus):
        with tempfile.TemporaryDirectory(dir=base) as name:
            folder = Path(name)
            shutil.copy(WORLDS / "lying.py", folder / "lying.py")
            shutil.copytree(base / "export", folder / "export")
            arguments = case.arguments(folder, session)
            known = arguments[:1] in (["--data-dir"], [])
            line = arguments if known else ["--data-dir", str(data), *arguments]
            real = index % REAL_EVERY == 0 and not any("\0" in word or len(word) > 100_000 for word in line)
            code, output, error = _program(line) if real else _called(line)
            wanted = case.code
            if code == COULD_NOT_START and (count := asyncio.run(_could_not_start(data))) > ended:
                ended, wanted = count, COULD_NOT_START  # the code says what the record says
            why, shown = judged(code, output, error, wanted=wanted, says=case.says)
        if why:
            faults.append(Fault(case.name, why, shown))
        progress.step()
    return faults


def judged(code: int, output: str, error: str, *, wanted: int = 2, says: Sequence[str] = ()) -> tuple[str, str]:
    """What is wrong with an answer, and its beginning; empty when nothing is."""
    shown = " ".join(output.split())[:300]
    if error:
        return f"a traceback: {error}", shown
    if "Traceback (most recent call last)" in output:
        return "a traceback", shown
    if code != wanted and not (code == 1 and "[record_broken]" in output):  # as `verify`: a finding, not a mistake
        return f"exit code {code}", shown
    if len(output.strip()) < 15:
        return "says nothing", shown
    if len(output) > MOST_CHARACTERS:
        return f"{len(output)} characters", shown
    words = " ".join(output.split())
    if missing := [word for word in says if word not in words]:
        return f"does not say {', '.join(missing)}", shown
    return "", ""


def _called(line: list[str]) -> tuple[int, str, str]:
    sys.modules.pop("lying", None)  # as in a new process: each folder has its own
    result = CliRunner().invoke(app, line)
    error = result.exception
    foreign = repr(error) if error is not None and not isinstance(error, SystemExit) else ""
    return result.exit_code, result.output, foreign


def _program(line: list[str]) -> tuple[int, str, str]:
    words = [word.encode("utf-8", "surrogateescape") for word in line]
    command: list[str | bytes] = [
        sys.executable,
        "-c",
        "from journeyman.interfaces.cli.main import main; main()",
        *words,
    ]
    ended = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
        check=False,
        env={**os.environ},
    )
    return ended.returncode, ended.stdout.decode(errors="replace"), ""


async def _good_session(data: Path, base: Path) -> str:
    async with opened(Settings(data_dir=data)) as journeyman:
        waiting = {**GOOD, "criteria": [*GOOD["criteria"], {"id": "ok", "kind": "approval", "by": "ada"}]}
        state = await journeyman.engine.run(validate_mission(waiting), base)
        assert state.status is SessionStatus.WAITING
        await journeyman.engine.run(validate_mission(GOOD), base)
        return state.session_id


async def _sessions(data: Path) -> dict[str, int]:
    async with opened(Settings(data_dir=data)) as journeyman:
        return {row.session_id: row.seq for row in await journeyman.store.sessions()}


async def _could_not_start(data: Path) -> int:
    async with opened(Settings(data_dir=data)) as journeyman:
        return sum(standing_of(row) is Standing.COULD_NOT_START for row in await journeyman.store.sessions())


async def _running(data: Path) -> int:
    async with opened(Settings(data_dir=data)) as journeyman:
        return sum(row.status == SessionStatus.OPEN.value for row in await journeyman.store.sessions())


async def _lost(data: Path, before: dict[str, int]) -> int:
    async with opened(Settings(data_dir=data)) as journeyman:
        found = [await verify_session(journeyman.store, session) for session in before]
    return sum(not one.holds or one.events < before[one.session_id] for one in found)


async def _through_tools(data: Path, base: Path, progress: Meter) -> list[Fault]:
    faults: list[Fault] = []
    async with opened(Settings(data_dir=data)) as journeyman:
        for answer in ANSWERS:
            mission = validate_mission(
                {
                    **GOOD,
                    "functions": ["lying:lie", "lying:good"],
                    "tools": ["lie", "good"],
                    "effects": {"*": "pure"},
                    "plan": [{"calls": [{"tool": "lie", "args": {"answer": answer}}]}, {"calls": [{"tool": "good"}]}],
                    "budget": {"iterations": 8},
                    "explore": False,
                }
            )
            try:
                state = await asyncio.wait_for(journeyman.engine.run(mission, base), 30)
                replayed = await replay_of(journeyman.store, state.session_id, journeyman.predicates)
                await report_of(journeyman.store, state.session_id)
                verified = await verify_session(journeyman.store, state.session_id)
            except BaseException as error:  # noqa: BLE001  # what gets out of the engine is what we look for
                faults.append(Fault(f"answer: {answer}", f"a traceback: {type(error).__name__}", str(error)[:200]))
                continue
            if state.outcome != "achieved" or replayed.difference or not verified.holds:
                faults.append(
                    Fault(f"answer: {answer}", f"{state.reason}", f"{replayed.difference} {verified.problem}")
                )
            progress.step()
    return faults
