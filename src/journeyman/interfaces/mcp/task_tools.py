"""The tools that hand work to a coding agent under a contract that a machine checks."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Final

import anyio.to_thread
from pydantic import Field

from journeyman.agents.drivers.installed import refuse_unready
from journeyman.agents.drivers.registry import apprentice_for
from journeyman.engine.record_reading import state_of
from journeyman.hosting.access import AccessScope
from journeyman.interfaces.mcp.mission_tools import StartReply
from journeyman.interfaces.mcp.session_status import StatusReply, status_of
from journeyman.interfaces.mcp.session_tools import SessionArguments
from journeyman.interfaces.mcp.tool_definition import Arguments, CallHints, McpCall, McpTool
from journeyman.mission.model.mission import Mission
from journeyman.mission.model.reasons import SessionStatus
from journeyman.mission.model.state import State
from journeyman.mission.values.errors import InvalidInput, NotAllowed, Problem
from journeyman.tasks.contract import task_mission
from journeyman.tasks.following import following_mission
from journeyman.tasks.options import MOST_ATTEMPTS, TaskOptions
from journeyman.tasks.outputs import put_out
from journeyman.tasks.running import free_id, task_id

_ENDING_S: Final = 60.0
"""Seconds in which the agent of a task that is ended is stopped, and its ending is written."""
_Words = Annotated[str, Field(min_length=1, max_length=20_000)]
_Lines = Annotated[list[Annotated[str, Field(max_length=2_000)]], Field(max_length=50)]
_Attempts = Annotated[int, Field(ge=1, le=100)]


class TaskArguments(Arguments):
    """The work, who does it, and what is checked."""

    task: _Words
    """What is to be done, in words; files that it names are looked for in what the agent leaves."""
    agent: str
    """Such as claude-code, codex, gemini or opencode: one that `journeyman agents` lists on the server's machine."""
    source: str | None = None
    """A folder below the server's folder of missions that the agent gets a copy of; null begins in an empty one."""
    checks: _Lines = Field(default_factory=list[str])
    """Commands that must succeed in what the agent leaves, such as `pytest -q`."""
    files: _Lines = Field(default_factory=list[str])
    """Files that must be there in the end."""
    protect: _Lines = Field(default_factory=list[str])
    """Patterns of files that are checked as they are now, whatever the agent makes of them."""
    attempts: _Attempts = MOST_ATTEMPTS
    timeout_s: Annotated[float, Field(gt=0, le=86_400)] = 1_800
    """Seconds that one attempt may take."""
    tokens: Annotated[int, Field(ge=1)] | None = None
    cost_usd: Annotated[float, Field(gt=0)] | None = None
    session_id: str = ""
    """Your own id for the session, which makes the call safe to repeat."""


async def _start(call: McpCall, arguments: TaskArguments) -> StartReply:
    access = call.access
    access.caller.require(AccessScope.AUTHOR)
    settings = access.host.journeyman.settings
    options = TaskOptions(
        agent=arguments.agent,
        source=None if arguments.source is None else access.sources.folder_below(arguments.source),
        checks=arguments.checks, files=arguments.files, protect=arguments.protect, attempts=arguments.attempts,
        timeout_s=arguments.timeout_s, tokens=arguments.tokens, cost_usd=arguments.cost_usd, who=access.caller.name,
    )  # fmt: skip
    apprentice = apprentice_for(options.agent, settings.agents)
    refuse_unready(options.agent, apprentice.readiness())
    mission = await anyio.to_thread.run_sync(partial(task_mission, arguments.task, options, settings))
    wanted = arguments.session_id
    if not wanted:
        wanted = await free_id(access.host.journeyman, task_id(access.host.journeyman.clock, arguments.task))
    return await _begun(call, mission, access.sources.folder.resolve(), wanted)


async def _begun(call: McpCall, mission: Mission, origin: Path, session_id: str) -> StartReply:
    started = await call.access.actions.start_once(mission, origin, session_id)
    return StartReply(**dict(await status_of(call.access.host, started.session_id)), created=started.created)


