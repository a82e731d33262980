"""An agent at work, whatever the way it is spoken to: its events, its limits, its questions, its end."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Final, Protocol

import anyio
import anyio.lowlevel

from journeyman.agents.drivers.base import WorkOrder, WorkResult
from journeyman.agents.drivers.confinement import Confinement
from journeyman.agents.drivers.ending import exceeded
from journeyman.agents.drivers.events import (
    AgentEnded,
    AgentEvent,
    AgentMessage,
    AnsweredBy,
    Ending,
    PermissionAnswered,
    PermissionAsked,
    SessionStarted,
    ToolStarted,
    Usage,
    UsageReported,
    clip,
)
from journeyman.agents.drivers.permissions import Access
from journeyman.concurrency.abandonable_tasks import IsolatedTask
from journeyman.mission.values.errors import JourneymanError
from journeyman.tools.processes.kept_output import KeptOutput

_BUFFERED: Final = 256
"""Events that wait for a follower; then the agent waits."""
_RAW_HEAD_BYTES: Final = 4 << 20
_RAW_TAIL_BYTES: Final = 1 << 20
_ENDING_S: Final = 15.0
"""More than ending an agent takes, which is bounded itself."""
_STEP_S: Final = 0.05
"""How exactly limits of time are held."""


class Conversation(Protocol):
    """How an agent is spoken to, from its start to its end; cancelled, it ends the agent and all its descendants."""

    async def hold(self, session: Session) -> AgentEnded:
        """Start the agent, call `session.begun`, tell the session what happens; gives the end.

        Raises before `begun` where the agent cannot be started.
        """
        ...


class Session:
    """One piece of work: an `AgentSession` to who follows it, and what a `Conversation` talks to."""

    def __init__(self, order: WorkOrder) -> None:
        self.order = order
        self.raw = KeptOutput(_RAW_HEAD_BYTES, _RAW_TAIL_BYTES)
        self.errors = b""
        """The end of what it wrote to standard error."""
        self.confinement: Confinement | None = None
        """What confines its program, where it has one."""
        self.failed: JourneymanError | None = None
        """Why it could not be started."""
        self._send, self._receive = anyio.create_memory_object_stream[AgentEvent](_BUFFERED)
        self._scope = anyio.CancelScope()
        self._stopped: AgentEnded | None = None
        self._ended: AgentEnded | None = None
        self._running = anyio.Event()
        self._over = anyio.Event()
        self._usage: Usage | None = None
        self._calls = 0
        self._session_id = ""
        self._message = ""
        self._began_s = self._heard_s = time.monotonic()
        self._ended_s = 0.0
        self._waited_s = 0.0
        self._waits_since_s: float | None = None
        self._held_up = False
        """The agent waits for who follows it, who is slow."""
        self._gone: anyio.Event | None = None

    async def follow(self) -> AsyncIterator[AgentEvent]:
        """The events as they come; `AgentEnded` is the last one."""
        async for event in self._receive:
            yield event

    async def cancel(self) -> None:
        """Have it ended."""
        self._stop(AgentEnded(how=Ending.CANCELLED, stop_reason="cancelled"))

    async def collect(self) -> WorkResult:
        """The result, once it has ended."""
        async for _ in self._receive:
            pass
        await self._over.wait()
        assert self._ended is not None  # noqa: S101 - `_over` says so
        return WorkResult(
            ended=self._ended, session_id=self._session_id, usage=self._usage, tool_calls=self._calls,
            message=self._message, raw=self.raw.kept(), raw_bytes=self.raw.total_bytes, errors=self.errors, confinement=self.confinement,
            duration_s=self._ended_s - self._began_s,
        )  # fmt: skip

    def begun(self, gone: anyio.Event | None = None) -> None:
        """The agent runs: from now on nothing raises. `gone` is set when it does not any more, whatever it last asked."""
        self._gone = gone
        self._running.set()

    def hear(self, chunk: bytes = b"") -> None:
        """The agent wrote something."""
        self._heard_s = time.monotonic()
        self.raw.add(chunk)

    async def tell(self, event: AgentEvent) -> None:
        """Pass on what happened, and hold the limits over it."""
        match event:
            case SessionStarted():
                self._session_id = event.session_id or self._session_id
            case AgentMessage():
                self._message = event.text
            case ToolStarted():
                self._calls += 1
            case UsageReported():
                self._usage = event.usage.at_least(self._usage or event.usage)
                event = UsageReported(usage=self._usage)
            case _:
                pass
        await self._pass_on(event)
        if why := exceeded(self.order.limits, self._usage, self._calls):
            self._stop(AgentEnded(how=Ending.LIMIT, detail=why))
            await anyio.lowlevel.checkpoint()

    async def ask(self, asked: PermissionAsked) -> bool:
        """Whether the agent may: by the policy, by a person, or no."""
        await self._pass_on(asked)
        access, by = self.order.policy.decide(asked, self.order.workspace), AnsweredBy.POLICY
        allowed = access is Access.ALLOW
        if access is Access.ASK and self.order.ask_person is None:
            by = AnsweredBy.NOBODY
        elif access is Access.ASK and self.order.ask_person is not None:
            by, self._waits_since_s = AnsweredBy.NOBODY, time.monotonic()
            try:
                async with anyio.create_task_group() as group:
                    group.start_soon(self._leave_when_gone, group.cancel_scope)
                    allowed, by = await self.order.ask_person(asked), AnsweredBy.PERSON
                    group.cancel_scope.cancel()
            finally:
                self._waited_s += time.monotonic() - self._waits_since_s
                self._heard_s, self._waits_since_s = time.monotonic(), None
        await self._pass_on(PermissionAnswered(request_id=asked.request_id, allowed=allowed, by=by))
        return allowed

    async def _leave_when_gone(self, scope: anyio.CancelScope) -> None:
        """Ask nobody any more for an agent that is gone."""
        if self._gone is not None:
            await self._gone.wait()
            scope.cancel()

    async def run(self, conversation: Conversation) -> None:
        """Hold a conversation, within the limits, and tell its end; never raises for what the agent does."""
        claim: AgentEnded | None = None
        try:
            with self._scope:
                async with anyio.create_task_group() as group:
                    group.start_soon(self._watch_time)
                    claim = await self._held(conversation)
                    group.cancel_scope.cancel()
        finally:
            self._ended_s = time.monotonic()
            self._ended = last = self._last(claim)
            self._running.set()
            self._over.set()
        await self._pass_on(last)
        self._send.close()

    async def _held(self, conversation: Conversation) -> AgentEnded | None:
        """The end that a conversation gives; whatever breaks in it once the agent runs is an end, too."""
        try:
            return await conversation.hold(self)
        except JourneymanError as error:
            if not self._running.is_set():
                self.failed = error
            return AgentEnded(how=Ending.UNKNOWN, detail=clip(str(error), 500))
        except Exception as error:  # noqa: BLE001 - nothing that an agent says may break who follows it
            return AgentEnded(how=Ending.UNKNOWN, detail=clip(f"what it said could not be followed: {error!r}", 500))

    def _last(self, claim: AgentEnded | None) -> AgentEnded:
        """The end, from why it was stopped and what the conversation says."""
        if self._stopped is not None:
            code = claim.exit_code if claim is not None else None
            return replace(self._stopped, exit_code=code)
        if claim is None:
            return AgentEnded(how=Ending.CANCELLED, stop_reason="cancelled")
        limit_usd = self.order.limits.cost_usd
        if limit_usd is not None and (self._usage is None or self._usage.cost_usd is None) and not claim.detail:
            return replace(claim, detail=f"it does not say what it cost: {limit_usd:g} USD could not be held")
        return claim

    def close(self) -> None:
        """Nobody follows any more: whoever waits to tell goes on."""
        self._receive.close()
        self._send.close()

    async def wait_begun(self) -> None:
        """Until the agent runs, or never will."""
        await self._running.wait()

    async def _pass_on(self, event: AgentEvent) -> None:
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):  # nobody follows any more
            try:
                self._send.send_nowait(event)
            except anyio.WouldBlock:
                self._held_up = True
                try:
                    await self._send.send(event)
                finally:
                    self._held_up, self._heard_s = False, time.monotonic()

    def _stop(self, why: AgentEnded) -> None:
        """End the agent; the first reason is the one."""
        if self._stopped is None and not self._over.is_set():
            self._stopped = why
            self._scope.cancel()

    async def _watch_time(self) -> None:
        limits = self.order.limits
        while True:
            now_s = time.monotonic()
            if self._waits_since_s is None:
                worked_s = now_s - self._began_s - self._waited_s
                if limits.wall_clock_s is not None and worked_s >= limits.wall_clock_s:
                    self._stop(AgentEnded(how=Ending.LIMIT, detail=f"its {limits.wall_clock_s:g} seconds were over"))
                silent_s = 0.0 if self._held_up else now_s - self._heard_s
                if limits.silence_s is not None and silent_s >= limits.silence_s:
                    self._stop(AgentEnded(how=Ending.LIMIT, detail=f"it was silent for {limits.silence_s:g} seconds"))
            await anyio.sleep(_STEP_S)


@asynccontextmanager
async def session_of(conversation: Conversation, order: WorkOrder) -> AsyncGenerator[Session]:
    """A conversation under way; leaving the block ends it. Raises where the agent cannot be started."""
    session = Session(order)
    work = IsolatedTask(session.run(conversation))
    try:
        await session.wait_begun()
        if session.failed is not None:
            raise session.failed
        yield session
    finally:
        session.close()
        await work.cancel(_ENDING_S)
