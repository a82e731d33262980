"""One attempt, from the working copy to the trace."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import anyio
import pytest

from journeyman.agents.drivers.base import Apprentice, WorkLimits, WorkOrder
from journeyman.agents.drivers.events import (
    AgentEnded,
    AgentEvent,
    AgentMessage,
    Ending,
    PermissionAsked,
    SessionStarted,
    ToolFinished,
    ToolKind,
    ToolStarted,
    ToolStatus,
    Usage,
    UsageReported,
)
from journeyman.agents.drivers.permissions import Access, PermissionPolicy
from journeyman.agents.drivers.registry import apprentice_for
from journeyman.agents.settings import AgentSettings, DriverKind
from journeyman.apprentices.attempt import AgentAttempt, AttemptOrder, run_attempt
from journeyman.apprentices.copy_files import UNREAD, LookBounds, look_at
from journeyman.apprentices.trace import StepType, step_type
from journeyman.concurrency.folder_removal import remove_folder
from journeyman.mission.values.errors import NotAllowed, NotFound
from journeyman.testing.scripted_apprentice import ScriptedApprentice, Work

pytestmark = pytest.mark.anyio


def source_in(tmp_path: Path) -> Path:
    """A repository with a file that git ignores."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "calc.py").write_text("def add(a, b):\n    return a - b\n")
    (source / ".gitignore").write_text("secret.txt\nbuild/\n")
    (source / "secret.txt").write_text("never copied")
    (source / "build").mkdir()
    (source / "build" / "tool").write_text("built")
    subprocess.run(["git", "init", "-q"], cwd=source, check=True)
    (source / ".git" / "hooks" / "post-commit").write_text("#!/bin/sh\ntouch /hook-ran\n")
    return source


def scripted(*works: Work) -> ScriptedApprentice:
    """An agent that does these works."""
    return ScriptedApprentice(works=works)


def trace_of(result: AgentAttempt) -> list[dict[str, Any]]:
    """The steps that were written."""
    return [json.loads(line) for line in result.trace_path.read_text().splitlines()]


async def fixes(order: WorkOrder) -> AsyncGenerator[AgentEvent, bool | None]:
    """Edits a file, tells the truth about that and a lie about another, and says what it used."""
    yield ToolStarted(call_id="1", name="edit", kind=ToolKind.WRITE, paths=(str(order.workspace / "calc.py"),))
    (order.workspace / "calc.py").write_text("def add(a, b):\n    return a + b\n")
    yield ToolFinished(call_id="1", status=ToolStatus.DONE)
    yield ToolStarted(call_id="2", name="write", kind=ToolKind.WRITE, paths=("never-written.txt",))
    yield ToolFinished(call_id="2", status=ToolStatus.DONE)
    (order.workspace / "__pycache__").mkdir()
    (order.workspace / "__pycache__" / "calc.pyc").write_text("left behind")
    yield ToolStarted(call_id="3", name="bash", kind=ToolKind.EXECUTE, command="python -m pytest -q")
    yield ToolFinished(call_id="3", status=ToolStatus.FAILED, output="1 failed", exit_code=1)
    yield UsageReported(usage=Usage(input_tokens=10, output_tokens=5, cost_usd=0.25))
    yield AgentMessage(text="All done.")


async def test_an_attempt_shows_what_the_files_show(tmp_path: Path) -> None:
    """The source stays as it was; changes, diff and trace are of the files; what the agent says is a claim."""
    source = source_in(tmp_path)
    seen: list[AgentEvent] = []
    order = AttemptOrder(prompt="Fix it.", place=tmp_path / "attempt", source=source, mounts=("build",))
    result = await run_attempt(scripted(fixes), order, lambda event, _at_s: seen.append(event))
    assert result.ended.how is Ending.FINISHED
    assert isinstance(seen[0], SessionStarted)
    assert seen[-1] == result.ended
    assert "a - b" in (source / "calc.py").read_text()
    assert [change.path for change in result.changes] == ["calc.py"]
    assert "-    return a - b\n+    return a + b\n" in result.diff
    assert result.diff_path.read_text() == result.diff
    assert result.base_digest != result.digest
    assert result.said == Usage(input_tokens=10, output_tokens=5, cost_usd=0.25)
    assert result.counted.tool_calls == 3
    assert (result.session_id, result.message) == ("scripted-1", "All done.")
    steps = trace_of(result)
    assert [(step["type"], step["source"], step["confirmed"]) for step in steps] == [
        ("execute", "process", None),
        ("write", "claim", True),
        ("write", "claim", False),
        ("verify", "claim", None),
        ("answer", "claim", None),
        ("write", "files", None),
        ("write", "files", None),
    ]
    assert steps[-1]["paths"] == ["__pycache__"]
    assert "not looked into" in steps[-1]["what"]
    assert steps[3]["exit_code"] == 1
    assert steps[3]["output"] == "1 failed"
    assert steps[5]["diff"] == result.diff
    assert steps[0]["status"] == "finished"


