"""The tools that speak for a person: approve, amend, end, abort. Who may, a scope says; else the person is asked."""

from __future__ import annotations

from typing import Annotated, Final

import mcp_types as types
from pydantic import Field, JsonValue

from journeyman.engine.record_reading import state_of
from journeyman.hosting.access import AccessScope
from journeyman.interfaces.mcp.elicitation import ask_person, can_ask
from journeyman.interfaces.mcp.session_status import StatusReply, status_of
from journeyman.interfaces.mcp.session_tools import NoteArguments, SessionArguments
from journeyman.interfaces.mcp.tool_definition import CallHints, McpCall, McpTool
from journeyman.mission.model.reasons import SessionStatus
from journeyman.mission.model.state import State
from journeyman.mission.values.errors import NotAllowed
from journeyman.mission.values.printable import visible_line

_SHORT: Final = 200
_MOST_CALLS: Final = 16


class ApproveArguments(NoteArguments):
    """What is answered."""

    granted: bool = True
    """Yes or no. Counts only where you have the scope `person`; else the person in front of the client is asked."""
    approval: str = ""
    """Which question; the open one where it is left out. Names an approval criterion to answer it ahead of time."""


async def _approve(call: McpCall, arguments: ApproveArguments) -> StatusReply | types.InputRequiredResult:
    access, session = call.access, arguments.session_id
    if AccessScope.PERSON in access.caller.scopes:
        await access.actions.answer(
            session, granted=arguments.granted, approval=arguments.approval, note=arguments.note
        )
        return await status_of(access.host, session)
    state = await state_of(access.host.journeyman.store, session)
    pending = state.people.pending
    name = arguments.approval or (pending.approval if pending is not None else "")
    if pending is None or pending.approval != name:
        raise NotAllowed(
            f"session {session} asks nothing{f' called {name!r}' if name else ''} now", code="nothing_asked"
        )
    if not access.asks_person or not can_ask(call):
        raise _durable_wait(session, "this client cannot ask its person here")
    answer = await ask_person(call, name, _question(state, pending.question))
    if isinstance(answer, types.InputRequiredResult):
        return answer
    if answer is None:
        raise _durable_wait(session, "the person gave no answer")
    await access.as_person.answer(session, granted=answer.granted, approval=name, note=answer.note)
    return await status_of(access.host, session)


def _durable_wait(session: str, why: str) -> NotAllowed:
    return NotAllowed(
        f"{why}; the question waits for as long as it takes, and survives restarts. A person answers it with: "
        f"journeyman approve {session}, or: journeyman deny {session}",
        code="waits_for_person",
    )


def _question(state: State, question: str) -> str:
    """What the person reads: the mission, what is asked, and the calls that it is about."""
    lines = [f"{state.mission.name} (session {state.session_id}) asks: {visible_line(question, _SHORT * 2)}"]
    strategy = state.iteration.strategy
    if strategy is not None and state.people.pending is not None and strategy.script is None:
        of_iteration = state.people.pending.approval == f"iteration-{state.iteration.index}"
        calls = strategy.calls if of_iteration else ()
        lines += [f"- {item.tool} {visible_line(str(dict(item.args)), _SHORT)}" for item in calls[:_MOST_CALLS]]
        if len(calls) > _MOST_CALLS:
            lines.append(f"- and {len(calls) - _MOST_CALLS} more")
    return "\n".join(lines)


async def _complete(call: McpCall, arguments: NoteArguments) -> StatusReply:
    return await _end(call, arguments, abort=False)


async def _abort(call: McpCall, arguments: NoteArguments) -> StatusReply:
    return await _end(call, arguments, abort=True)


async def _end(call: McpCall, arguments: NoteArguments, *, abort: bool) -> StatusReply:
    """End it, and wait a little for the ending to be written. One that has ended is left as it is."""
    host, session = call.access.host, arguments.session_id
    call.access.caller.require(AccessScope.PERSON)
    if (await state_of(host.journeyman.store, session)).status is not SessionStatus.ENDED:
        await call.access.actions.end(session, abort=abort, note=arguments.note)
        await host.rest(session, _ENDING_S)
    return await status_of(host, session)


_ENDING_S: Final = 5.0
"""Seconds in which the ending is written where no call of a tool holds it up."""


class AmendArguments(SessionArguments):
    """What becomes different."""

    budget: Annotated[dict[str, JsonValue], Field(min_length=1)]
    """New ceilings by kind: iterations, wall_clock_s, tool_calls, tokens, cost_usd; null is no limit."""


async def _amend(call: McpCall, arguments: AmendArguments) -> StatusReply:
    await call.access.actions.amend(arguments.session_id, arguments.budget)
    return await status_of(call.access.host, arguments.session_id)


TOOLS: Final = (
    McpTool(
        name="mission_approve",
        title="Answer what a session asks",
        about="Answers the open question of a session. Where the caller may not speak for a person, the person in front of the client is asked (elicitation), and their word is recorded; never answer in their place. Where that cannot be, an error says how a person answers later: the question waits.",
        scopes=(AccessScope.RUN, AccessScope.PERSON),
        kind=CallHints.DRIVES,
        arguments=ApproveArguments,
        result=StatusReply,
        run=_approve,
    ),
    McpTool(
        name="mission_complete",
        title="End a session",
        about="Ends a session as `forced`, once its running calls have settled; its outcome stays what the evidence says, so this achieves nothing by itself. For a person: needs the scope `person`.",
        scopes=(AccessScope.PERSON,),
        kind=CallHints.ENDS,
        arguments=NoteArguments,
        result=StatusReply,
        run=_complete,
    ),
    McpTool(
        name="mission_abort",
        title="Abort a session",
        about="Ends a session now and cancels its running calls; its outcome stays what the evidence says. For a person: needs the scope `person`.",
        scopes=(AccessScope.PERSON,),
        kind=CallHints.ENDS,
        arguments=NoteArguments,
        result=StatusReply,
        run=_abort,
    ),
    McpTool(
        name="mission_amend",
        title="Give a session another budget",
        about="Changes ceilings of a session's budget; the change is recorded, and the session goes on with it. For a person: needs the scope `person`.",
        scopes=(AccessScope.PERSON,),
        kind=CallHints.DRIVES,
        arguments=AmendArguments,
        result=StatusReply,
        run=_amend,
    ),
)