class FollowUpArguments(SessionArguments):
    """What is asked for besides."""

    text: _Words
    """What is to be done besides, or differently."""
    checks: _Lines = Field(default_factory=list[str])
    """Further commands that must succeed; for a task that has ended."""
    files: _Lines = Field(default_factory=list[str])
    """Further files that must be there; for a task that has ended."""
    attempts: _Attempts | None = None
    """As of the earlier task where it is left out."""


async def _follow_up(call: McpCall, arguments: FollowUpArguments) -> StartReply:
    access = call.access
    journeyman, session = access.host.journeyman, arguments.session_id
    state = await _task(call, session)
    if state.status is not SessionStatus.ENDED:
        if arguments.checks or arguments.files:
            raise NotAllowed(f"{session} goes on under the contract that it began with: end it first, with task_finish")
        await access.actions.note(session, arguments.text)
        return StartReply(**dict(await status_of(access.host, session)), created=False)
    access.caller.require(AccessScope.AUTHOR)
    following = partial(
        following_mission, journeyman.settings, state, arguments.text, checks=arguments.checks, files=arguments.files,
        attempts=arguments.attempts, who=access.caller.name,
    )  # fmt: skip
    mission = await anyio.to_thread.run_sync(following)
    return await _begun(call, mission, Path(state.identity.origin), await free_id(journeyman, f"{session}-followup"))


class FinishReply(StatusReply):
    """How the task ended."""

    outputs: str
    """Where the files of its best attempt lie; empty where no attempt left any."""


async def _finish(call: McpCall, arguments: SessionArguments) -> FinishReply:
    access, session = call.access, arguments.session_id
    access.caller.require(AccessScope.PERSON)
    if (await _task(call, session)).status is not SessionStatus.ENDED:
        await access.actions.end(session, abort=False)
        if not await access.host.rest(session, _ENDING_S):
            raise NotAllowed(f"{session} was told to end and has not yet; call task_finish again", code="still_ending")
    outputs = await put_out(access.host.journeyman, session)
    return FinishReply(**dict(await status_of(access.host, session)), outputs=outputs)


async def _task(call: McpCall, session: str) -> State:
    state = await state_of(call.access.host.journeyman.store, session)
    if state.mission.task is None:
        problem = Problem(
            where="session_id", message=f"{session!r} is no task", hint="mission_* tools are for any session"
        )
        raise InvalidInput("the call", (problem,))
    return state


TOOLS: Final = (
    McpTool(
        name="task_start",
        title="Hand a task to a coding agent",
        about="Hands a task to a coding agent on the server's machine, which makes attempts in a copy until a contract that a machine checks is fulfilled; gives a session_id at once. The contract comes from checks and files, else from the task's own words. The best attempt's files lie in artifacts/ of the folder of missions, never in the source.",
        scopes=(AccessScope.AUTHOR,),
        kind=CallHints.STARTS,
        arguments=TaskArguments,
        result=StartReply,
        run=_start,
    ),
    McpTool(
        name="task_follow_up",
        title="Ask for more",
        about="To a task that goes on, adds a note that its next attempt is told (needs the scope `person`); from the best attempt of one that has ended, starts a new session that has its contract and what is given here besides.",
        scopes=(AccessScope.AUTHOR, AccessScope.PERSON),
        kind=CallHints.DRIVES,
        arguments=FollowUpArguments,
        result=StartReply,
        run=_follow_up,
    ),
    McpTool(
        name="task_finish",
        title="Finish a task",
        about="Ends a task that goes on, its outcome being what the evidence says, and puts out the files of its best attempt. For a person: needs the scope `person`.",
        scopes=(AccessScope.PERSON,),
        kind=CallHints.ENDS,
        arguments=SessionArguments,
        result=FinishReply,
        run=_finish,
    ),
)