async def test_a_working_copy_is_the_agents_own(tmp_path: Path) -> None:
    """What git ignores stays away, build folders come on demand, history and hooks are not the source's."""
    source = source_in(tmp_path)

    async def looks(order: WorkOrder) -> AsyncGenerator[AgentEvent, bool | None]:
        status = subprocess.run(["git", "status", "--short"], cwd=order.workspace, capture_output=True, check=True)  # noqa: ASYNC221
        yield AgentMessage(text=f"{sorted(path.name for path in order.workspace.iterdir())} {status.stdout.decode()!r}")

    order = AttemptOrder(prompt="", place=tmp_path / "one", source=source, mounts=("build",))
    result = await run_attempt(scripted(looks), order)
    assert result.message == "['.git', '.gitignore', 'build', 'calc.py'] ''"
    assert not result.changes
    assert not (result.workspace / ".git" / "hooks" / "post-commit").exists()


async def test_inputs_are_copies_and_changing_them_is_seen(tmp_path: Path) -> None:
    """Files and folders, with names that clash."""
    one, other = tmp_path / "a" / "data.csv", tmp_path / "b" / "data.csv"
    for file in (one, other):
        file.parent.mkdir()
        file.write_text(file.parent.name)

    async def meddles(order: WorkOrder) -> AsyncGenerator[AgentEvent, bool | None]:
        inputs = order.workspace / "inputs"
        yield AgentMessage(text=str(sorted(path.relative_to(inputs).as_posix() for path in inputs.rglob("*"))))
        (inputs / "data-2.csv").chmod(0o600)
        (inputs / "data-2.csv").write_text("meddled")

    order = AttemptOrder(prompt="", place=tmp_path / "one", assets=(one, other, tmp_path / "a"))
    result = await run_attempt(scripted(meddles), order)
    assert result.message == "['a', 'a/data.csv', 'data-2.csv', 'data.csv']"
    assert result.inputs_touched == ("inputs/data-2.csv",)
    assert other.read_text() == "b"
    assert not (result.workspace / "inputs" / "data.csv").stat().st_mode & 0o222


async def test_what_cannot_be_had_stops_before_anything_runs(tmp_path: Path) -> None:
    """A missing asset, a place that is taken or lies in the source: told, and nothing is left."""
    agent = scripted(fixes)
    with pytest.raises(NotFound, match=r"nothing\.csv"):
        await run_attempt(agent, AttemptOrder(prompt="", place=tmp_path / "x", assets=(tmp_path / "nothing.csv",)))
    with pytest.raises(NotAllowed, match="exists already"):
        await run_attempt(agent, AttemptOrder(prompt="", place=tmp_path))
    source = source_in(tmp_path)
    with pytest.raises(NotAllowed, match="inside"):
        await run_attempt(agent, AttemptOrder(prompt="", place=source / "deep" / "er", source=source))
    assert not (source / "deep" / "er").exists()
    missing = apprentice_for("x", {"x": AgentSettings(driver=DriverKind.COMMAND, command=("/no/such/agent",))})
    with pytest.raises(NotFound, match="/no/such/agent"):
        await run_attempt(missing, AttemptOrder(prompt="", place=tmp_path / "y", source=source))
    assert not agent.orders


async def removes_all(order: WorkOrder) -> AsyncGenerator[AgentEvent, bool | None]:
    """Removes its working copy."""
    shutil.rmtree(order.workspace)
    yield AgentMessage(text="Gone.")


async def puts_a_link_in_its_place(order: WorkOrder) -> AsyncGenerator[AgentEvent, bool | None]:
    """Has the working copy be another folder."""
    shutil.rmtree(order.workspace)
    order.workspace.symlink_to("/etc")
    yield AgentMessage(text="Moved.")


async def test_a_working_copy_that_is_gone_is_a_change_of_all(tmp_path: Path) -> None:
    """Nothing of another folder is read."""
    source = source_in(tmp_path)
    for name, work in {"one": removes_all, "two": puts_a_link_in_its_place}.items():
        result = await run_attempt(scripted(work), AttemptOrder(prompt="", place=tmp_path / name, source=source))
        assert {(change.path, change.how.value) for change in result.changes} == {
            (".gitignore", "removed"),
            ("calc.py", "removed"),
        }


