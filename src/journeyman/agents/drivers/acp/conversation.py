"""One order to an agent over ACP: handshake, a session new or old, one prompt, and its answer.

The SDK speaks for us: it numbers our requests and finds their answers. What the agent sends is read here, message by message
and in order, so that a broken line or a long one ends nothing, and who follows slowly slows the agent.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, cast

import anyio
import anyio.to_thread

from journeyman.advisors.acp_protocol import load_acp, shake_hands, wants_login
from journeyman.agents.drivers.acp.updates import AcpUpdates, permission_answer
from journeyman.agents.drivers.dialogues.base import table, text, word
from journeyman.agents.drivers.ending import ProcessEnd, judge_end, last_line
from journeyman.agents.drivers.events import (
    AgentEnded,
    AgentEvent,
    Ending,
    Notice,
    SessionStarted,
    Unreadable,
    clip,
)
from journeyman.agents.drivers.json_lines import JsonLines, Row
from journeyman.agents.drivers.program_conversation import AgentProgram, Talk, program_at_work
from journeyman.agents.drivers.session import Session
from journeyman.concurrency.abandonable_tasks import IsolatedTask

_LINGER_S: Final = 2.0
"""How long an agent has to go by itself when its input has ended: its work is done, and it has said so."""
_CANCEL_S: Final = 2.0
"""How long it has to end its turn, and its tools, when it is told to."""
_REPLAYED_S: Final = 0.3
"""A session that goes on tells its past again; some still do so after they have said that it is there."""
_WAITING: Final = 64
"""Answers of an agent that wait to be taken."""
_NO_SUCH_METHOD: Final = -32601
_INTERNAL_ERROR: Final = -32603


@dataclass(frozen=True, slots=True, kw_only=True)
class AcpOpening:
    """How a session is begun."""

    agent: str
    model: str = ""
    """What it is told to choose; empty: its own choice."""
    login_method: str = ""
    mode: str = ""
    """The session mode in which it asks."""
    tells_usage: bool = True


class _Refused(Exception):
    """It cannot do what the order needs."""


class AgentMessages:
    """What an agent sends, read on and on; to the SDK, the stream of the agent's answers."""

    def __init__(self, talk: Talk, session: Session, updates: AcpUpdates) -> None:
        self.lines = JsonLines()
        self.updates = updates
        self.session_id = ""
        """The session whose updates count; empty: none do yet."""
        self.heard = 0
        self._talk = talk
        self._session = session
        self._give, self._answers = anyio.create_memory_object_stream[Row](_WAITING)

    async def read(self) -> None:
        """Until its output ends."""
        with self._give:
            while chunk := await self._talk.read():
                self._session.hear(chunk)
                for found in self.lines.feed(chunk):
                    await self._take(found)
            for found in self.lines.close():
                await self._take(found)

    async def send(self, message: Mapping[str, object]) -> None:
        """Send a message to the agent."""
        await self._talk.write(json.dumps(message).encode() + b"\n")

    async def receive(self) -> Row | None:
        """The next answer of the agent; `None` when its output has ended."""
        with suppress(anyio.EndOfStream, anyio.ClosedResourceError):
            return await self._answers.receive()
        return None

    async def close(self) -> None:
        """Take no more answers."""
        self._answers.close()

    async def tell(self, events: list[AgentEvent]) -> None:
        """Pass on what a message means."""
        for event in events:
            await self._session.tell(event)

    async def _take(self, found: Row | Unreadable) -> None:
        if isinstance(found, Unreadable):
            await self._session.tell(found)
            return
        self.heard += 1
        method, params = found.get("method"), found.get("params")
        about = cast("Row", params) if isinstance(params, dict) else {}
        ours = bool(self.session_id) and about.get("sessionId") == self.session_id
        if method is None:
            if isinstance(found.get("id"), int):  # as ours all are
                with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):  # nobody waits any more
                    await self._give.send(_as_answer(found))
        elif method == "session/update":
            await self.tell(list(self.updates.read(table(about, "update"))) if ours else [])
        elif "id" in found and method == "session/request_permission":
            await self._answer(found["id"], about)
        elif "id" in found:
            error = {"code": _NO_SUCH_METHOD, "message": f"not offered here: {word(method)}"}
            await self.send({"jsonrpc": "2.0", "id": found["id"], "error": error})

    async def _answer(self, number: object, params: Row) -> None:
        """By the policy or a person; also where a part of the agent asks, in a session of its own."""
        events, asked = self.updates.asked(word(str(number)), params)
        await self.tell(events)
        allowed = await self._session.ask(asked)
        self.updates.answered(asked, allowed=allowed)
        await self.send({"jsonrpc": "2.0", "id": number, "result": permission_answer(params, allowed=allowed)})


