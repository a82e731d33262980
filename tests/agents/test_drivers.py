"""Real agents behind the drivers, offline: statuses, traces and usage are what they are, and nothing is left."""

from __future__ import annotations

import json
import os
import signal
from contextlib import suppress
from pathlib import Path

import anyio
import pytest

from journeyman.agents.drivers.base import WorkLimits, WorkOrder
from journeyman.agents.drivers.events import (
    Ending,
    PermissionAsked,
    SessionStarted,
    ToolFinished,
    ToolKind,
    ToolStatus,
    Usage,
)
from journeyman.agents.drivers.permissions import Access, PermissionPolicy
from journeyman.testing.model_server import ScriptedFault, ScriptLine, serving
from tests.agents.coding_agents import AGENTS, CodingAgent
from tests.agents.driven import (
    BROKEN,
    DONE,
    FIX,
    LIMITS,
    attempt,
    driven,
    nothing_left,
    programs_under,
    reported,
    script,
)

pytestmark = [pytest.mark.agents, pytest.mark.anyio, pytest.mark.timeout(300)]
EVERY = pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.name)


@EVERY
async def test_work_until_the_test_passes(agent: CodingAgent, agent_folder: Path) -> None:
    """The test fails, an edit, the test passes: the trace has what the file system has, the usage is the model's."""
    check = "python3 -B test_calc.py"  # an edit of the same size in the same second is hidden by kept byte code
    lines = [agent.runs(check, "First a look."), agent.runs(FIX), agent.runs(check), DONE]
    async with serving(script(lines)) as server:
        result, events = await attempt(agent, server, agent_folder)
        assert result.ended.how is Ending.FINISHED, result
        assert result.ended.exit_code == 0
        assert [change.path for change in result.changes] == ["calc.py"]
        assert "+    return a + b" in result.diff
        assert (result.workspace / "calc.py").read_text() == BROKEN.replace("-", "+")
        assert result.message == "All done."
        assert result.said is not None
        assert (result.said.input_tokens, result.said.output_tokens) == reported(server)
        assert result.counted.tool_calls == 3
    assert any(isinstance(event, SessionStarted) and event.session_id for event in events)
    steps = [json.loads(line) for line in result.trace_path.read_text().splitlines()]
    calls = [step for step in steps if step["source"] == "claim" and step["type"] != "answer"]
    assert [step["type"] for step in calls] == ["verify", "execute", "verify"]
    codes = [step["exit_code"] for step in calls]
    assert codes == ([None, 0, None] if agent.name == "gemini" else [1, 0, 0]), (
        "Gemini tells none where there is output"
    )
    assert [step["paths"] for step in steps if step["source"] == "files"] == [["calc.py"]]
    await nothing_left(agent_folder)


@EVERY
async def test_what_is_refused_is_not_done(agent: CodingAgent, agent_folder: Path) -> None:
    """By our answer where the agent asks, by its own settings where it does not; it goes on and ends."""
    async with serving(script([agent.runs("touch written.txt"), DONE])) as server:
        result, events = await attempt(agent, server, agent_folder, policy=PermissionPolicy(execute=Access.REFUSE))
    assert result.ended.how is Ending.FINISHED, result
    assert not result.changes
    assert not (result.workspace / "written.txt").exists()
    ends = [event for event in events if isinstance(event, ToolFinished)]
    assert not [event for event in ends if event.status is ToolStatus.DONE and event.exit_code == 0]
    await nothing_left(agent_folder)


async def test_claude_code_asks_and_a_person_answers(agent_folder: Path) -> None:
    """Yes to one command, no to another: over its standard input, in mid-work."""
    agent = next(agent for agent in AGENTS if agent.name == "claude-code")
    asked: list[PermissionAsked] = []

    async def person(question: PermissionAsked) -> bool:
        asked.append(question)
        return "yes" in question.title

    async with serving(script([agent.runs("touch yes.txt"), agent.runs("touch no.txt"), DONE])) as server:
        result, _ = await attempt(
            agent, server, agent_folder, policy=PermissionPolicy(execute=Access.ASK), ask_person=person
        )
    assert result.ended.how is Ending.FINISHED, result
    assert [(question.kind, question.title) for question in asked] == [
        (ToolKind.EXECUTE, "touch yes.txt"),
        (ToolKind.EXECUTE, "touch no.txt"),
    ]
    assert [change.path for change in result.changes] == ["yes.txt"]


@EVERY
async def test_overspending_is_a_limit(agent: CodingAgent, agent_folder: Path) -> None:
    """As soon as the agent says what it used; those that say it at the end are told off then."""
    lines = [agent.runs("touch one.txt"), agent.runs("touch two.txt"), DONE]
    async with serving(script(lines)) as server:
        result, _ = await attempt(agent, server, agent_folder, limits=WorkLimits(wall_clock_s=100, tokens=1000))
        asked = len([call for call in server.calls if call.body.get("tools")])
    assert result.ended.how is Ending.LIMIT, result
    assert "1000 allowed" in result.ended.detail
    live = driven(agent, server, agent_folder).capabilities.live_usage
    assert asked == 3 or live
    await nothing_left(agent_folder)


