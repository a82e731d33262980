"""What lists and people's commands say of sessions, and how sessions are removed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.acceptance.conftest import Shell
from tests.acceptance.test_cli import MakeShell, endless

UNREACHABLE = """\
name: unreachable
directive: d
servers: {x: {command: /no/such/program}}
tools: ["x.*"]
criteria: [{id: a, kind: tool_call_succeeded, tool: x.y}]
budget: {iterations: 3}
"""


def standing(user: Shell) -> str:
    """How the newest session stands, as every view of it says."""
    (listed, shown) = (user.json("list")[0]["status"], user.json("show", "last")["status"])
    assert listed == shown
    return listed


def test_a_server_that_cannot_start_is_told_by_code_and_by_lists(shell: MakeShell) -> None:
    """And the report says why, with nothing left that looks as if it ran."""
    user = shell("")
    (user.folder / "mission.yaml").write_text(UNREACHABLE)
    assert "/no/such/program" in user.run("run", "mission.yaml", code=4).stderr
    assert standing(user) == "could_not_start"
    assert "could not start" in user.run("list").stdout
    assert user.json("list", "--status", "running") == []
    assert "/no/such/program" in user.run("report", "last", "--format", "markdown").stdout


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("commands: {a: no-such-program}", "there is no program 'no-such-program'"),
        ("commands: {a: echo}\ntools: ['git.*']", "git.*: matches no tool"),
        ("functions: [gone:f]\ntools: [f]", "no module 'gone'"),
    ],
)
def test_tools_that_cannot_be_had_are_told_once_and_by_the_same_code(
    shell: MakeShell, section: str, words: str
) -> None:
    """Whoever must act: the session is recorded as one that could not start, and so is its exit code."""
    user = shell("")
    criterion = "criteria: [{id: c, kind: tool_call_succeeded, tool: a}]"
    (user.folder / "mission.yaml").write_text(f"directive: d\n{section}\n{criterion}\nbudget: {{iterations: 2}}\n")
    told = user.run("run", "mission.yaml", code=4)
    assert (told.stdout + told.stderr).count(words) == 1
    assert "line " in told.stderr
    assert standing(user) == "could_not_start"
    user.run("run", "mission.yaml", "--dry-run", code=2)


def test_running_is_what_somebody_drives_and_nothing_else(shell: MakeShell) -> None:
    """A killed process leaves `interrupted` at once; what people do is told with who does what about it."""
    user = endless(shell)
    process = user.start("run", "slow.yaml", "--quiet")
    while not user.json("list", "--status", "running"):
        assert process.poll() is None
    shown = user.run("show", "last").stdout
    assert f"running in process {process.pid}" in shown
    assert f"journeyman watch {user.json('list')[0]['session_id']}" in shown
    assert "already" in user.run("resume", "last", code=1).stderr
    assert f"process {process.pid}" in user.run("note", "last", "looks slow").stdout
    process.kill()
    process.communicate()
    assert standing(user) == "interrupted"
    assert "its process ended without a word; go on with: journeyman resume" in user.run("show", "last").stdout
    told = user.run("abort", "last", "--as", "ada", "-m", "wrong week")
    assert "aborted; it has ended" in told.stdout
    assert standing(user) == "ended"
    words = [row["words"] for row in user.json("history", "last", "--all") if "words" in row]
    assert any(text.endswith("noted: looks slow") for text in words)
    assert "ada ended the session: aborted · wrong week" in words
    assert "nothing is left to resume" in user.run("resume", "last", code=1).stderr


def test_last_is_of_this_folder_and_lists_can_be_too(shell: MakeShell) -> None:
    """Nobody aborts a mission of another folder by accident."""
    user = shell("")
    user.run("new")
    user.run("run", "mission.yaml", "--quiet")
    inner, outer = user.folder / "inner", user.folder
    inner.mkdir()
    user.folder = inner
    user.run("new")
    assert outer.name in user.run("show", "last", code=2).stderr
    assert user.json("list", "--here") == []
    user.run("run", "mission.yaml", "--quiet")
    assert user.json("show", "last")["session_id"] == user.json("list", "--here")[0]["session_id"]
    user.folder = outer
    assert len(user.json("list", "--here")) == 2


def test_sessions_are_removed_for_good_and_never_one_that_is_driven(shell: Callable[[str], Shell]) -> None:
    """With `--yes` where nobody can be asked; the age is that of the last event."""
    user = endless(shell)
    user.run("run", "slow.yaml", "--quiet", "--budget", "iterations=1", code=1)
    done = user.json("list")[0]["session_id"]
    assert "--yes" in user.run("delete", done, code=2).stderr
    assert "30d" in user.run("prune", "--older-than", "a month", code=2).stderr
    assert user.json("prune", "--older-than", "1h", "--yes") == {"deleted": []}
    process = user.start("run", "slow.yaml", "--quiet")
    while not (running := user.json("list", "--status", "running")):
        assert process.poll() is None
    driven = running[0]["session_id"]
    assert "somebody drives" in user.run("delete", done, driven, "--yes", code=2).stderr
    assert user.json("prune", "--older-than", "0s", "--unfinished", "--yes") == {"deleted": [done]}
    process.terminate()
    process.communicate()
    assert [row["session_id"] for row in user.json("list")] == [driven]
    assert user.json("delete", driven, "--yes") == {"deleted": [driven]}
    assert user.json("list") == []


def test_history_in_a_pipe_has_words_and_no_filling(shell: MakeShell) -> None:
    """One line for each event, calls as live views have them."""
    user = shell("")
    user.run("new", "--template", "tune")
    user.run("run", "mission.yaml", "--quiet", "--budget", "iterations=1", code=1)
    for more in ((), ("--all",)):
        lines = user.run("history", "last", *more).stdout.splitlines()
        assert all(line == line.rstrip() for line in lines)
        assert not any("{'" in line for line in lines)
    assert any(" Proposed " in line and "(" in line.split(" Proposed ")[1] for line in lines)
