"""Make all checks that are due, side by side, before a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import anyio

from journeyman.engine.checks.check_result import CheckResult, undetermined
from journeyman.engine.checks.command_check import check_command, run_stoppable
from journeyman.engine.checks.file_check import HERE_BYTES, check_file
from journeyman.engine.checks.subprocess_check import check_in_subprocess
from journeyman.mission.criteria.engine_check import Check, CommandCheck, FileCheck
from journeyman.mission.values.errors import JourneymanError
from journeyman.tools.deadline import AFTER_S
from journeyman.tools.results import one_line

_AT_ONCE: Final = 4


async def run_checks(
    checks: Mapping[str, Check],
    base_dir: Path,
    deadline_s: float | None = None,
    on_found: Callable[[str, CheckResult], None] | None = None,
    apart: Path | None = None,
) -> dict[str, CheckResult]:
    """What each check found, under its name. Never raises for what a check runs into: that is `met=None`.

    Nothing blocks the event loop, and cancelling ends programs and copies at once.

    Args:
        checks: By names of the caller's choice, such as criterion ids.
        base_dir: The mission's folder.
        deadline_s: A moment of `time.monotonic()`; checks that are not done by then could not be told.
        on_found: Told of each result as it is there.
        apart: The folder of our own records, which no check copies.
    """
    found: dict[str, CheckResult] = {}
    limit = anyio.CapacityLimiter(_AT_ONCE)

    async def one(name: str, check: Check) -> None:
        async with limit:
            began_s = time.monotonic()
            result = await _bounded(check, base_dir, deadline_s, apart)
            found[name] = replace(result, duration_s=round(time.monotonic() - began_s, 6))
        if on_found is not None:
            on_found(name, found[name])

    async with anyio.create_task_group() as group:
        for name, check in checks.items():
            group.start_soon(one, name, check)
    return {name: found[name] for name in checks}


async def _bounded(check: Check, base_dir: Path, deadline_s: float | None, apart: Path | None) -> CheckResult:
    left_s = None if deadline_s is None else deadline_s - time.monotonic()
    if left_s is not None and left_s <= 0:
        return undetermined("no time was left for this check")
    # The command's own limit comes first, so that what it wrote until then is told.
    with anyio.move_on_after(None if left_s is None else left_s + (0 if isinstance(check, FileCheck) else AFTER_S)):
        try:
            return await _make_check(check, base_dir, deadline_s, apart)
        except JourneymanError as error:
            return undetermined(one_line(f"could not be told: {error}"))
        except Exception as error:  # noqa: BLE001 - what stands on a disk may break anything; the reason is the evidence
            return undetermined(one_line(f"could not be told: {type(error).__name__}: {error}"))
    return undetermined("the mission's deadline came before the end of this check")


async def _make_check(check: Check, base_dir: Path, deadline_s: float | None, apart: Path | None) -> CheckResult:
    if isinstance(check, FileCheck):
        found = await run_stoppable(lambda stopped: check_file(check, base_dir, stopped, here_bytes=HERE_BYTES))
        return found if found is not None else await check_in_subprocess(check, base_dir)
    if isinstance(check, CommandCheck):
        return await check_command(check, base_dir, deadline_s, apart)
    return undetermined("only a guard knows which files are protected: check it with `journeyman guard check`")
