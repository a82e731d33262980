"""`run_task` as a program calls it, and the events that it is told."""

from __future__ import annotations

import sys
from pathlib import Path

import anyio
import pytest

from journeyman.agents.settings import AgentSettings, DriverKind
from journeyman.config import Settings
from journeyman.engine import control
from journeyman.mission.model.reasons import Outcome
from journeyman.mission.values.errors import InvalidInput, NotFound
from journeyman.tasks.events import TaskEvent, TaskEventKind
from journeyman.tasks.options import MentorMode, TaskOptions
from journeyman.tasks.running import run_task
from journeyman.wiring import opened

pytestmark = pytest.mark.anyio
KIND = TaskEventKind
WRITES = """
import pathlib, sys
prompt = pathlib.Path(sys.argv[1]).read_text()
if "exists and" in prompt or "attempt 2" in prompt:
    pathlib.Path("out.md").write_text("x")
"""


def settings_with(tmp_path: Path, code: str) -> Settings:
    """One agent, which runs this code."""
    (tmp_path / "worker.py").write_text(code)
    command = (sys.executable, "-I", "-S", str(tmp_path / "worker.py"), "{prompt_file}")
    agents = {"mine": AgentSettings(driver=DriverKind.COMMAND, command=command)}
    return Settings(data_dir=tmp_path / "data", agents=agents)


async def test_a_program_follows_a_task_to_its_outputs(tmp_path: Path) -> None:
    """Every step once and in order, with who is at work, how often, and what it cost."""
    seen: list[TaskEvent] = []
    settings = settings_with(tmp_path, WRITES)
    options = TaskOptions(agent="mine", source=None, attempts=3)
    result = await run_task("Write out.md", options, settings=settings, folder=tmp_path, on_event=seen.append)
    assert result.outcome is Outcome.ACHIEVED
    assert result.outputs is not None
    assert result.outputs.path == tmp_path / "artifacts" / "write-out-md"
    assert result.outputs.files == ("out.md",)
    assert [(event.kind, event.attempt) for event in seen] == [
        (KIND.RUN_STARTED, 0), (KIND.TASK_WORKSPACE_PREPARED, 1), (KIND.APPRENTICE_ATTEMPT_STARTED, 1),
        (KIND.APPRENTICE_ATTEMPT_COMPLETED, 1), (KIND.REVISION_STARTED, 1), (KIND.TASK_WORKSPACE_PREPARED, 2),
        (KIND.APPRENTICE_ATTEMPT_STARTED, 2), (KIND.APPRENTICE_ATTEMPT_COMPLETED, 2), (KIND.REVISION_COMPLETED, 2),
        (KIND.RUN_COMPLETED, 2),
    ]  # fmt: skip
    assert {(event.session_id, event.attempts) for event in seen} == {(result.session_id, 3)}
    assert seen[3].message == "attempt 1 of mine: 0 files changed"


async def test_a_person_is_named_where_one_must_act(tmp_path: Path) -> None:
    """It stops there, and another call of the program answers."""
    seen: list[TaskEvent] = []
    settings = settings_with(tmp_path, WRITES)
    options = TaskOptions(agent="mine", source=None, mentor=MentorMode.expert_led, who="ada", attempts=3)
    result = await run_task(
        "Write out.md", options, settings=settings, folder=tmp_path, session_id="t1", on_event=seen.append
    )
    assert (result.outcome, result.waits_for, result.outputs) == (None, "let mine make attempt 1?", None)
    assert (seen[-1].kind, seen[-1].waits_for) == (KIND.CHECKPOINT_WAITING, "anybody")
    async with opened(settings) as journeyman:
        await control.answer(journeyman.store, journeyman.clock, "t1", "ada", granted=True)
        assert (await journeyman.engine.drive("t1")).task.last == 1


async def test_an_agent_that_does_not_end_well_is_told(tmp_path: Path) -> None:
    """Its attempt is complete, and an operational error says how it ended."""
    seen: list[TaskEvent] = []
    settings = settings_with(tmp_path, "raise SystemExit(3)")
    options = TaskOptions(agent="mine", source=None, attempts=1)
    result = await run_task("Write out.md", options, settings=settings, folder=tmp_path, on_event=seen.append)
    assert result.outcome is Outcome.NOT_ACHIEVED
    told = [event for event in seen if event.kind is KIND.OPERATIONAL_ERROR]
    assert len(told) == 1
    assert "failed" in told[0].message


async def test_cancelling_is_told_and_ends_the_agent(tmp_path: Path) -> None:
    """The session can be resumed."""
    seen: list[TaskEvent] = []
    settings = settings_with(tmp_path, "import time\nopen('begun', 'w').close()\ntime.sleep(600)\n")
    options = TaskOptions(agent="mine", source=None)
    async with anyio.create_task_group() as group:

        async def work() -> None:
            await run_task(
                "Write a.md", options, settings=settings, folder=tmp_path, session_id="t1", on_event=seen.append
            )

        group.start_soon(work)
        begun = anyio.Path(tmp_path / "data/default/tasks/t1/attempts/001/work/workspace/begun")
        with anyio.fail_after(30):
            while not await begun.exists():  # noqa: ASYNC110 - another process writes it
                await anyio.sleep(0.02)
        group.cancel_scope.cancel()
    assert seen[-1].kind is KIND.RUN_INTERRUPTED


async def test_nothing_begins_that_cannot_be_checked_or_done(tmp_path: Path) -> None:
    """Bad input is an exception, and no session."""
    settings = settings_with(tmp_path, WRITES)
    with pytest.raises(InvalidInput):
        await run_task("Be nice", TaskOptions(agent="mine", source=None), settings=settings, folder=tmp_path)
    with pytest.raises(NotFound):
        await run_task("Write a.md", TaskOptions(agent="nobody", source=None), settings=settings, folder=tmp_path)
    async with opened(settings) as journeyman:
        assert await journeyman.store.sessions() == []
