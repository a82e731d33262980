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
        _drop_ended(held)
        with suppress(OSError):  # it has ended already, and its number may be another's
            held[int(line)] = os.pidfd_open(int(line)) if hasattr(os, "pidfd_open") else None
    _drop_ended(held)
    for pid in held:
        with suppress(OSError):
            os.killpg(pid, signal.SIGKILL)


def _drop_ended(held: dict[int, int | None]) -> None:
    """Forget the processes that are gone, as their handles tell, where the system has such: others get their numbers."""
    for pid, handle in list(held.items()):
        if handle is not None and select.select([handle], [], [], 0)[0]:
            os.close(handle)
            del held[pid]


if __name__ == "__main__":
    main()
