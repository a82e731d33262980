"""A tool that never lets go of the interpreter keeps no mission from ending at its deadline."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest

from tests.acceptance.conftest import Shell

MISSION = """\
name: held
directive: Match it.
functions: ["held:match"]
tools: [match]
effects: {{match: {effect}}}
approve: never
criteria: [{{id: found, kind: tool_call_succeeded, tool: match}}]
budget: {{iterations: 5, wall_clock_s: 1}}
"""
HELD = '''\
import re


def match() -> bool:
    """Match for longer than the universe is old, in one call that holds the interpreter."""
    return re.match("(a+)+$", "a" * 60 + "b") is not None
'''


@pytest.mark.parametrize(("effect", "outcome"), [("pure", "not_achieved"), ("unsafe", "unknown")])
def test_a_mission_whose_function_holds_the_interpreter_ends_at_its_deadline(
    shell: Callable[[str], Shell], effect: str, outcome: str
) -> None:
    """Its process is killed from outside, and what writes the ending is another one."""
    user = shell("")
    (user.folder / "mission.yaml").write_text(MISSION.format(effect=effect))
    (user.folder / "held.py").write_text(HELD)
    done = user.run("run", "mission.yaml", "--quiet", code=-signal.SIGKILL)
    assert "isolate: true" in done.stderr
    (row,) = user.json("list")
    assert row["status"] == "ended"
    report = user.json("show", row["session_id"])
    assert (report["verdict"], report["reason"], report["outcome"]) == ("terminate", "max_wall_clock", outcome)
    assert [one["state"] for one in user.json("effects", "last")] == ["unknown" if effect == "unsafe" else "failed"]
    assert all(one["holds"] for one in user.json("verify"))
    user.run("replay", "last")  # exits with 1 where a verdict cannot be derived again