async def test_an_agent_cannot_hide_or_redirect_what_is_written(tmp_path: Path) -> None:
    """Ignored files are seen, unreadable ones are made readable, links in place of our files are not followed."""
    victim = tmp_path / "victim.txt"
    victim.write_text("mine")

    async def hides(order: WorkOrder) -> AsyncGenerator[AgentEvent, bool | None]:
        (order.workspace / ".gitignore").write_text("*\n")
        (order.workspace / "hidden.txt").write_text("x")
        (order.workspace / "locked").mkdir()
        (order.workspace / "locked" / "in.txt").write_text("y")
        (order.workspace / "locked" / "in.txt").chmod(0)
        (order.workspace / "locked").chmod(0)
        shutil.rmtree(order.workspace / ".git")
        (order.workspace.parent / "trace.jsonl").symlink_to(victim)
        (order.workspace.parent / "output.txt").mkdir()
        deep = order.workspace
        while len(str(deep)) < 3500:
            deep /= "d" * 200
        deep.mkdir(parents=True)
        (deep / "end.txt").write_text("z")
        yield AgentMessage(text="Hidden.")

    result = await run_attempt(
        scripted(hides), AttemptOrder(prompt="", place=tmp_path / "one", source=source_in(tmp_path))
    )
    assert victim.read_text() == "mine"
    changed = {change.path for change in result.changes}
    assert {"hidden.txt", "locked/in.txt", ".gitignore"} <= changed
    assert any(path.endswith("/end.txt") for path in changed)
    assert len(trace_of(result)) > 3


async def test_what_is_not_looked_into_is_told(tmp_path: Path) -> None:
    """Folders that tools write, wherever they lie: none of them is a place to hide in. In inputs, every file is seen."""

    async def hides(order: WorkOrder) -> AsyncGenerator[AgentEvent, bool | None]:
        work = order.workspace
        (work / "venv" / "lib").mkdir(parents=True)
        (work / "venv" / "lib" / "sitecustomize.py").write_text("cheat")
        for folder in (work / "inputs" / "data", work / "build"):
            folder.chmod(0o755)
            (folder / "__pycache__").mkdir()
            (folder / "__pycache__" / "x.pyc").write_text("cheat")
        (work / "build" / "tool").chmod(0o755)
        before = (work / "build" / "tool").stat()
        (work / "build" / "tool").write_text("cheat")
        os.utime(work / "build" / "tool", ns=(before.st_atime_ns, before.st_mtime_ns))
        (work / ".git" / "config").write_text("")
        yield AgentMessage(text="Hidden.")

    source, data = source_in(tmp_path), tmp_path / "data"
    data.mkdir()
    (data / "a.csv").write_text("a")
    order = AttemptOrder(prompt="", place=tmp_path / "one", source=source, assets=[data], mounts=["build"])
    result = await run_attempt(scripted(hides), order)
    assert result.inputs_touched == ("inputs/data/__pycache__/x.pyc",)
    assert result.mounts_touched == ("build",)
    assert {(change.path, change.how.value, change.entries) for change in result.unlisted} == {
        ("venv", "added", 2),
        ("build", "changed", 3),
    }
    told = [step["paths"] for step in trace_of(result) if "not looked into" in step["what"]]
    assert told == [["build"], ["venv"]]


async def test_what_nobody_can_look_at_is_a_change(tmp_path: Path) -> None:
    """A path that is longer than the system takes, and more than anybody reads."""

    async def digs(order: WorkOrder) -> AsyncGenerator[AgentEvent, bool | None]:
        place = os.open(order.workspace, os.O_RDONLY)
        for _ in range(30):
            os.mkdir("d" * 200, dir_fd=place)
            inner = os.open("d" * 200, os.O_RDONLY, dir_fd=place)
            os.close(place)
            place = inner
        os.close(os.open("end.txt", os.O_CREAT | os.O_WRONLY, dir_fd=place))
        os.close(place)
        with (order.workspace / "huge.bin").open("wb") as file:
            file.truncate(1 << 40)
        yield AgentMessage(text="Deep.")

    result = await run_attempt(
        scripted(digs), AttemptOrder(prompt="", place=tmp_path / "one", source=source_in(tmp_path))
    )
    found = {change.path[:8]: change.omitted for change in result.changes}
    assert found == {"dddddddd": "unread", "huge.bin": "unread"}
    assert result.digest != result.base_digest
    remove_folder(tmp_path / "one")
    assert not (tmp_path / "one").exists()


def test_a_look_has_bounds(tmp_path: Path) -> None:
    """What is over them is an entry that nobody can miss."""
    for number in range(50):
        (tmp_path / f"{number}.txt").write_text("x" * 100)
    many = look_at(tmp_path, bounds=LookBounds(entries=20)).listed.entries
    assert any(path.startswith("... more than 20") for path in many)
    large = look_at(tmp_path, bounds=LookBounds(read_bytes=1000)).listed.entries
    assert sum(entry.mode == UNREAD for entry in large.values()) == 40


