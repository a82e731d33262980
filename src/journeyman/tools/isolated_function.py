"""Functions in worker processes: killed at the deadline, where a thread of ours could only be left behind."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import anyio

from journeyman.mission.values.canonical import Json
from journeyman.tools.base import CallStatus, Result
from journeyman.tools.blocking import run_blocking
from journeyman.tools.functions import FunctionTool
from journeyman.tools.metrics import MetricMapping
from journeyman.tools.processes.command_runner import CommandResult, run_command
from journeyman.tools.processes.function_worker import ANSWER, BEGAN, REQUEST
from journeyman.tools.results import ResultCaps, classify_value, failed_result
from journeyman.tools.send_state import SendState

_WORKER: Final = "journeyman.tools.processes.function_worker"


@dataclass(frozen=True, slots=True)
class IsolationSpec:
    """A function of the mission file that is called in a worker process, started for each call."""

    function: str
    """`module:callable`; found by the worker as we found it."""
    base_dir: Path | None = None
    probe: bool = False
    """Call its probe instead."""


@dataclass(frozen=True, slots=True)
class IsolatedFunction:
    """An isolated function with all that a call of it needs."""

    function: FunctionTool
    isolated: IsolationSpec
    caps: ResultCaps
    workers: anyio.CapacityLimiter
    mapped: tuple[MetricMapping, ...] = ()

    async def call(self, args: Mapping[str, Json], key: str, sending: SendState) -> Result:
        """Call it in a worker; cancelling kills that, with all it started."""
        given = self.function.typed_arguments(args, key)
        if isinstance(given, Result):
            return given
        request = {
            "function": self.isolated.function,
            "base_dir": None if self.isolated.base_dir is None else str(self.isolated.base_dir),
            "probe": self.isolated.probe,
            "args": dict(args),
            "key": key,
            "path": sys.path,
        }
        async with self.workers:
            with tempfile.TemporaryDirectory(prefix="journeyman-call-") as name:
                folder = Path(name)
                await run_blocking(lambda: (folder / REQUEST).write_text(json.dumps(request), "utf-8"))
                sending.sent = True
                ended = await run_command([sys.executable, "-P", "-m", _WORKER, name])
                result, sending.sent = await run_blocking(lambda: self._result(folder, ended))
                return result

    def _result(self, folder: Path, ended: CommandResult) -> tuple[Result, bool]:
        """The result, and whether the function was called."""
        return self._result_of_failure(folder, ended), (folder / BEGAN).exists()

    def _result_of_failure(self, folder: Path, ended: CommandResult) -> Result:
        answer = folder / ANSWER
        if not answer.exists():
            began = (folder / BEGAN).exists()
            words = ended.error or f"it ended with code {ended.exit_code}"
            tail = ended.output.decode("utf-8", "replace")[-300:]
            text = f"the worker process gave no answer: {words}; its last words: {tail}" if tail else words
            return failed_result("worker_died", text, status=CallStatus.UNKNOWN if began else CallStatus.FAILED)
        size = answer.stat().st_size
        if size > 2 * self.caps.hard_bytes:
            return failed_result(
                "too_large", f"the answer has {size:,} bytes; {2 * self.caps.hard_bytes:,} are allowed"
            )
        told = cast("dict[str, Any]", json.loads(answer.read_text("utf-8")))
        if "value" in told:
            return classify_value(told["value"], self.caps, self.mapped)
        return failed_result(str(told["error_class"]), str(told["error"]))
