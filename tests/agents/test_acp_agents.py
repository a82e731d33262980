"""Real agents over ACP, offline: asked and answered, cancelled, gone on with; what they did is what the files show."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import pytest

from journeyman.agents.drivers.base import WorkLimits, WorkOrder
from journeyman.agents.drivers.events import (
    AnsweredBy,
    Ending,
    PermissionAnswered,
    PermissionAsked,
    SessionStarted,
    ToolKind,
)
from journeyman.agents.drivers.permissions import Access, PermissionPolicy
from journeyman.agents.settings import DriverKind
from journeyman.testing.model_server import ScriptedFault, ScriptLine, serving
from tests.agents.coding_agents import AGENTS, CodingAgent
from tests.agents.driven import BROKEN, DONE, FIX, LIMITS, attempt, driven, nothing_left, reported, script

pytestmark = [pytest.mark.agents, pytest.mark.anyio, pytest.mark.timeout(300)]
ACP = DriverKind.ACP
EVERY = pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.name)
ASKING = pytest.mark.parametrize(
    "agent", [agent for agent in AGENTS if agent.name != "codex"], ids=lambda agent: agent.name
)
"""Codex acts in its own sandbox and asks only to leave it."""


@EVERY
async def test_work_until_the_test_passes(agent: CodingAgent, agent_folder: Path) -> None:
    """The trace has what the file system has, and the usage is the model's where the agent tells it."""
    check = "python3 -B test_calc.py"
    lines = [agent.runs(check, "First a look."), agent.runs(FIX), agent.runs(check), DONE]
    async with serving(script(lines)) as server:
        result, events = await attempt(agent, server, agent_folder, driver=ACP)
        assert result.ended.how is Ending.FINISHED, (result, result.errors_path.read_text())
        assert [change.path for change in result.changes] == ["calc.py"]
        assert (result.workspace / "calc.py").read_text() == BROKEN.replace("-", "+")
        assert result.message.endswith("All done.")
        assert result.counted.tool_calls == 3
        if agent.name == "opencode":
            assert result.said is None, "it tells what its last answer used"
        else:
            assert result.said is not None
            assert (result.said.input_tokens, result.said.output_tokens) == reported(server)
    (begun,) = [event for event in events if isinstance(event, SessionStarted)]
    assert begun.session_id
    assert begun.version
    steps = [json.loads(line) for line in result.trace_path.read_text().splitlines()]
    calls = [step for step in steps if step["source"] == "claim" and step["type"] != "answer"]
    assert [step["type"] for step in calls] == ["verify", "execute", "verify"]
    assert [step["paths"] for step in steps if step["source"] == "files"] == [["calc.py"]]
    await nothing_left(agent_folder)


@ASKING
async def test_a_person_answers(agent: CodingAgent, agent_folder: Path) -> None:
    """Yes to one command, no to another, and it goes on."""
    asked: list[PermissionAsked] = []

    async def person(question: PermissionAsked) -> bool:
        asked.append(question)
        return "yes" in question.title

    async with serving(script([agent.runs("touch yes.txt"), agent.runs("touch no.txt"), DONE])) as server:
        result, events = await attempt(
            agent, server, agent_folder, driver=ACP, policy=PermissionPolicy(execute=Access.ASK), ask_person=person
        )
    assert [(question.kind, question.title) for question in asked] == [
        (ToolKind.EXECUTE, "touch yes.txt"),
        (ToolKind.EXECUTE, "touch no.txt"),
    ]
    answers = [(event.allowed, event.by) for event in events if isinstance(event, PermissionAnswered)]
    assert answers == [(True, AnsweredBy.PERSON), (False, AnsweredBy.PERSON)]
    assert [change.path for change in result.changes] == ["yes.txt"]
    assert result.ended.how in (Ending.FINISHED, Ending.UNKNOWN), "some end their turn at a refusal, as if cancelled"


@EVERY
async def test_what_is_refused_is_not_done(agent: CodingAgent, agent_folder: Path) -> None:
    """By our answer where it asks, by its own mode where it does not."""
    async with serving(script([agent.runs("touch written.txt"), DONE])) as server:
        result, _ = await attempt(
            agent, server, agent_folder, driver=ACP, policy=PermissionPolicy(execute=Access.REFUSE)
        )
    assert not result.changes
    assert not (result.workspace / "written.txt").exists()
    await nothing_left(agent_folder)


@EVERY
async def test_cancelling_ends_all(agent: CodingAgent, agent_folder: Path) -> None:
    """In the middle of a command, which is gone afterwards."""
    workspace = agent_folder / "workspace"
    workspace.mkdir()
    order = WorkOrder(prompt="Work.", workspace=workspace, limits=LIMITS)
    async with (
        serving(script([agent.runs("touch started.txt; sleep 300"), DONE])) as server,
        driven(agent, server, agent_folder, driver=ACP).start(order) as session,
    ):
        with anyio.fail_after(100):
            while not (workspace / "started.txt").exists():  # noqa: ASYNC110 - the agent writes it
                await anyio.sleep(0.05)
        await session.cancel()
        result = await session.collect()
    assert result.ended.how is Ending.CANCELLED, result.ended
    await nothing_left(agent_folder)


@EVERY
async def test_time_is_held(agent: CodingAgent, agent_folder: Path) -> None:
    """A command that hangs, in a session of its own."""
    async with serving(script([agent.runs("setsid sleep 300 & sleep 300")], repeat=True)) as server:
        result, _ = await attempt(agent, server, agent_folder, driver=ACP, limits=WorkLimits(wall_clock_s=12))
    assert result.ended.how is Ending.LIMIT, result.ended
    await nothing_left(agent_folder)


@EVERY
async def test_a_model_that_fails_in_the_middle(agent: CodingAgent, agent_folder: Path) -> None:
    """The work until then is there, and the end is no success."""
    broken = ScriptLine(fault=ScriptedFault.BAD_REQUEST)
    async with serving(script([agent.runs(FIX), broken], repeat=True)) as server:
        result, _ = await attempt(agent, server, agent_folder, driver=ACP)
    assert result.ended.how in (Ending.FAILED, Ending.UNKNOWN, Ending.REFUSED), result.ended
    assert [change.path for change in result.changes] == ["calc.py"]
    await nothing_left(agent_folder)


@pytest.mark.parametrize("agent", [agent for agent in AGENTS if agent.name != "gemini"], ids=lambda agent: agent.name)
async def test_a_session_goes_on(agent: CodingAgent, agent_folder: Path) -> None:
    """The model is sent what was said before; the past is not told again."""
    workspace = agent_folder / "workspace"
    workspace.mkdir()
    session_id, said = "", list[str]()
    async with serving(script([ScriptLine(text="I am Heron-7."), ScriptLine(text="Still here.")])) as server:
        apprentice = driven(agent, server, agent_folder, driver=ACP)
        for prompt in ("Say who you are.", "And again."):
            order = WorkOrder(prompt=prompt, workspace=workspace, limits=LIMITS, resume=session_id)
            async with apprentice.start(order) as session:
                result = await session.collect()
            assert result.ended.how is Ending.FINISHED, (result, result.errors)
            session_id = result.session_id
            said.append(result.message)
        work = [call for call in server.calls if call.body.get("tools")]
        assert "Heron-7" in json.dumps(work[-1].body)
    assert said[0].endswith("I am Heron-7.")
    assert said[1].endswith("Still here.")
    assert "Heron-7" not in said[1]
