"""The agents that are known to speak ACP: what starts each, and what has it ask before it acts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from journeyman.agents.drivers.base import Capabilities
from journeyman.agents.drivers.dialogues.claude_code import CLAUDE_CODE
from journeyman.agents.drivers.dialogues.codex import (
    CODEX,
    OTHER_KEY,
    OTHER_MODEL,
    OTHER_PROVIDER,
    needs_no_sandbox,
    provider_at,
)
from journeyman.agents.drivers.dialogues.cursor import CURSOR
from journeyman.agents.drivers.dialogues.gemini import GEMINI
from journeyman.agents.drivers.dialogues.opencode import OPENCODE, permissions
from journeyman.agents.drivers.events import ToolKind
from journeyman.agents.drivers.known_agent import KnownAgent, Launch, Redirect

_ADAPTER: Final = "npm install -g @agentclientprotocol/"


@dataclass(frozen=True, slots=True, kw_only=True)
class AcpAgent(KnownAgent):
    """An agent that speaks ACP."""

    capabilities: Capabilities = field(default_factory=lambda: Capabilities(asks=True, resumes=True, tells_cost=True))
    command: tuple[str, ...] = ()
    """What starts it, where the settings name nothing."""
    model_flag: str = ""
    """The option that names its model; without one, the choice that the protocol has is used."""
    mode: str = ""
    """The session mode in which it asks, where it begins in another one."""
    usage_of_last_answer: bool = False
    """What it tells at the end is what the last answer of its model used, not the turn: no figure of it is taken."""
    login_method: str = ""
    """What it is told to log in with where it says that nobody has: a method that asks no person."""


def _codex_mode(launch: Launch) -> dict[str, str]:
    """It acts in its sandbox without asking where all is allowed, and asks before it leaves one that holds all writes."""
    policy = launch.order.policy
    writes = policy.allows(ToolKind.WRITE) and policy.allows(ToolKind.EXECUTE)
    mode = "agent" if writes else "read-only"
    return {"INITIAL_AGENT_MODE": "agent-full-access" if writes and needs_no_sandbox(launch) else mode}


def _codex_redirect(url: str) -> Redirect:
    """The adapter takes settings in one variable, and no options."""
    settings = {
        "model_provider": OTHER_PROVIDER, "model_providers": {OTHER_PROVIDER: provider_at(url)}, "model": OTHER_MODEL,
    }  # fmt: skip
    return Redirect(variables={**OTHER_KEY, "CODEX_CONFIG": json.dumps(settings)})


def _copilot_login(home: Path, variables: Mapping[str, str]) -> str:
    for name in ("COPILOT_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN"):
        if variables.get(name):
            return name
    file = home / ".copilot" / "config.json"
    return str(file) if file.exists() else ""


ACP: dict[str, AcpAgent] = {
    agent.host: agent
    for agent in (
        AcpAgent(
            host="claude-code", command=("claude-agent-acp",), variables=CLAUDE_CODE.variables, login=CLAUDE_CODE.login,
            fixed=lambda launch: {**CLAUDE_CODE.fixed(launch), "CLAUDE_CODE_ENABLE_PROMPT_SUGGESTION": "false"},
            mode="default", redirect=CLAUDE_CODE.redirect, install=f"{_ADAPTER}claude-agent-acp",
        ),
        AcpAgent(
            host="codex", command=("codex-acp",), variables=(*CODEX.variables, "CODEX_PATH", "CODEX_CONFIG"),
            login=CODEX.login, fixed=_codex_mode, redirect=_codex_redirect, install=f"{_ADAPTER}codex-acp",
        ),
        AcpAgent(
            host="gemini", command=("gemini", "--acp"), variables=GEMINI.variables, login=GEMINI.login,
            capabilities=Capabilities(asks=True),  # 0.61 does not find its own sessions again, over ACP alone
            model_flag="-m", login_method="gemini-api-key", redirect=GEMINI.redirect, install=GEMINI.install,
        ),
        AcpAgent(
            host="opencode", command=("opencode", "acp"), variables=OPENCODE.variables, login=OPENCODE.login,
            capabilities=Capabilities(asks=True, resumes=True, tells_usage=False), usage_of_last_answer=True,
            fixed=lambda launch: permissions(launch, otherwise="ask"), redirect=OPENCODE.redirect,
            install=OPENCODE.install,
        ),
        AcpAgent(
            host="cursor", command=("cursor-agent", "acp"), variables=CURSOR.variables, login=CURSOR.login,
            install=CURSOR.install,
        ),
        AcpAgent(
            host="copilot", command=("copilot", "--acp"),
            variables=("COPILOT_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN", "COPILOT_HOME"), login=_copilot_login,
            install="npm install -g @github/copilot",
        ),
    )
}  # fmt: skip
"""By name. Copilot and Cursor were not run here with a model: they need an account."""
