"""The tools that are about missions before they run: looking at them, checking them, starting them."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Final, Literal

import anyio.to_thread
from pydantic import Field, JsonValue

from journeyman.engine.mission_check import check_mission
from journeyman.engine.standing import Standing, standing_of
from journeyman.hosting.access import AccessScope
from journeyman.hosting.mission_sources import MOST_FILES, WantedMission
from journeyman.hosting.session_views import JsonRow, SessionRow, session_row
from journeyman.interfaces.mcp.model_lending import lend_model, not_lent
from journeyman.interfaces.mcp.session_lists import session_page
from journeyman.interfaces.mcp.session_status import StatusReply, status_of
from journeyman.interfaces.mcp.tool_definition import Arguments, CallHints, McpCall, McpTool, ToolReply
from journeyman.mission.criteria.base import walk
from journeyman.mission.model.mission import Mission, mission_digest
from journeyman.mission.values.errors import CouldNotStart, InvalidInput, Problem, Unavailable

MOST_ROWS: Final = 100
"""Sessions on a page."""


class MissionArguments(Arguments):
    """Which mission is meant."""

    file: str = ""
    """A mission file below the server's folder of missions, as mission_list with `files` gives it; or give `mission`."""
    mission: dict[str, JsonValue] | None = None
    """A mission of your own, as a mission file has it (journeyman schema prints its form). Needs the scope `author`, since its commands run on the server's machine."""
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    """Values of the mission's parameters, by name."""
    budget: dict[str, JsonValue] = Field(default_factory=dict)
    """Other ceilings than the mission's, such as {"iterations": 5, "wall_clock_s": 600, "cost_usd": 1}; null is no limit."""

    def wanted(self) -> WantedMission:
        """The same for whoever reads missions."""
        return WantedMission(
            file=self.file, mission=self.mission, parameters=self.parameters, budget=self.budget or None
        )


class CheckArguments(MissionArguments):
    """What is to be checked."""

    offline: bool = False
    """Do not start its servers and functions; what depends on tools is then not checked."""


class ProblemRow(ToolReply):
    """Something that is wrong, or weaker than it seems."""

    where: str
    message: str
    hint: str
    line: int | None
    file: str


class CheckReply(ToolReply):
    """What was found about a mission."""

    valid: bool
    name: str
    problems: list[ProblemRow]
    """It cannot work like this."""
    warnings: list[ProblemRow]
    """It can, but proves less, or asks for more, than its reader may think."""
    asks: list[str]
    """Tools whose calls wait for a person."""
    tools: list[JsonRow]
    criteria: list[JsonRow]
    """Each with its sentence."""
    digest: str


async def _check(call: McpCall, arguments: CheckArguments) -> CheckReply:
    access = call.access
    try:
        mission, folder = await _read(call, arguments)
        journeyman = access.host.journeyman
        opens = None if arguments.offline else journeyman.open_tools(mission, folder)
        found = await check_mission(mission, journeyman.predicates, journeyman.scripts, opens=opens)
    except InvalidInput as error:
        if arguments.file == "" and arguments.mission is None:
            raise
        return CheckReply(
            valid=False, name=arguments.file, problems=[_row(one) for one in error.problems], warnings=[], asks=[],
            tools=[], criteria=[], digest="",
        )  # fmt: skip
    except Unavailable as error:
        raise CouldNotStart(str(error), code=error.code, retry_after_s=error.retry_after_s) from error
    return CheckReply(
        valid=not found.problems,
        name=mission.name,
        problems=[_row(problem) for problem in found.problems],
        warnings=[_row(problem) for problem in found.warnings],
        asks=list(found.waits_for_person),
        tools=[
            {"name": row["name"], "effect": row["effect"], "description": row["description"]} for row in found.tools
        ],
        criteria=[{"id": item.id, "sentence": item.sentence()} for item in walk(mission.criteria)],
        digest=mission_digest(mission),
    )


