"""Ends this process where a tool holds the interpreter past the mission's deadline, and has the verdict written.

Only the command line owns its process: whoever embeds Journeyman is never killed. Where a mission has no deadline, or no
function that runs in this process, nothing could hold it, and nobody watches.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from journeyman.concurrency import watchdog
from journeyman.config import Settings
from journeyman.interfaces.cli.terminal import own_files
from journeyman.mission.model.events import EventRecord
from journeyman.mission.model.mission import Function
from journeyman.mission.model.reasons import SessionStatus
from journeyman.mission.model.state import State

GRACE_S: Final = 2.0
"""Past the deadline a process that can still speak has written its ending long before."""
_MOVED_S: Final = 0.1
"""A deadline that moves less is not told again."""


class Watchdog:
    """Tells the process that watches how long this process may be silent."""

    def __init__(self, settings: Settings, *, as_json: bool, report: Path | None = None) -> None:
        self._settings = settings
        self._report = report
        self._as_json = as_json
        self._process: subprocess.Popen[bytes] | None = None
        self._until_s: float | None = None

    def follow(self, _: EventRecord, state: State) -> None:
        """Take in where the session stands."""
        left_s = _left_s(state)
        if left_s is None:
            self.off()
            return
        until_s = time.monotonic() + left_s
        if self._until_s is None or left_s <= 0 or abs(until_s - self._until_s) > _MOVED_S:
            self._until_s = until_s
            self._say(state.session_id, f"{max(0.0, left_s) + GRACE_S:.3f}")

    def off(self) -> None:
        """Let this process be silent as long as it likes."""
        if self._until_s is not None:
            self._until_s = None
            self._say("", "off")

    def _say(self, session: str, word: str) -> None:
        if self._process is None:
            argv = [sys.executable, "-I", "-S", str(Path(watchdog.__file__)), str(os.getpid()), *self._command(session)]
            out, err = own_files()
            with _interrupts_held():
                self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=out, stderr=err, bufsize=0)  # noqa: S603 - our own script
        assert self._process.stdin is not None  # noqa: S101 - it was opened with a pipe
        with suppress(OSError):
            self._process.stdin.write(word.encode() + b"\n")

    def _command(self, session: str) -> list[str]:
        settings = self._settings
        where = ["--data-dir", str(settings.data_dir), "--tenant", settings.tenant]
        more = [*(["--json"] if self._as_json else []), *(["--report", str(self._report)] if self._report else [])]
        return [sys.executable, "-m", "journeyman", *where, "conclude", session, *more]


@contextmanager
def _interrupts_held() -> Generator[None]:
    """Keep Ctrl-C from what is started meanwhile, which shares our terminal: it would die of it while it starts.

    Who is started inherits what is blocked; we get what came meanwhile at the end.
    """
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _left_s(state: State) -> float | None:
    """How long the mission may still be driven; `None` where nothing can hold it, or nothing need end."""
    limit = state.mission.budget.wall_clock_s
    held = any(not (isinstance(function, Function) and function.isolate) for function in state.mission.functions)
    if limit is None or not held or state.status is not SessionStatus.OPEN or sys.platform == "win32":
        return None
    return limit - state.usage.wall_clock_s
