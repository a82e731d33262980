"""The tools that follow a session and let it go on: status, steps, checkpoint, history, report, pause, resume."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from pydantic import Field

from journeyman.engine.record_reading import state_of
from journeyman.engine.records import events_after, newest_events
from journeyman.engine.reporting import report_of
from journeyman.hosting.access import AccessScope
from journeyman.hosting.session_views import EventRow, event_row
from journeyman.interfaces.mcp.cursors import cursor_of, parts_of
from journeyman.interfaces.mcp.model_lending import lend_model, next_round, rounds_of, take_answers
from journeyman.interfaces.mcp.session_status import StatusReply, status_of
from journeyman.interfaces.mcp.tool_definition import Arguments, CallHints, McpCall, McpTool, ToolReply, ToolResult
from journeyman.interfaces.mcp.waiting import MOST_WAIT_S, wait_for_rest
from journeyman.interfaces.pages.report_files import Form, rendered
from journeyman.mission.model.reasons import SessionStatus
from journeyman.mission.values.errors import InvalidInput, Problem

MOST_EVENTS: Final = 200
"""Events on a page."""
MOST_PAGE_BYTES: Final = 262_144
"""Of events on a page; a page ends before it grows larger, but has one event at least."""
MOST_CHARACTERS: Final = 200_000
"""Of a report in one answer."""
_SEQ: Final = re.compile(r"[0-9]{1,15}")


class SessionArguments(Arguments):
    """Which session is meant."""

    session_id: str
    """As mission_start gave it."""


class StatusArguments(SessionArguments):
    """Which session is meant, and how long may be waited."""

    wait_s: Annotated[float, Field(ge=0, le=MOST_WAIT_S)] = 0
    """Seconds to wait until it ends, needs a person or stops; 0 answers at once. Progress is told meanwhile."""


async def _status(call: McpCall, arguments: StatusArguments) -> ToolResult:
    return await _waited(call, arguments.session_id, arguments.wait_s)


async def _waited(call: McpCall, session_id: str, wait_s: float) -> ToolResult:
    """Where a session stands after a while, or what it asks the model of the client that waits."""
    rounds = rounds_of(call, session_id)
    if rounds is not None:
        take_answers(call, rounds)
    if wait_s:
        await wait_for_rest(call, session_id, wait_s, rounds)
        if rounds is not None and (asked := await next_round(call, rounds)) is not None:
            return asked
    return await status_of(call.access.host, session_id)


class IterateArguments(SessionArguments):
    """How far a session goes on."""

    iterations: Annotated[int, Field(ge=1, le=100)] = 1
    """At most so many; fewer where it ends, or a person must answer."""
    wait_s: Annotated[float, Field(ge=0, le=MOST_WAIT_S)] = 60
    """Seconds to wait for them; they go on in the background where they take longer."""


async def _iterate(call: McpCall, arguments: IterateArguments) -> ToolResult:
    if not call.state:  # a later round of a call goes on waiting for the steps that the first one began
        await call.access.actions.iterate(arguments.session_id, arguments.iterations)
    return await _waited(call, arguments.session_id, arguments.wait_s)


class CheckpointReply(ToolReply):
    """What is kept of a session."""

    session_id: str
    seq: int
    """Its newest event: everything up to it is on disk already, and survives a crash."""
    head_hash: str
    """Keep it: `journeyman verify` shows whether the record still leads to it."""
    iteration: int
    verdict: str
    reason: str
    status: str
    durable: Literal[True] = True
    """Nothing had to be saved: each event is on disk before it counts."""


async def _checkpoint(call: McpCall, arguments: SessionArguments) -> CheckpointReply:
    found = await status_of(call.access.host, arguments.session_id)
    return CheckpointReply(
        session_id=found.session_id, seq=found.seq, head_hash=found.head_hash, iteration=found.iteration,
        verdict=found.verdict, reason=found.reason, status=found.status.value,
    )  # fmt: skip


class NoteArguments(SessionArguments):
    """Which session is meant, and why."""

    note: Annotated[str, Field(max_length=4000)] = ""
    """Why, for the record."""


async def _pause(call: McpCall, arguments: NoteArguments) -> StatusReply:
    if not (await state_of(call.access.host.journeyman.store, arguments.session_id)).people.paused:
        await call.access.actions.pause(arguments.session_id, arguments.note)
    return await status_of(call.access.host, arguments.session_id)


class ResumeArguments(SessionArguments):
    """Which session is meant, and whether it may ask your model."""

    lend_model: bool = False
    """Let the mission ask your model from now on where it names `advisor: client`; also while it runs already."""


class ResumeReply(StatusReply):
    """Where the session stands."""

    model: str = ""
    """How the mission asks your model; empty where you lend none."""


async def _resume(call: McpCall, arguments: ResumeArguments) -> ResumeReply:
    await state_of(
        call.access.host.journeyman.store, arguments.session_id
    )  # an unknown one is told before anything else
    words = lend_model(call, arguments.session_id) if arguments.lend_model else ""
    await call.access.actions.resume(arguments.session_id)
    return ResumeReply(**dict(await status_of(call.access.host, arguments.session_id)), model=words)


class HistoryArguments(SessionArguments):
    """Which events are meant."""

    newest: bool = False
    """Begin with the newest page and go back; otherwise with the first event and go on. Each page is in the order of events."""
    limit: Annotated[int, Field(ge=1, le=MOST_EVENTS)] = 50
    cursor: str = ""
    """`next_cursor` of the page before."""


class HistoryReply(ToolReply):
    """A page of what happened."""

    session_id: str
    events: list[EventRow]
    next_cursor: str
    """For the next page; empty where there is none yet."""


async def _history(call: McpCall, arguments: HistoryArguments) -> HistoryReply:
    store, session = call.access.host.journeyman.store, arguments.session_id
    known = parts_of(arguments.cursor, 2)
    if known is not None and (known[0] != ("new" if arguments.newest else "old") or not _SEQ.fullmatch(known[1])):
        raise InvalidInput("the call", (Problem(where="cursor", message="was not given out for this order"),))
    place = None if known is None else int(known[1])
    if arguments.newest:
        found = await newest_events(store, session, arguments.limit, place)
        rows = bounded(list(reversed([event_row(item) for item in found])))[::-1]
        more = cursor_of("new", str(rows[0].seq)) if rows and rows[0].seq > 1 else ""
    else:
        found = await events_after(store, session, place or 0, arguments.limit + 1)
        rows = bounded([event_row(item) for item in found[: arguments.limit]])
        more = cursor_of("old", str(rows[-1].seq)) if rows and len(rows) < len(found) else ""
    return HistoryReply(session_id=session, events=rows, next_cursor=more)


def bounded(rows: list[EventRow]) -> list[EventRow]:
    """The first rows that fit on a page; one at least."""
    size = 0
    for index, row in enumerate(rows):
        size += len(row.model_dump_json())
        if index and size > MOST_PAGE_BYTES:
            return rows[:index]
    return rows


class ReportArguments(SessionArguments):
    """Which part of which report is meant."""

    form: Literal["markdown", "json"] = "markdown"
    offset: Annotated[int, Field(ge=0)] = 0
    """Characters to pass by: `next_offset` of the part before."""
    most_characters: Annotated[int, Field(ge=1_000, le=MOST_CHARACTERS)] = 40_000


class ReportReply(ToolReply):
    """A part of a report."""

    session_id: str
    ended: bool
    """Whether it is final."""
    outcome: str | None
    """`achieved`, `not_achieved` or `unknown`; null while the session goes on."""
    form: str
    text: str
    next_offset: int | None
    """Where the next part begins; null where this is the last."""
    total_characters: int
    head_hash: str
    """Where the record ended that the report was made of."""


async def _report(call: McpCall, arguments: ReportArguments) -> ReportReply:
    store = call.access.host.journeyman.store
    state = await state_of(store, arguments.session_id)
    found = await report_of(store, arguments.session_id)
    stands = (
        ""
        if state.status is SessionStatus.ENDED
        else (await status_of(call.access.host, arguments.session_id)).status.words
    )
    whole = rendered(found, Form(arguments.form), stands)
    end = arguments.offset + arguments.most_characters
    return ReportReply(
        session_id=arguments.session_id,
        ended=state.status is SessionStatus.ENDED,
        outcome=state.outcome.value if state.outcome is not None else None,
        form=arguments.form,
        text=whole[arguments.offset : end],
        next_offset=end if end < len(whole) else None,
        total_characters=len(whole),
        head_hash=found.head_hash,
    )


TOOLS: Final = (
    McpTool(
        name="mission_status",
        title="Where a session stands",
        about=f"Tells where a session stands: criteria with their evidence, budget used, what it waits for, what to do next. With wait_s (at most {MOST_WAIT_S}) it waits until the session ends, needs a person or stops, and tells progress meanwhile; call it again where it still runs.",
        scopes=(AccessScope.READ,),
        kind=CallHints.READS,
        arguments=StatusArguments,
        result=StatusReply,
        run=_status,
    ),
    McpTool(
        name="mission_iterate",
        title="Go on step by step",
        about="Lets a paused or stopped session go on for some iterations at most, and pauses it then. Not needed for missions that run by themselves, as mission_start lets them.",
        scopes=(AccessScope.RUN,),
        kind=CallHints.DRIVES,
        arguments=IterateArguments,
        result=StatusReply,
        run=_iterate,
    ),
    McpTool(
        name="mission_checkpoint",
        title="What is on disk of a session",
        about="Gives the number and hash of a session's newest event. Nothing needs to be saved: each event is on disk before it counts, and a session goes on from there after any crash.",
        scopes=(AccessScope.READ,),
        kind=CallHints.READS,
        arguments=SessionArguments,
        result=CheckpointReply,
        run=_checkpoint,
    ),
    McpTool(
        name="mission_history",
        title="What happened",
        about=f"Gives a session's events page by page: at most {MOST_EVENTS} events and {MOST_PAGE_BYTES // 1024} KiB each.",
        scopes=(AccessScope.READ,),
        kind=CallHints.READS,
        arguments=HistoryArguments,
        result=HistoryReply,
        run=_history,
    ),
    McpTool(
        name="mission_report",
        title="The report of a session",
        about=f"Gives what was asked, what was done, what was achieved and what proves it, in Markdown or JSON; at most {MOST_CHARACTERS} characters at a time, next_offset leads on.",
        scopes=(AccessScope.READ,),
        kind=CallHints.READS,
        arguments=ReportArguments,
        result=ReportReply,
        run=_report,
    ),
    McpTool(
        name="mission_pause",
        title="Pause a session",
        about="Stops a session at its next safe point: calls that run are let finish. mission_resume goes on.",
        scopes=(AccessScope.RUN,),
        kind=CallHints.RECORDS,
        arguments=NoteArguments,
        result=StatusReply,
        run=_pause,
    ),
    McpTool(
        name="mission_resume",
        title="Go on with a session",
        about="Goes on, in the background, with a session that was paused, stopped, or interrupted by a crash; with lend_model=true it asks your model from then on.",
        scopes=(AccessScope.RUN,),
        kind=CallHints.DRIVES,
        arguments=ResumeArguments,
        result=ResumeReply,
        run=_resume,
    ),
)
