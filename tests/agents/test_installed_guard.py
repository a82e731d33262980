"""The real agents with the guard as people install it: it blocks, it is proven, and it goes again."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from journeyman.agents.offline import OFFLINE
from journeyman.testing.model_server import Script, ScriptLine, serving
from tests.agents.coding_agents import AGENTS, INSTALLED, CodingAgent, drive, program_of
from tests.agents.guarded import DONE, JOURNEYMAN, Repository

pytestmark = [pytest.mark.agents, pytest.mark.anyio, pytest.mark.timeout(580)]
HOSTS: Final = [agent for agent in AGENTS if agent.name != "opencode"]
"""Those that ask a hook before their agent stops; the doctor's trials hold OpenCode's plugin."""
CAPS: Final[Mapping[str, int | None]] = {"claude-code": 8, "codex": None, "gemini": None, "opencode": None}
_FOLDERS: Final = (
    INSTALLED / ".bin",
    INSTALLED / "@anthropic-ai/claude-code-linux-x64",
    INSTALLED / "@openai/codex/vendor/x86_64-unknown-linux-musl/bin",
    INSTALLED / "opencode-linux-x64/bin",
)
_ASIDE: Final = ScriptLine(text="A title")


def ours(repository: Repository, *words: str, code: int = 0) -> str:
    """A command of ours, with the agents on the PATH."""
    path = os.pathsep.join([*map(str, _FOLDERS), os.environ["PATH"]])
    run = subprocess.run(
        [*JOURNEYMAN, *words], cwd=repository.work, capture_output=True, text=True, check=False, timeout=560,
        env=repository.environment() | {"PATH": path},
    )  # fmt: skip
    assert run.returncode == code, run.stdout + run.stderr
    return run.stdout


def trustful(agent: CodingAgent) -> CodingAgent:
    """The agent without the flag that has it believe any hook."""
    offline = OFFLINE[agent.name]
    return replace(agent, argv=lambda url, prompt: [*program_of(agent.name), *offline.run_words(url, prompt)])


async def requests_of_a_liar(agent: CodingAgent, folder: Path) -> int:
    """How often the model was asked that says done and nothing else."""
    async with serving(Script(answers=(DONE,), repeat=True, aside=_ASIDE)) as server:
        run = await drive(agent, server, folder, "Make the tests pass.")
        assert run.exit_code == 0, run.output
        return len([call for call in server.calls if call.body.get("tools")])


@pytest.mark.parametrize("agent", HOSTS, ids=lambda agent: agent.name)
async def test_what_is_installed_blocks_and_what_is_removed_does_not(agent: CodingAgent, agent_folder: Path) -> None:
    """With one command each, in a fresh home; Codex trusts the hook as it is told to, without its flag."""
    repository = Repository(agent_folder)
    honest = trustful(agent)
    ours(repository, "guard", "install", agent.name, *(["--trust"] if agent.name == "codex" else []))
    assert await requests_of_a_liar(honest, agent_folder) == 4, "three blocks with the same files, then a release"
    (row,) = json.loads(ours(repository, "list", "--json"))
    assert (row["status"], row["outcome"]) == ("ended", "not_achieved")
    ours(repository, "guard", "uninstall", agent.name)
    assert await requests_of_a_liar(honest, agent_folder) == 1
    assert len(json.loads(ours(repository, "list", "--json"))) == 1


@pytest.mark.parametrize("host", CAPS)
async def test_the_doctor_proves_what_is_installed(host: str, agent_folder: Path) -> None:
    """The block, the cap, the trust, and that a broken hook lets go; nothing of its trials is left."""
    repository = Repository(agent_folder)
    ours(repository, "guard", "install", host, *(["--trust"] if host == "codex" else []))
    found: dict[str, Any] = json.loads(ours(repository, "guard", "doctor", host, "--json", "-q"))
    assert found["proven"]
    assert (found["blocks"], found["told"], found["cap"]) == (3, True, CAPS[host])
    assert found["broken_hook_lets_go"]
    assert found["headless_blocks"] == (0 if host == "opencode" else None)
    assert not list((agent_folder / "data" / "guard-trials").iterdir())


async def test_an_untrusted_hook_is_no_proof(agent_folder: Path) -> None:
    """Codex skips it in silence, and the doctor says so."""
    repository = Repository(agent_folder)
    ours(repository, "guard", "install", "codex")
    found: dict[str, Any] = json.loads(ours(repository, "guard", "doctor", "codex", "--json", "-q", code=1))
    assert (found["proven"], found["blocks"], found["trust"]) == (False, 0, "untrusted")
