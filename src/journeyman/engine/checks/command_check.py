"""Check by command: a program's exit code, on a copy that it may spoil and that the agent cannot reach."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeVar

import anyio

from journeyman.concurrency.folder_removal import remove_folder, remove_folder_later
from journeyman.engine.checks.check_result import CheckResult, undetermined
from journeyman.engine.checks.junit_report import NoReport, read_junit
from journeyman.engine.checks.path_opening import PathRefused, open_below
from journeyman.mission.criteria.engine_check import CommandCheck
from journeyman.mission.values.canonical import Json, JsonObject
from journeyman.tools.blocking import run_blocking
from journeyman.tools.processes.command_runner import CommandResult, run_command
from journeyman.tools.processes.environment import environment
from journeyman.workspaces.copying import CopyResult, pristine_copy

Value = TypeVar("Value")

_TAIL_BYTES: Final = 1000
_CLEARING_S: Final = 5.0
"""How long is waited for the copy to be removed …"""
_HURRY_S: Final = 0.03
"""… and past the deadline; then a process of its own goes on removing it."""
_LEFT_OUT_SHOWN: Final = 20


async def check_command(
    check: CommandCheck, base_dir: Path, deadline_s: float | None, apart: Path | None = None
) -> CheckResult:
    """Copy, run and clear away; cancelling ends the copying and the program at once, with all that it started."""
    place = Path(await run_stoppable(lambda _: tempfile.mkdtemp(prefix="journeyman-check-")))
    try:
        prepared = await run_stoppable(lambda stopped: _prepare_copy(check, base_dir, place, apart, stopped))
        if isinstance(prepared, CheckResult):
            return prepared
        limit_s, why = check.timeout_s, f"took longer than {check.timeout_s:g} s"
        if deadline_s is not None and deadline_s - time.monotonic() < limit_s:
            limit_s, why = max(0.0, deadline_s - time.monotonic()), "was ended at the mission's deadline"
        report = place / f"{prepared.copy.name}.report"  # no file of the copy: only this run can have written it
        ended = await run_command(
            [word.replace("{copy}", str(prepared.copy)).replace("{report}", str(report)) for word in check.argv],
            folder=prepared.folder,
            environment=environment({}),
            timeout_s=limit_s,
            tail_bytes=_TAIL_BYTES,
        )
        judged = _judge_exit(check, ended, prepared.copied, why)
        if check.passed_at_least is None or judged.met is None:
            return judged
        least = check.passed_at_least
        return await run_stoppable(lambda _: _with_tests(judged, report, least))
    finally:
        await _clear(place, deadline_s)


async def _clear(place: Path, deadline_s: float | None) -> None:
    limit_s = _CLEARING_S
    if deadline_s is not None:
        limit_s = min(limit_s, max(_HURRY_S, deadline_s - time.monotonic()))
    with anyio.move_on_after(limit_s, shield=True) as patience:
        await run_blocking(lambda: remove_folder(place))
    if patience.cancelled_caught:
        remove_folder_later(place)


async def run_stoppable(job: Callable[[Callable[[], bool]], Value]) -> Value:
    """Run blocking work that asks, between its pieces, whether it was stopped; cancelling stops it and leaves at once."""
    stop = threading.Event()
    try:
        return await run_blocking(lambda: job(stop.is_set))
    finally:
        stop.set()


@dataclass(frozen=True, slots=True)
class _Prepared:
    copy: Path
    folder: Path
    copied: CopyResult


def _prepare_copy(
    check: CommandCheck, base_dir: Path, place: Path, apart: Path | None, stopped: Callable[[], bool]
) -> _Prepared | CheckResult:
    with ExitStack() as holding:
        try:
            source = open_below(base_dir, check.folder, holding)
        except PathRefused as refusal:
            return undetermined(str(refusal))
        if source is None:
            return CheckResult(met=False, evidence=f"{check.folder} does not exist")
        whole = Path(os.path.normpath(base_dir.resolve() / check.folder))
        copy = place / (whole.name or "copy")
        copied = pristine_copy(whole, copy, stopped=stopped, apart=apart)
        return _Prepared(copy, copy if source.is_folder else place, copied)


def _judge_exit(check: CommandCheck, ended: CommandResult, copied: CopyResult, why_late: str) -> CheckResult:
    evidence: JsonObject = {"output_tail": ended.output.decode("utf-8", "replace")}
    if copied.left_out:
        shown: list[Json] = [*copied.left_out[:_LEFT_OUT_SHOWN]]
        evidence["left_out"] = shown
        evidence["left_out_count"] = len(copied.left_out)
    if ended.timed_out:
        return CheckResult(met=None, evidence={**evidence, "reason": why_late}, taken_bytes=copied.taken_bytes)
    if ended.exit_code is None:
        reason = ended.error or "it could not be seen how the program ended"
        return CheckResult(met=None, evidence={**evidence, "reason": reason}, taken_bytes=copied.taken_bytes)
    evidence["exit_code"] = ended.exit_code
    return CheckResult(met=ended.exit_code == check.exit_code, evidence=evidence, taken_bytes=copied.taken_bytes)


def _with_tests(judged: CheckResult, report: Path, least: int) -> CheckResult:
    """What was found, with the tests that the program reports: an exit code alone says that it ended, not what it ran."""
    assert isinstance(judged.evidence, dict)  # noqa: S101 - our own form
    try:
        counts = read_junit(report)
    except NoReport as missing:
        words = f"it exited with {judged.evidence['exit_code']}, and {missing}"
        return replace(judged, met=False, evidence={**judged.evidence, "reason": words})
    evidence: JsonObject = {**judged.evidence, "tests": counts.plain()}
    if judged.met and (counts.broken or counts.passed < least):
        words = f"it exited with {judged.evidence['exit_code']}, but its tests: {counts.words()}; {least} must pass"
        return replace(judged, met=False, evidence={**evidence, "reason": words})
    return replace(judged, evidence=evidence)
