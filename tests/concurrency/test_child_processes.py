"""What we started ends with us, with all its group, also when we leave without a word."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.concurrency.process_table import members

_STARTS = """
import os, subprocess, sys
from journeyman.concurrency.child_processes import kill_registered, kill_at_exit
program = "import os, subprocess, sys, time; subprocess.Popen(['sleep', '3600']); os.write(1, b'.'); time.sleep(3600)"
child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, start_new_session=True)
kill_at_exit(child)
child.stdout.read(1)
print(child.pid, flush=True)
if sys.argv[1] == "leaves":
    kill_registered()
    os._exit(0)
if sys.argv[1] == "forks" and os.fork() == 0:
    sys.exit(0)
if sys.argv[1] == "is killed":
    os.kill(os.getpid(), 9)
if sys.argv[1] == "forks":
    os.wait()
    os.killpg(child.pid, 0)
    print("alive", flush=True)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
@pytest.mark.parametrize("how", ["ends", "leaves", "forks"])
def test_a_group_ends_with_its_owner(how: str) -> None:
    """At the interpreter's end, and by `kill_registered` before `os._exit`; a forked child ends nothing of its parent's."""
    done = subprocess.run([sys.executable, "-c", _STARTS, how], capture_output=True, text=True, timeout=60, check=True)
    pid, *alive = done.stdout.split()
    assert alive == (["alive"] if how == "forks" else [])
    tries = 2_000
    while members(int(pid)) and tries:
        tries -= 1
        os.sched_yield()
    assert not members(int(pid))


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_a_group_ends_with_an_owner_that_is_killed() -> None:
    """One in the middle of a call does not look at its closed input, and would finish what is then asked about."""
    killed = subprocess.run(
        [sys.executable, "-c", _STARTS, "is killed"], stdout=subprocess.PIPE, timeout=60, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    group, deadline = int(killed.stdout), time.monotonic() + 60
    while members(group) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not members(group)
