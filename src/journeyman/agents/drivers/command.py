"""Drives any program as an agent: a list of arguments, never a shell; its exit code is all that it says of its end."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from journeyman.agents.drivers.base import AgentReadiness, Capabilities, WorkOrder
from journeyman.agents.drivers.events import AgentEnded, AgentMessage, Ending, SessionStarted, clip
from journeyman.agents.drivers.installed import (
    agent_environment,
    confine_order,
    program_readiness,
    refuse_unready,
    scratch_folder,
)
from journeyman.agents.drivers.program_conversation import AgentProgram, program_at_work
from journeyman.agents.drivers.session import Session, session_of
from journeyman.agents.settings import AgentSettings
from journeyman.tools.processes.kept_output import KeptOutput

WORKSPACE: Final = "{workspace}"
PROMPT_FILE: Final = "{prompt_file}"
_SAID_BYTES: Final = 32_000
_LINGER_S: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandApprentice:
    """A program of which nothing is known: it works in its folder, and exits with 0 when it is through."""

    own: AgentSettings
    """Its command is a list in which `{workspace}` and `{prompt_file}` are replaced; without the latter it reads the prompt on
    its input."""
    name: str = "command"
    variables: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    """Where variables come from."""

    @property
    def capabilities(self) -> Capabilities:
        """It asks nothing and tells nothing."""
        return Capabilities(tells_usage=False)

    def readiness(self) -> AgentReadiness:
        """Tell whether its program is there."""
        return program_readiness(self.own.command)

    @asynccontextmanager
    async def start(self, order: WorkOrder) -> AsyncGenerator[Session]:
        """Put it to work."""
        refuse_unready(self.name, self.readiness())
        given = order.prompt.encode("utf-8", "replace")
        words = (*self.own.command, *self.own.arguments)
        by_file = any(PROMPT_FILE in word for word in words)
        environment = agent_environment(self.own.environment, {}, self.variables)
        with scratch_folder() as scratch:
            file = scratch / "prompt.txt"
            file.write_bytes(given)
            places = {WORKSPACE: str(order.workspace), PROMPT_FILE: str(file)}
            program = AgentProgram(
                argv=[_filled(word, places) for word in words],
                folder=order.workspace,
                environment=environment,
                scratch=scratch,
                confine=confine_order(self.name, self.own, environment),
            )
            conversation = _CommandConversation(self.name, program, b"" if by_file else given)
            async with session_of(conversation, order) as session:
                yield session


def _filled(word: str, places: Mapping[str, str]) -> str:
    for mark, value in places.items():
        word = word.replace(mark, value)
    return word


@dataclass(frozen=True, slots=True)
class _CommandConversation:
    """One run of it."""

    name: str
    program: AgentProgram
    given: bytes = field(repr=False)

    async def hold(self, session: Session) -> AgentEnded:
        """From its start to its end."""
        said = KeptOutput(0, _SAID_BYTES)
        async with program_at_work(self.program, session) as talk:
            await session.tell(SessionStarted(agent=self.name))
            talk.give(self.given)
            while chunk := await talk.read():
                session.hear(chunk)
                said.add(chunk)
            code = await talk.exited(_LINGER_S)
        if text := said.kept().decode("utf-8", "replace").strip():
            await session.tell(AgentMessage(text=clip(text)))
        reason = f"exit {code}"
        if code == 0:
            return AgentEnded(how=Ending.FINISHED, stop_reason=reason, exit_code=0)
        if code is None:
            return AgentEnded(how=Ending.UNKNOWN, detail="it closed its output and did not exit")
        return AgentEnded(how=Ending.FAILED, stop_reason=reason, exit_code=code)