class AcpConversation:
    """One run of the agent."""

    def __init__(self, program: AgentProgram, opening: AcpOpening) -> None:
        self._program = program
        self._opening = opening

    async def hold(self, session: Session) -> AgentEnded:
        """From its start to its end."""
        acp = await anyio.to_thread.run_sync(load_acp, abandon_on_cancel=True)
        async with program_at_work(self._program, session) as talk:
            messages = AgentMessages(talk, session, AcpUpdates(tells_usage=self._opening.tells_usage))
            reading = IsolatedTask(messages.read())
            connection = acp.connect_to_agent(_Nobody(), messages)
            try:
                claim = await self._claim(acp, connection, messages, session)
                talk.close_input()
                code = await talk.exited(_LINGER_S)
                with anyio.move_on_after(_LINGER_S):
                    await asyncio.wait({reading.task})
            finally:
                await messages.close()
                await reading.cancel()
                with suppress(Exception), anyio.move_on_after(_LINGER_S, shield=True):
                    await connection.close()
            if reading.task.done() and not reading.task.cancelled() and (fault := reading.task.exception()) is not None:
                raise fault
        process = ProcessEnd(
            exit_code=code, oversized_bytes=messages.lines.oversized_bytes, torn=messages.lines.torn,
            complaint=last_line(session.errors), stays=True,
        )  # fmt: skip
        return judge_end(claim, process)

    async def _claim(self, acp: Any, connection: Any, messages: AgentMessages, session: Session) -> AgentEnded | None:
        """What the agent says of its end; `None` where its connection was lost before."""
        try:
            session_id = await self._begin(acp, connection, messages, session)
            messages.session_id = session_id
            response = await self._prompted(acp, connection, session_id, session)
            *events, ended = messages.updates.ended(response, cancelling=False)
        except ConnectionError:
            await messages.tell(list(messages.updates.at_end()))
            return None
        except _Refused as error:
            return AgentEnded(how=Ending.FAILED, stop_reason="not_offered", detail=clip(str(error), 500))
        except acp.RequestError as error:
            await messages.tell(list(messages.updates.at_end()))
            reason = "login_needed" if wants_login(error) else word(str(error.code))
            return AgentEnded(how=Ending.FAILED, stop_reason=reason, detail=_error_text(error))
        await messages.tell(events)
        return ended if isinstance(ended, AgentEnded) else None

    async def _begin(self, acp: Any, connection: Any, messages: AgentMessages, session: Session) -> str:
        """Shake hands and have a session; its id."""
        hello = await shake_hands(acp, connection)
        if hello.protocol_version != acp.PROTOCOL_VERSION:
            raise _Refused(f"it speaks version {hello.protocol_version} of ACP, and we speak {acp.PROTOCOL_VERSION}")
        try:
            began = await self._session(connection, hello, messages, session)
        except acp.RequestError as error:
            methods = [method.id for method in hello.auth_methods or ()]
            if not wants_login(error) or self._opening.login_method not in methods:
                raise
            await connection.authenticate(method_id=self._opening.login_method)
            began = await self._session(connection, hello, messages, session)
        session_id = session.order.resume or began.session_id
        info = hello.agent_info
        await session.tell(
            SessionStarted(
                agent=self._opening.agent, session_id=word(session_id), version=word(info.version if info else ""),
                model=self._opening.model,
            )
        )  # fmt: skip
        modes = [mode.id for mode in began.modes.available_modes] if began.modes else []
        if self._opening.mode in modes:
            await connection.set_session_mode(session_id=session_id, mode_id=self._opening.mode)
        await self._choose_model(connection, session_id, began, session)
        return str(session_id)

    async def _session(self, connection: Any, hello: Any, messages: AgentMessages, session: Session) -> Any:
        """A new session, or the one that the order goes on with."""
        folder, resume = str(session.order.workspace), session.order.resume
        if not resume:
            return await connection.new_session(cwd=folder, mcp_servers=[])
        can = hello.agent_capabilities
        if can is not None and can.session_capabilities is not None and can.session_capabilities.resume is not None:
            return await connection.resume_session(session_id=resume, cwd=folder, mcp_servers=[])
        if can is None or not can.load_session:
            raise _Refused(f"it cannot go on with a session, such as {resume!r}; start a new one")
        found = await connection.load_session(session_id=resume, cwd=folder, mcp_servers=[])
        known = -1
        while known != messages.heard:  # until it has told its past
            known = messages.heard
            await anyio.sleep(_REPLAYED_S)
        return found

    async def _choose_model(self, connection: Any, session_id: str, began: Any, session: Session) -> None:
        if not self._opening.model:
            return
        for option in began.config_options or ():
            if getattr(option, "category", None) == "model":
                await connection.set_config_option(
                    config_id=option.id, session_id=session_id, value=self._opening.model
                )
                return
        await session.tell(Notice(text=f"it offers no choice of its model: {self._opening.model!r} was not chosen"))

    async def _prompted(self, acp: Any, connection: Any, session_id: str, session: Session) -> Row:
        """The answer to the prompt. Cancelled, the agent is told so, and has a moment to end its turn."""
        words = [acp.schema.TextContentBlock(type="text", text=session.order.prompt)]
        turn = asyncio.ensure_future(connection.prompt(session_id=session_id, prompt=words))
        try:
            response = await asyncio.shield(turn)
        except asyncio.CancelledError:
            with anyio.move_on_after(_CANCEL_S, shield=True), suppress(ConnectionError):
                await connection.cancel(session_id=session_id)
                await asyncio.wait({turn})
            turn.cancel()
            raise
        return cast("Row", response.model_dump(mode="json", by_alias=True, exclude_none=True))


class _Nobody:
    """Answers no request: `AgentMessages` does."""

    def on_connect(self, conn: Any) -> None:
        """Need nothing of the connection."""


def _as_answer(row: Row) -> Row:
    """An answer as the SDK can take it: one whose error is none that the protocol knows ends its reading."""
    if "result" in row or "error" not in row:
        return row
    error = table(row["error"])
    number = error.get("code")
    said = {
        "code": number if isinstance(number, int) else _INTERNAL_ERROR,
        "message": text(error.get("message")) or text(row["error"]) or "it gave an error without words",
        "data": error.get("data"),
    }
    return {**row, "error": said}


def _error_text(error: Any) -> str:
    """What an error says, with the details that agents put beside a text that says nothing."""
    data = error.data
    details = text(data) or next((text(value) for value in table(data).values() if text(value)), "")
    return clip(": ".join(part for part in (text(str(error)), details) if part), 500)
