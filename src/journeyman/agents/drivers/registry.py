"""Agents by name: which driver, with which program."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping

from journeyman.agents.drivers.acp.apprentice import AcpApprentice
from journeyman.agents.drivers.acp.known_agents import ACP, AcpAgent
from journeyman.agents.drivers.base import Apprentice
from journeyman.agents.drivers.command import CommandApprentice
from journeyman.agents.drivers.dialogues import HEADLESS
from journeyman.agents.drivers.headless import HeadlessApprentice
from journeyman.agents.settings import AgentSettings, DriverKind
from journeyman.mission.values.errors import InvalidInput, NotAllowed, NotFound, Problem


def apprentice_for(
    name: str,
    settings: Mapping[str, AgentSettings],
    variables: Mapping[str, str] | None = None,
    *,
    model_url: str = "",
) -> Apprentice:
    """The agent of this name, as the settings have it.

    Args:
        name: Of a known agent, or of a table of the settings.
        settings: The `[agents.NAME]` tables.
        variables: Where its variables come from; our own environment when `None`.
        model_url: Where its model is asked, for agents that can be told; empty: as the settings have it.

    Raises:
        NotFound: No agent has this name.
        InvalidInput: Its settings do not say enough.
        NotAllowed: It cannot be pointed to another model.
    """
    own = settings.get(name, AgentSettings())
    if name not in {*known_names(), *settings}:
        raise _unknown(name, settings)
    model_url = model_url or own.model_url
    ours = os.environ if variables is None else variables
    kind, agent, speaker = driver_of(name, own), HEADLESS.get(name), ACP.get(name)
    if model_url and kind is DriverKind.COMMAND:
        raise NotAllowed(f"{name} cannot be pointed to another model", code="no_redirect")
    match kind:
        case DriverKind.HEADLESS if agent is not None:
            return HeadlessApprentice(agent=agent, own=own, model_url=model_url, variables=ours)
        case DriverKind.ACP if speaker is not None or own.command:
            return AcpApprentice(agent=speaker or AcpAgent(host=name), own=own, model_url=model_url, variables=ours)
        case DriverKind.COMMAND if own.command:
            return CommandApprentice(name=name, own=own, variables=ours)
        case DriverKind.HEADLESS:
            problem = f"there is no headless agent of this name; known: {', '.join(HEADLESS)}"
        case DriverKind.COMMAND | DriverKind.ACP:
            problem = "needs command, a list of arguments"
        case None:
            problem = 'needs driver = "acp" or "command", and command, a list of arguments: it is no agent that is known by name'
    raise InvalidInput("settings", (Problem(where=f"agents.{name}", message=problem),))


def known_names() -> tuple[str, ...]:
    """The agents that are known without any setting."""
    return tuple(dict.fromkeys((*HEADLESS, *ACP)))


def driver_of(name: str, own: AgentSettings) -> DriverKind | None:
    """How an agent is spoken to; `None` where neither its name nor its settings tell."""
    if own.driver is not None:
        return own.driver
    return DriverKind.HEADLESS if name in HEADLESS else DriverKind.ACP if name in ACP else None


def _unknown(name: str, settings: Mapping[str, AgentSettings]) -> NotFound:
    known = {*known_names(), *settings}
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(known))}"
    return NotFound(f"no agent is named {name!r}; {hint}", code="agent_unknown")