async def test_claude_codes_own_budget_is_a_second_fence(agent_folder: Path) -> None:
    """It says itself that its budget is over, before we could know."""
    agent = next(agent for agent in AGENTS if agent.name == "claude-code")
    costly = agent.runs("touch one.txt").model_copy(update={"output_tokens": 100_000})
    async with serving(script([costly, agent.runs("touch two.txt"), DONE])) as server:
        result, _ = await attempt(agent, server, agent_folder, limits=WorkLimits(wall_clock_s=100, cost_usd=0.05))
    assert result.ended.how is Ending.LIMIT, result
    assert result.said is not None
    assert result.said.cost_usd is not None
    assert result.said.cost_usd > 0.05


@EVERY
async def test_time_is_held(agent: CodingAgent, agent_folder: Path) -> None:
    """A command that hangs, in a session of its own: a limit, and it is gone."""
    hang = agent.runs("setsid sleep 300 & sleep 300")
    async with serving(script([hang], repeat=True)) as server:
        result, _ = await attempt(agent, server, agent_folder, limits=WorkLimits(wall_clock_s=12))
    assert result.ended.how is Ending.LIMIT, result
    await nothing_left(agent_folder)


@EVERY
@pytest.mark.parametrize("how", ["cancelled", "killed"])
async def test_an_end_in_the_middle(agent: CodingAgent, how: str, agent_folder: Path) -> None:
    """Cancelled by us, or killed by anybody: never a success, and what it did is there."""
    work = agent.runs("touch started.txt; sleep 300")
    workspace = agent_folder / "workspace"
    workspace.mkdir()
    order = WorkOrder(prompt="Work.", workspace=workspace, limits=LIMITS)
    async with serving(script([work, DONE])) as server, driven(agent, server, agent_folder).start(order) as session:
        while not (workspace / "started.txt").exists():  # noqa: ASYNC110 - the agent writes it
            await anyio.sleep(0.05)
        if how == "cancelled":
            await session.cancel()
        else:
            program = str(driven(agent, server, agent_folder).readiness().why)
            for pid in programs_under(agent_folder):
                with suppress(OSError):
                    if Path(f"/proc/{pid}/exe").samefile(program):  # noqa: ASYNC240
                        os.kill(pid, signal.SIGKILL)
        result = await session.collect()
    assert result.ended.how is (Ending.CANCELLED if how == "cancelled" else Ending.UNKNOWN), result.ended
    await nothing_left(agent_folder)


@EVERY
async def test_a_reply_of_ten_megabytes(agent: CodingAgent, agent_folder: Path) -> None:
    """Read, and cut where it is shown. OpenCode exits before all of it is written, Gemini takes hours: both are seen."""
    size = 10_000_000
    reply = " ".join(map(str, range(1_400_000)))[:size]
    async with serving(script([ScriptLine(text=reply)])) as server:
        result, _ = await attempt(agent, server, agent_folder, limits=WorkLimits(wall_clock_s=30))
    await nothing_left(agent_folder)
    if result.counted.output_bytes < size:
        assert (agent.name, result.ended.how) in {
            ("opencode", Ending.UNKNOWN), ("gemini", Ending.UNKNOWN), ("gemini", Ending.LIMIT),
        }, result  # fmt: skip
        return
    assert result.ended.how is Ending.FINISHED, result
    assert result.message.startswith("0 1 2 3")
    assert len(result.message) < 40_000
    assert result.counted.output_bytes > size


@EVERY
async def test_a_model_that_fails_in_the_middle(agent: CodingAgent, agent_folder: Path) -> None:
    """The work until then is there, and the end is a failure."""
    broken = ScriptLine(fault=ScriptedFault.BAD_REQUEST)
    async with serving(script([agent.runs(FIX), broken], repeat=True)) as server:
        result, _ = await attempt(agent, server, agent_folder)
    assert result.ended.how is Ending.FAILED, result
    assert result.ended.detail or result.ended.stop_reason
    assert [change.path for change in result.changes] == ["calc.py"]
    await nothing_left(agent_folder)


@EVERY
async def test_a_session_goes_on(agent: CodingAgent, agent_folder: Path) -> None:
    """A second order in the same session: the model is sent what was said in the first."""
    workspace = agent_folder / "workspace"
    workspace.mkdir()
    said: list[str] = []
    async with serving(script([ScriptLine(text="I am Heron-7."), ScriptLine(text="Still Heron-7.")])) as server:
        apprentice = driven(agent, server, agent_folder)
        session_id, used = "", Usage()
        for prompt in ("Say who you are.", "And again."):
            order = WorkOrder(prompt=prompt, workspace=workspace, limits=LIMITS, resume=session_id, used_before=used)
            async with apprentice.start(order) as session:
                result = await session.collect()
            assert result.ended.how is Ending.FINISHED, (result, result.errors)
            assert result.usage is not None
            said.append(f"{result.usage.tokens}")
            used = result.usage
            session_id = result.session_id
        work = [call for call in server.calls if call.body.get("tools")]
        assert "Heron-7" in json.dumps(work[-1].body)
        assert said == [str(call.input_tokens + call.output_tokens) for call in work]