def _row(problem: Problem) -> ProblemRow:
    return ProblemRow(
        where=problem.where, message=problem.message, hint=problem.hint, line=problem.line, file=problem.file
    )


async def _read(call: McpCall, arguments: MissionArguments) -> tuple[Mission, Path]:
    access = call.access
    read = partial(access.sources.read, arguments.wanted(), access.caller)
    return await anyio.to_thread.run_sync(read)


class StartArguments(MissionArguments):
    """What is to be started."""

    session_id: str = ""
    """Your own id for the session, which makes the call safe to repeat: the same mission under the same id is started once."""
    run: bool = True
    """False records the session and leaves it paused: mission_iterate or mission_resume lets it go on."""
    lend_model: bool = False
    """Let the mission ask your model where it names `advisor: client`: its prompts hold what its tools returned, and your model answers them."""


class StartReply(StatusReply):
    """The session that was started."""

    created: bool
    """False where an earlier call with this id had started it."""
    model: str = ""
    """How the mission asks your model, or how you can lend it; empty where it asks no client."""


async def _start(call: McpCall, arguments: StartArguments) -> StartReply:
    mission, folder = await _read(call, arguments)
    said = [not_lent(mission.advisors)]

    def lend(session_id: str) -> None:
        if arguments.lend_model:
            said[:] = [lend_model(call, session_id)]

    started = await call.access.actions.start_once(
        mission, folder, arguments.session_id, run=arguments.run, prepare=lend
    )
    if not started.created:
        lend(started.session_id)
    status = await status_of(call.access.host, started.session_id)
    return StartReply(**dict(status), created=started.created, model=said[0])


class ListArguments(Arguments):
    """Which sessions are listed."""

    status: Literal["", "running", "waiting", "stopped", "interrupted", "could_not_start", "ended"] = ""
    """Only those that stand so."""
    files: bool = False
    """List the mission files that mission_start may name, too."""
    limit: Annotated[int, Field(ge=1, le=MOST_ROWS)] = 25
    cursor: str = ""
    """`next_cursor` of the page before."""


class ListReply(ToolReply):
    """A page of sessions, newest first."""

    sessions: list[SessionRow]
    next_cursor: str
    """For the next page; empty where this is the last."""
    files: list[str] = Field(max_length=MOST_FILES)
    """Mission files, where they were asked for."""


async def _list(call: McpCall, arguments: ListArguments) -> ListReply:
    access = call.access
    status = Standing(arguments.status) if arguments.status else None
    rows, more = await session_page(
        access.host, arguments.cursor, arguments.limit, lambda row: status is None or standing_of(row) is status
    )
    files = await anyio.to_thread.run_sync(access.sources.files) if arguments.files else []
    return ListReply(sessions=[session_row(row) for row in rows], next_cursor=more, files=files)


TOOLS: Final = (
    McpTool(
        name="mission_list",
        title="List sessions",
        about=f"Lists sessions of missions, newest first, {MOST_ROWS} at most on a page; with files=true also the mission files that may be started.",
        scopes=(AccessScope.READ,),
        kind=CallHints.READS,
        arguments=ListArguments,
        result=ListReply,
        run=_list,
    ),
    McpTool(
        name="mission_check",
        title="Check a mission",
        about="Validates a mission and its tools without running it: what cannot work, what proves less than it seems to, which calls would wait for a person. Starts its tool servers unless offline=true.",
        scopes=(AccessScope.RUN,),
        kind=CallHints.READS,
        arguments=CheckArguments,
        result=CheckReply,
        run=_check,
    ),
    McpTool(
        name="mission_start",
        title="Start a mission",
        about="Starts a mission and gives its session_id at once; it is driven in the background until its criteria hold, its budget ends, or a person must answer. Follow it with mission_status. Give a session_id of your own where the call may be repeated.",
        scopes=(AccessScope.RUN,),
        kind=CallHints.STARTS,
        arguments=StartArguments,
        result=StartReply,
        run=_start,
    ),
)
