"""A driver's name tells whether its process is gone."""

from __future__ import annotations

import subprocess
import sys

from journeyman.engine.process_identity import is_gone, owner_name

NAME = "from journeyman.engine.process_identity import owner_name; print(owner_name('x'), flush=True); input()"


def test_a_process_is_gone_once_it_has_ended() -> None:
    """Also before its parent has waited for it, and not while it runs."""
    with subprocess.Popen(
        [sys.executable, "-c", NAME], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        name = child.stdout.readline().strip()
        assert not is_gone(name)
        child.kill()
        child.wait()
    assert is_gone(name) is ("@" in name)


def test_of_other_machines_nothing_is_known() -> None:
    """A lease then runs out by itself."""
    assert not is_gone(owner_name("x"))
    assert not is_gone("pabc")
    assert not is_gone("pabc@otherbox.1.2")
    assert not is_gone("")
