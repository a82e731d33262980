"""One shell that keeps its folder and variables from command to command, as a reader's terminal does."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Final, Self

_NOTICE: Final = re.compile(r"^bash: line \d+: +\d+ (Killed|Terminated) .*\n", re.MULTILINE)
"""What bash itself says of a job that ended, among the output of whatever runs then."""


class ShellSession:
    """Types commands into one bash and tells how each ended."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._status, theirs = os.pipe()
        self._output = folder.parent / f"{folder.name}.output"
        self._shell = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(theirs,),
            start_new_session=True,
            text=True,
        )
        self._type(f"exec 9>&{theirs}")
        os.close(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.killpg(self._shell.pid, signal.SIGKILL)  # with all that the page left in the background
        self._shell.wait(10)
        assert self._shell.stdin is not None
        self._shell.stdin.close()
        os.close(self._status)

    def run(self, command: str, within_s: float = 100) -> tuple[int, str]:
        """The exit code of a command, and what it printed."""
        self._type(f"{{\n{command}\n}} >{self._output} 2>&1 </dev/null 9>&-\necho $? >&9")
        ready, _, _ = select.select([self._status], [], [], within_s)
        assert ready, f"{command!r} has not ended after {within_s} s: {self._output.read_text('utf-8')[-2000:]}"
        code = int(os.read(self._status, 100))
        return code, _NOTICE.sub("", self._output.read_text("utf-8", errors="replace"))

    def _type(self, line: str) -> None:
        assert self._shell.stdin is not None
        self._shell.stdin.write(f"{line}\n")
        self._shell.stdin.flush()
