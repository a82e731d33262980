"""A repository whose tests fail, a guard over it, and agents that work in it under hook and verifier."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from journeyman.agents.installing import host_files
from journeyman.agents.installing.host_files import Base, Scope
from journeyman.agents.installing.settings_text import with_guard
from journeyman.testing.model_server import Script, ScriptLine, serving
from tests.agents.coding_agents import LIMIT_S, CodingAgent

JOURNEYMAN: Final = (sys.executable, "-m", "journeyman")
FILES: Final = {
    "calc.py": "def add(a, b):\n    return a - b\n",
    "test_calc.py": "from calc import add\n\nassert add(2, 3) == 5, 'two and three are five'\nprint('1 passed')\n",
    "guard.yaml": "directive: Make the tests pass.\n"
    "criteria:\n"
    f"  - {{id: tests, kind: command, run: [{sys.executable}, test_calc.py]}}\n"
    "protect: [test_calc.py]\n",
}
FIX: Final = "sed -i 's/a - b/a + b/' calc.py"
DONE: Final = ScriptLine(text="All tests pass now. The work is done.")
_ASIDE: Final = ScriptLine(text="A title")
HELD: Final = list[dict[str, Any]]()
"""What hook and verifier made of each run, for the table at the end of the tests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardedRun:
    """How `guard run` ended around an agent."""

    exit_code: int
    result: dict[str, Any]
    output: str
    requests: int
    """Requests for work that reached the model."""
    told: str
    """All that the last of them held."""
    sessions: list[dict[str, Any]]
    """What the record holds: the verifier's session and, where a hook ran, the hook's."""
    repository: Repository


class Repository:
    """The repository, and a home in which the agent's hook is set."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home, self.work = folder / "home", folder / "repository"
        for made in (self.home, self.work):
            made.mkdir(exist_ok=True)
        for name, content in FILES.items():
            (self.work / name).write_text(content)
        for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "Begin"]):
            named = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
            subprocess.run(["git", *named, *words], cwd=self.work, check=True, env=self.environment())
        self.run("guard", "pin", "--yes")

    def environment(self) -> dict[str, str]:
        """Nothing of the machine's own settings."""
        return {
            "HOME": str(self.home),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "JOURNEYMAN_DATA_DIR": str(self.folder / "data"),
        }

    def run(self, *words: str, code: int = 0) -> str:
        """A command of ours, as a person types it."""
        run = subprocess.run(
            [*JOURNEYMAN, *words], cwd=self.work, capture_output=True, text=True, check=False, env=self.environment(),
            timeout=LIMIT_S,
        )  # fmt: skip
        assert run.returncode == code, run.stdout + run.stderr
        return run.stdout

    def hook_words(self, agent: CodingAgent) -> list[str]:
        """The command that the agent's host runs at a stop."""
        return [*JOURNEYMAN, "--data-dir", str(self.folder / "data"), "guard", "hook", agent.name]

    def set_hook(self, agent: CodingAgent, words: Sequence[str] | None = None) -> None:
        """Write the hook where the host of the agent looks for it; `words` in place of ours."""
        self.write_hook(agent, self.home, self.hook_words(agent) if words is None else words)

    @staticmethod
    def write_hook(agent: CodingAgent, home: Path, words: Sequence[str]) -> None:
        """The same in any home; where the host has no file of hooks, nothing."""
        files = host_files.FILES[agent.name]
        if files.plugin is not None:
            return
        file = files.places(Base(home, home, {}), Scope.USER).hooks
        file.parent.mkdir(exist_ok=True)
        known = file.read_text() if file.exists() else None
        file.write_text(with_guard(files, agent.name, known, shlex.join(words), raise_cap=False))


async def guarded(
    agent: CodingAgent,
    folder: Path,
    answers: Sequence[ScriptLine],
    *,
    rounds: int = 2,
    hook: Sequence[str] | None = None,
    repeat: bool = True,
    timeout_s: int | None = None,
    meddle: Callable[[Repository], Coroutine[Any, Any, None]] | None = None,
) -> GuardedRun:
    """Let an agent work under `guard run`, with a hook, and tell how it ended.

    `hook` is run in place of ours; `timeout_s` ends a round; `meddle` runs beside the agent.
    """
    repository = Repository(folder)
    script = Script(answers=tuple(answers), repeat=repeat, aside=_ASIDE)
    async with serving(script) as server:
        settled = agent.settle(repository.home, server.url)
        repository.set_hook(agent, hook)
        variables = {**repository.environment(), **settled}
        argv = agent.argv(server.url, "Make the tests pass. {reasons}")
        limit = [] if timeout_s is None else ["--timeout", str(timeout_s)]
        words = [*JOURNEYMAN, "guard", "run", "--max-rounds", str(rounds), "--json", *limit, "--", *argv]
        process = await asyncio.create_subprocess_exec(
            *words, cwd=repository.work, env=variables, start_new_session=True,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        meddling = asyncio.create_task(meddle(repository)) if meddle is not None else None
        try:
            out, err = await asyncio.wait_for(process.communicate(), LIMIT_S)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            if meddling is not None:
                meddling.cancel()
        asked = [call for call in server.calls if call.body.get("tools")]
        last = json.dumps(asked[-1].body) if asked else ""
    assert process.returncode is not None
    run = GuardedRun(
        exit_code=process.returncode,
        result=json.loads(out) if out.strip() else {},
        output=err.decode(errors="replace"),
        requests=len(asked),
        told=last,
        sessions=json.loads(repository.run("list", "--json")),
        repository=repository,
    )
    own = run.result.get("session_id")
    hook_said = [f"{row['outcome']} ({row['verdict']})" for row in run.sessions if row["session_id"] != own]
    HELD.append({
        "agent": agent.name, "requests": run.requests, "hook": hook_said, "verifier": run.result.get("outcome", ""),
    })  # fmt: skip
    return run
