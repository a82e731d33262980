"""Run one program and end everything it started: a script of its own, run by path, with the standard library alone.

Why a process between us and the program: on Linux, what a program leaves behind goes to the nearest ancestor that asks
for it (`PR_SET_CHILD_SUBREAPER`), also what left its group and session. Asked for in our own process, every library's
children would come to us. Here, it is this process that gets them, and that ends them; it also ends everything when
we die, since its standard input then ends.

Standard input: its end means "end it now". Standard output: lines of JSON, `{"pid": n}` when the program was started,
`{"exit": n}` when it and all others are gone (negative: the signal that ended it), `{"error": text}` when it could not
be started. Standard error: what the program writes, to either of its streams, or to its standard error alone where the
first argument is another descriptor than 2: its standard output then goes there. The second argument is the descriptor
that the program reads as its standard input; 0 gives it none. The third is a folder of files to remove at the end, or empty.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import sys
import time

SUBREAPER = 36
ENDING_S = 5.0
"""How long is tried to end what does not go, such as what runs as another user."""


def _say(**words: object) -> None:
    with contextlib.suppress(OSError):
        os.write(1, json.dumps(words).encode() + b"\n")


def _started(output: int, given: int, argv: list[str]) -> int:
    """Start the program in a session of its own; `output` and `given` are its streams, and no longer open here."""
    own = [number for number in (output, given) if number > 2]
    actions = [
        (os.POSIX_SPAWN_DUP2, given, 0) if given > 2 else (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_DUP2, output, 1),
    ]
    for number in own:
        os.set_inheritable(number, False)  # its only form
    defaults = [signal.SIGPIPE, signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
    try:
        return os.posix_spawnp(argv[0], argv, os.environ, file_actions=actions, setsid=True, setsigdef=defaults)
    finally:
        for number in own:
            os.close(number)


def _ended(child: int) -> int | None:
    """The exit code once the program has ended. Where the system can, it is not reaped yet: its number stays its own."""
    if not hasattr(os, "waitid"):
        pid, status = os.waitpid(child, os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if pid else None
    found = os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    if found is None:
        return None
    return found.si_status if found.si_code == os.CLD_EXITED else -found.si_status


def _watch(child: int, wake: int) -> int | None:
    """Wait until the program ends, or until our input does."""
    while True:
        ready, _, _ = select.select([0, wake], [], [])
        if wake in ready:
            os.read(wake, 4096)
        code = _ended(child)
        if code is not None:
            return code
        if 0 in ready and not os.read(0, 4096):
            return None


def _children() -> list[int]:
    """Our children, adopted ones too; none where the system does not list them."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for name in os.listdir("/proc"):  # noqa: PTH208 - pathlib would double the time this script takes to start
            if name.isdigit():
                with contextlib.suppress(OSError, ValueError, IndexError):
                    with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123 - as above
                        fields = file.read().rpartition(b")")[2].split()
                    if int(fields[1]) == os.getpid():
                        found.append(int(name))
    return found


def _end(child: int, wake: int) -> int:
    """Kill and reap the program's group and every other descendant; give the program's exit code."""
    code = -signal.SIGKILL
    until = time.monotonic() + ENDING_S
    with contextlib.suppress(OSError):
        os.killpg(child, signal.SIGKILL)
    while time.monotonic() < until:
        for pid in _children():
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            break
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
        if pid == 0:
            select.select([wake], [], [], 0.02)
    return code


def _remove(folder: str) -> None:
    """Remove a folder of files; what else it holds by now stays, and a link that the program put in its place is not followed."""
    if not folder:
        return
    with contextlib.suppress(OSError):
        place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        for name in os.listdir(place):  # noqa: PTH208 - as above
            os.unlink(name, dir_fd=place)
        os.rmdir(folder)  # noqa: PTH106 - as above


def missing_interpreter(program: str) -> str:
    """What to say of a program whose interpreter is not there; nothing where it is, or where it needs none."""
    with contextlib.suppress(OSError):
        with open(program, "rb") as file:  # noqa: PTH123 - as above
            line = file.readline(1024)
        words = line.removeprefix(b"#!").split() if line.startswith(b"#!") else []
        if words and not os.path.exists(words[0]):  # noqa: PTH110 - as above
            return f"the interpreter {os.fsdecode(words[0])} of {program} is not there"
    return ""


def _why_not(error: OSError, program: str) -> str:
    """Why a program could not be started. The system says of a missing interpreter that the program itself is not there."""
    if not isinstance(error, FileNotFoundError):
        return f"{error.strerror}: {program}"
    folders = [""] if os.sep in program else os.environ.get("PATH", os.defpath).split(os.pathsep)
    for folder in folders:
        if missing := missing_interpreter(os.path.join(folder, program)):  # noqa: PTH118 - as above
            return missing
    return f"{error.strerror}: {program}" if os.sep in program else f"{program} is not on the PATH"


def _heard(_number: int, _frame: object) -> None:
    """Do nothing: that there is a handler is what wakes the waiting."""


def main() -> int:
    """Run the program that the arguments name."""
    wake, woken = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, _heard)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    try:
        child = _started(int(sys.argv[1]), int(sys.argv[2]), sys.argv[4:])
    except OSError as error:
        _say(error=_why_not(error, sys.argv[4]))
        return 1
    _say(pid=child)
    code = _watch(child, wake)
    ended = _end(child, wake)
    _remove(sys.argv[3])
    _say(exit=ended if code is None else code)
    return 0


if __name__ == "__main__":
    sys.exit(main())
