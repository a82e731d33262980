"""What is known of an agent whatever the way it is spoken to, and how its program is started."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from journeyman.agents.drivers.base import Capabilities, WorkOrder
from journeyman.agents.drivers.installed import agent_environment, confine_order, will_be_confined
from journeyman.agents.drivers.program_conversation import AgentProgram
from journeyman.agents.settings import AgentSettings
from journeyman.mission.values.errors import NotAllowed


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """What the command line of an agent depends on."""

    order: WorkOrder
    model: str = ""
    """Empty: the agent's own choice."""
    extra: tuple[str, ...] = ()
    """Further options, from settings."""
    confined: bool = False
    """We confine it: a sandbox of its own could not be made inside of ours, and need not be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """What points an agent to a model at another address, such as a scripted one on this machine."""

    arguments: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    model: str = ""
    """What it is to ask for there; empty: whatever it likes."""
    home_settings: Mapping[str, Mapping[str, object]] = field(default_factory=dict[str, Mapping[str, object]])
    """What must stand in settings files of its home, by their paths there: nothing else can say it. We write into no home but
    one that is made for a trial."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAgent:
    """An agent that is known by name."""

    host: str
    """Its name in settings, and in `journeyman.agents.HOSTS` where it has hooks."""
    capabilities: Capabilities
    variables: tuple[str, ...] = ()
    """Variables of ours that it sees besides what every program does: its own keys and addresses, nobody else's."""
    fixed: Callable[[Launch], Mapping[str, str]] = field(default=lambda _: dict[str, str]())
    """Variables that it is given, such as those that say what it may."""
    login: Callable[[Path, Mapping[str, str]], str] = field(default=lambda _home, _variables: "")
    """Where it would find its login, from the home folder and the variables: in words, empty where there is none."""
    redirect: Callable[[str], Redirect] | None = None
    """Points it to another address for its model; `None` where there is no way."""
    install: str = ""
    """How to get it, for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownApprentice:
    """A known agent with the settings of this machine; what drives it adds how it is spoken to."""

    agent: KnownAgent
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
        """What can be had of it."""
        return self.agent.capabilities

    def other_model(self) -> Redirect:
        """What points it to the model that it is to ask; nothing where that is its own."""
        if not self.model_url:
            return Redirect()
        if self.agent.redirect is None:
            raise NotAllowed(f"{self.name} cannot be pointed to another model", code="no_redirect")
        return self.agent.redirect(self.model_url)

    async def launch(self, order: WorkOrder, other: Redirect) -> Launch:
        """What its command line depends on."""
        return Launch(
            order=order, model=self.own.model or other.model, extra=(*other.arguments, *self.own.arguments),
            confined=await will_be_confined(self.own),
        )  # fmt: skip

    def program(self, argv: Sequence[str], launch: Launch, other: Redirect) -> AgentProgram:
        """What is started."""
        environment = agent_environment(
            (*self.agent.variables, *self.own.environment),
            {**self.agent.fixed(launch), **other.variables},
            self.variables,
        )
        return AgentProgram(
            argv=argv, folder=launch.order.workspace, environment=environment,
            confine=confine_order(self.name, self.own, environment),
        )  # fmt: skip
