"""An agent behind ACP, as the port to agents has it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from journeyman.advisors.acp_protocol import MISSING_EXTRA, acp_installed
from journeyman.agents.drivers.acp.conversation import AcpConversation, AcpOpening
from journeyman.agents.drivers.acp.known_agents import AcpAgent
from journeyman.agents.drivers.base import AgentReadiness, WorkOrder
from journeyman.agents.drivers.installed import (
    program_readiness,
    refuse_unready,
)
from journeyman.agents.drivers.known_agent import KnownApprentice
from journeyman.agents.drivers.session import Session, session_of
from journeyman.mission.values.errors import NotAllowed


@dataclass(frozen=True, slots=True, kw_only=True)
class AcpApprentice(KnownApprentice):
    """A coding agent that is started for each order, and spoken to by ACP. What it can it says itself only when it runs."""

    agent: AcpAgent

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
        other = self.other_model()
        launch = await self.launch(order, other)
        by_flag = self.agent.model_flag if launch.model else ""
        flag = [by_flag, launch.model] if by_flag else []
        program = self.program([*self._command(), *flag, *launch.extra], launch, other)
        opening = AcpOpening(
            agent=self.name, model="" if by_flag else launch.model, login_method=self.agent.login_method,
            mode=self.agent.mode, tells_usage=not self.agent.usage_of_last_answer,
        )  # fmt: skip
        async with session_of(AcpConversation(program, opening), order) as session:
            yield session

    def _command(self) -> list[str]:
        return list(self.own.command or self.agent.command)