async def test_what_was_used_before_is_not_counted_again(tmp_path: Path) -> None:
    """The order has it, for agents that tell the sum over a session."""
    agent = scripted(fixes)
    used = Usage(input_tokens=7)
    await run_attempt(
        agent, AttemptOrder(prompt="", place=tmp_path / "one", source=source_in(tmp_path), used_before=used)
    )
    assert agent.orders[0].used_before == used


async def test_a_person_is_asked_and_their_time_does_not_count(tmp_path: Path) -> None:
    """Yes, with the wall clock of the agent standing still."""

    async def asks(order: WorkOrder) -> AsyncGenerator[AgentEvent, bool | None]:
        if (yield PermissionAsked(request_id="1", kind=ToolKind.WRITE, title="write x", paths=("x",))):
            (order.workspace / "x").touch()
        if (yield PermissionAsked(request_id="2", kind=ToolKind.WRITE, title="write y", paths=("../y",))):
            (order.workspace / "y").touch()

    asked: list[PermissionAsked] = []

    async def person(question: PermissionAsked) -> bool:
        asked.append(question)
        await anyio.sleep(1.5)
        return True

    order = AttemptOrder(
        prompt="", place=tmp_path / "one", limits=WorkLimits(wall_clock_s=1.2, silence_s=1.2),
        policy=PermissionPolicy(write=Access.ASK, outside=Access.REFUSE), ask_person=person,
    )  # fmt: skip
    result = await run_attempt(scripted(asks), order)
    assert result.ended.how is Ending.FINISHED, result.ended
    assert [question.request_id for question in asked] == ["1"]
    assert [change.path for change in result.changes] == ["x"]
    assert [step["what"] for step in trace_of(result) if step["status"] == "refused"] == ["write y"]


async def test_nobody_to_ask_is_a_refusal(tmp_path: Path) -> None:
    """And not a wait."""

    async def asks(order: WorkOrder) -> AsyncGenerator[AgentEvent, bool | None]:
        allowed = yield PermissionAsked(request_id="1", kind=ToolKind.EXECUTE, title="make")
        yield AgentEnded(how=Ending.FAILED if allowed else Ending.FINISHED)

    order = AttemptOrder(prompt="", place=tmp_path / "one", policy=PermissionPolicy(execute=Access.ASK))
    assert (await run_attempt(scripted(asks), order)).ended.how is Ending.FINISHED


async def test_a_program_in_an_attempt(tmp_path: Path) -> None:
    """The real thing: a command that edits, prints, complains, and exits."""
    code = "import sys; open('new.txt', 'w').write(sys.stdin.read()); print('said'); sys.stderr.write('complained')"
    agent: Apprentice = apprentice_for(
        "mine", {"mine": AgentSettings(driver=DriverKind.COMMAND, command=(sys.executable, "-c", code))}
    )
    result = await run_attempt(
        agent, AttemptOrder(prompt="the task", place=tmp_path / "one", source=source_in(tmp_path))
    )
    assert result.ended == AgentEnded(how=Ending.FINISHED, stop_reason="exit 0", exit_code=0)
    assert [change.path for change in result.changes] == ["new.txt"]
    assert "+the task" in result.diff
    assert result.raw_path.read_text() == "said\n"
    assert result.errors_path.read_text() == "complained"
    assert (tmp_path / "one").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        ("pytest -q", StepType.VERIFY), ("python -m unittest", StepType.VERIFY), ("cd x && npm test", StepType.VERIFY),
        ("/bin/bash -lc 'cargo test'", StepType.VERIFY), ("make check", StepType.VERIFY), ("npm run lint", StepType.VERIFY),
        ("python test_calc.py", StepType.VERIFY), ("python3 -B -u test_calc.py", StepType.VERIFY),
        ("./node_modules/.bin/jest", StepType.VERIFY),
        ("cat test_calc.py", StepType.EXECUTE), ("echo latest", StepType.EXECUTE), ("make", StepType.EXECUTE),
        ("git commit -m 'add tests'", StepType.EXECUTE), ("npm install", StepType.EXECUTE),
    ],
)  # fmt: skip
def test_what_checks_the_work_is_told_apart(command: str, kind: StepType) -> None:
    """By the program that is run."""
    assert step_type(ToolKind.EXECUTE, command) is kind


async def test_a_source_that_git_ignores_as_a_whole_is_copied(tmp_path: Path) -> None:
    """A folder in the build folder of somebody's repository has files, whatever git lists of it."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)  # noqa: ASYNC221
    (tmp_path / ".gitignore").write_text("out/\n")
    source = tmp_path / "out" / "project"
    source.mkdir(parents=True)
    (source / "calc.py").write_text("x\n")
    result = await run_attempt(scripted(fixes), AttemptOrder(prompt="", place=tmp_path / "out" / "one", source=source))
    assert [change.path for change in result.changes] == ["calc.py"]
    assert "-x\n" in result.diff
