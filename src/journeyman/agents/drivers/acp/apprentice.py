"""An agent behind ACP, as the port to agents has it."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from journeyman.advisors.acp_protocol import MISSING_EXTRA, acp_installed
from journeyman.agents.drivers.acp.conversation import AcpConversation, AcpOpening
from journeyman.agents.drivers.acp.known_agents import AcpAgent
from journeyman.agents.drivers.base import AgentReadiness, Capabilities, WorkOrder
from journeyman.agents.drivers.dialogues.base import Launch, Redirect
from journeyman.agents.drivers.installed import (
    agent_environment,
    confine_order,
    program_readiness,
    refuse_unready,
    will_be_confined,
)
from journeyman.agents.drivers.program_conversation import AgentProgram
from journeyman.agents.drivers.session import Session, session_of
from journeyman.agents.settings import AgentSettings
from journeyman.mission.values.errors import NotAllowed


@dataclass(frozen=True, slots=True, kw_only=True)
class AcpApprentice:
    """A coding agent that is started for each order, and spoken to by ACP."""

    agent: AcpAgent
    own: AgentSettings = field(default_factory=AgentSettings)
    """How it is started, where that is not as usual."""
    model_url: str = ""
    """Where its model is asked instead; empty: where it always is."""
    variables: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    """Where variables come from."""

    @property
    def name(self) -> str:
        """Its name in settings and records."""
        return self.agent.host

    @property
    def capabilities(self) -> Capabilities:
        """What can be had of it, if it is as its kind is: it says itself only when it runs."""
        return self.agent.capabilities

    def readiness(self) -> AgentReadiness:
        """Tell whether its program is there, and the protocol."""
        if not acp_installed():
            return AgentReadiness(ready=False, why=MISSING_EXTRA)
        return program_readiness(self._command(), self.agent.install)

    @asynccontextmanager
    async def start(self, order: WorkOrder) -> AsyncGenerator[Session]:
        """Put it to work."""
        refuse_unready(self.name, self.readiness())
        if order.resume and not self.capabilities.resumes:
            raise NotAllowed(
                f"{self.name} cannot go on with a session over ACP; leave out resume, or take another driver of it",
                code="no_resume",
            )
        other = self._redirect()
        confined = await will_be_confined(self.own)
        launch = Launch(order=order, model=self.own.model or other.model, confined=confined)
        by_flag = self.agent.model_flag if launch.model else ""
        flag = [by_flag, launch.model] if by_flag else []
        environment = agent_environment(
            (*self.agent.variables, *self.own.environment),
            {**self.agent.fixed(launch), **other.variables},
            self.variables,
        )
        program = AgentProgram(
            argv=[*self._command(), *flag, *other.arguments, *self.own.arguments],
            folder=order.workspace,
            environment=environment,
            confine=confine_order(self.name, self.own, environment),
        )
        opening = AcpOpening(
            agent=self.name, model="" if by_flag else launch.model, login_method=self.agent.login_method,
            mode=self.agent.mode, tells_usage=not self.agent.usage_of_last_answer,
        )  # fmt: skip
        async with session_of(AcpConversation(program, opening), order) as session:
            yield session

    def _redirect(self) -> Redirect:
        if not self.model_url:
            return Redirect()
        if self.agent.redirect is None:
            raise NotAllowed(f"{self.name} cannot be pointed to another model", code="no_redirect")
        return self.agent.redirect(self.model_url)

    def _command(self) -> list[str]:
        return list(self.own.command or self.agent.command)
