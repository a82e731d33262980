"""Check a large file in a process of its own.

Python's parsers keep the interpreter's lock until they are through: in a thread of ours, a file of 60 MB would stop the
event loop, and with it the mission's deadline, for seconds.
"""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Final, cast

from journeyman.engine.checks.check_result import CheckResult, undetermined
from journeyman.engine.checks.file_check_worker import ANSWER, REQUEST
from journeyman.mission.criteria.engine_check import FileCheck
from journeyman.tools.blocking import run_blocking
from journeyman.tools.processes.command_runner import run_command

_WORKER: Final = "journeyman.engine.checks.file_check_worker"


async def check_in_subprocess(check: FileCheck, base_dir: Path) -> CheckResult:
    """What the file check finds; cancelling kills its process."""
    request = {"check": asdict(check), "base_dir": str(Path.cwd() / base_dir)}
    with tempfile.TemporaryDirectory(prefix="journeyman-check-") as name:
        folder = Path(name)
        await run_blocking(lambda: (folder / REQUEST).write_text(json.dumps(request), "utf-8"))
        ended = await run_command([sys.executable, "-P", "-m", _WORKER, name])
        answer = folder / ANSWER
        if not answer.exists():
            words = ended.error or f"it ended with code {ended.exit_code}"
            return undetermined(f"could not be told: the process that looked at {check.path} gave no answer: {words}")
        told = json.loads(await run_blocking(lambda: answer.read_text("utf-8")))
    return CheckResult(met=cast("bool | None", told["met"]), evidence=told["evidence"], taken_bytes=told["taken_bytes"])
