"""Drives agents that print their events as lines of JSON."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import anyio

from journeyman.agents import HOSTS
from journeyman.agents.drivers.base import AgentReadiness, WorkOrder
from journeyman.agents.drivers.dialogues.base import Dialogue, HeadlessAgent
from journeyman.agents.drivers.ending import ProcessEnd, judge_end, last_line
from journeyman.agents.drivers.events import (
    AgentEnded,
    AgentEvent,
    AgentMessage,
    Ending,
    PermissionAsked,
    ToolFinished,
    ToolStarted,
    Unreadable,
    UsageReported,
)
from journeyman.agents.drivers.installed import (
    program_readiness,
    refuse_unready,
)
from journeyman.agents.drivers.json_lines import JsonLines, Row
from journeyman.agents.drivers.known_agent import KnownApprentice
from journeyman.agents.drivers.program_conversation import AgentProgram, Talk, program_at_work
from journeyman.agents.drivers.session import Session, session_of
from journeyman.mission.values.errors import NotAllowed

_LINGER_S: Final = 10.0
"""How long an agent has to go by itself after its result, or after it has closed its output."""
_MOST_ARGUMENT_BYTES: Final = 100_000
"""Linux refuses an argument of 128 KiB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadlessApprentice(KnownApprentice):
    """A coding agent that is run without a terminal, once for each order."""

    agent: HeadlessAgent

    def readiness(self) -> AgentReadiness:
        """Tell whether its program is there."""
        return program_readiness(self._command(), self.agent.install)

    @asynccontextmanager
    async def start(self, order: WorkOrder) -> AsyncGenerator[Session]:
        """Put it to work."""
        refuse_unready(self.name, self.readiness())
        if self.agent.prompt_in_arguments and len(order.prompt.encode("utf-8", "replace")) > _MOST_ARGUMENT_BYTES:
            raise NotAllowed(
                f"{self.name} takes its prompt as an argument, of at most {_MOST_ARGUMENT_BYTES} bytes; shorten it, "
                "or put it in a file of the workspace and name that",
                code="prompt_too_long",
            )
        other = self.other_model()
        launch = await self.launch(order, other)
        program = self.program([*self._command(), *self.agent.arguments(launch)], launch, other)
        conversation = HeadlessConversation(program, self.agent.dialogue(), counts_on=self.capabilities.counts_on)
        async with session_of(conversation, order) as session:
            yield session

    def _command(self) -> list[str]:
        return list(self.own.command) or [HOSTS[self.agent.host].programs[0]]


class HeadlessConversation:
    """One run of the agent."""

    def __init__(self, program: AgentProgram, dialogue: Dialogue, *, counts_on: bool) -> None:
        self._counts_on = counts_on
        self._program = program
        self._dialogue = dialogue
        self._claim: AgentEnded | None = None
        self._claimed_s: float | None = None

    async def hold(self, session: Session) -> AgentEnded:
        """From its start to its end."""
        lines = JsonLines()
        async with program_at_work(self._program, session) as talk:
            self._open(talk, session.order)
            while chunk := await self._heard(talk):
                session.hear(chunk)
                for found in lines.feed(chunk):
                    await self._take(found, talk, session)
                if self._claim is not None and self._dialogue.keeps_input:
                    talk.close_input()
            for found in lines.close():
                await self._take(found, talk, session)
            for event in self._dialogue.at_end():
                await self._tell(event, talk, session)
            code = await talk.exited(self._lingers_s())
        complaint = last_line(session.errors)
        process = ProcessEnd(
            exit_code=code, oversized_bytes=lines.oversized_bytes, torn=lines.torn, complaint=complaint
        )
        return judge_end(self._claim, process)

    async def _heard(self, talk: Talk) -> bytes:
        """The next piece of its output; nothing where it only stays after its result, whatever noise it makes."""
        if self._claim is None:
            return await talk.read()
        with anyio.move_on_after(self._lingers_s()):
            return await talk.read()
        return b""

    def _lingers_s(self) -> float:
        """What is left of its time to go by itself."""
        since_s = 0.0 if self._claimed_s is None else time.monotonic() - self._claimed_s
        return max(0.0, _LINGER_S - since_s)

    def _open(self, talk: Talk, order: WorkOrder) -> None:
        """Without waiting: an agent may talk before it has read a long prompt."""
        if self._dialogue.keeps_input:
            talk.writer.write(self._dialogue.opening(order))
        else:
            talk.give(self._dialogue.opening(order))

    async def _take(self, found: Row | Unreadable, talk: Talk, session: Session) -> None:
        if isinstance(found, Unreadable):
            await session.tell(found)
            return
        for event in self._dialogue.read(found):
            await self._tell(event, talk, session)
        await talk.write(self._dialogue.refuse_unknown(found))

    async def _tell(self, event: AgentEvent, talk: Talk, session: Session) -> None:
        match event:
            case AgentEnded():
                if self._claim is None or self._claim.how is Ending.FINISHED:
                    self._claim, self._claimed_s = event, time.monotonic()
            case PermissionAsked():
                await talk.write(self._dialogue.reply(event, allowed=await session.ask(event)))
            case UsageReported() if self._counts_on and session.order.used_before is not None:
                await session.tell(UsageReported(usage=event.usage.since(session.order.used_before)))
            case _:
                if isinstance(event, AgentMessage | ToolStarted | ToolFinished):
                    self._claim = self._claimed_s = (
                        None  # it goes on: what it said of its end was about an earlier turn
                    )
                await session.tell(event)
