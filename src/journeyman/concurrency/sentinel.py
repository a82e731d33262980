"""End what a killed process has started: a script of its own, run by path, with the standard library alone.

Standard input: a line with the number of each process that leads a group. Its end means that whoever wrote it has ended,
or was killed: what is there then is ended, too.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from contextlib import suppress


def main() -> None:
    """Wait for the end of standard input, and kill."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    held: dict[int, int | None] = {}
    for line in sys.stdin:
        pid = int(line)
        held[pid] = _opened(pid)
    for pid, handle in held.items():
        if handle is None or not select.select([handle], [], [], 0)[0]:
            with suppress(OSError):
                os.killpg(pid, signal.SIGKILL)


def _opened(pid: int) -> int | None:
    """A handle of the process itself, which tells when it is gone, whoever has its number then; `None` where there is none."""
    with suppress(OSError, AttributeError):
        return os.pidfd_open(pid)
    return None


if __name__ == "__main__":
    main()
