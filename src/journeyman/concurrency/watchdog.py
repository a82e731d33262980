"""Kill a process that is silent past its deadline, and run a command in its place: a script of its own, run by path.

Code that never lets go of the interpreter keeps everything in its process from ending, the verdict too. This process
shares no interpreter with it, and holds nothing but a pipe.

Arguments: the process to kill, then the command. Standard input: lines, each the seconds within which the next one must
come, or `off`; its end means that the process is gone. Standard library alone, since it is started for each run.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time

CONFIRMED_S = 1.0
"""How much longer is waited: a process that was stopped together with this one, and goes on with it, has this to speak."""
_GONE_S = 5.0


def _heard(within_s: float | None) -> bytes | None:
    """What came; nothing at its end, `None` where the time passed."""
    ready, _, _ = select.select([0], [], [], within_s)
    return os.read(0, 65536) if ready else None


def main(watched: int, command: list[str]) -> None:
    """Wait for the silence, or the end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one that is watched
    within_s: float | None = None
    while True:
        heard = _heard(within_s)
        if heard is None:
            heard = _heard(CONFIRMED_S)
        if heard is None:
            break
        if not heard:
            return
        word = heard.split(b"\n")[-2]
        within_s = None if word == b"off" else float(word)
    if os.getppid() != watched:
        return
    os.kill(watched, signal.SIGKILL)
    until_s = time.monotonic() + _GONE_S
    while os.getppid() == watched and time.monotonic() < until_s:
        time.sleep(0.01)
    os.execv(command[0], command)  # noqa: S606 - the command is our own


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
