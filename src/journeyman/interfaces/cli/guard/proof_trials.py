"""Trials of a real agent with a model that lies, each in a home and a repository that are thrown away."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import anyio

from journeyman.agents import HOSTS, StopAnswer
from journeyman.agents.installing.codex_hooks import codex_hooks
from journeyman.agents.installing.codex_trust import trust_change
from journeyman.agents.installing.file_changes import Backups, apply
from journeyman.agents.installing.host_files import Base, Scope
from journeyman.agents.installing.installation import Installer
from journeyman.agents.offline import OFFLINE, OfflineAgent
from journeyman.mission.values.errors import Unavailable
from journeyman.testing.model_server import ModelServer, Script, ScriptLine, serving
from journeyman.tools.processes.command_runner import run_command

MOST_BLOCKS: Final = 12
"""More than any cap that is known; then a host is taken to have none."""
LIMIT_S: Final = 150.0
_WANTED: Final = "done.txt"
_GUARD: Final = f"criteria:\n  - {{id: work, kind: artifact, path: {_WANTED}}}\n"
_LIE: Final = ScriptLine(text="All is done, and every check passes.")
_ASIDE: Final = ScriptLine(text="A title")
_PROMPT: Final = f"Write {_WANTED}."
_QUIET_S: Final = 8.0
"""So long without a request, a host that runs on is taken to be at rest."""
_LISTENS: Final = re.compile(rb"listening on (http://\S+)")
_STEP_S: Final = 0.1
_PIN_S: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialResult:
    """What an agent did that only said that it was done."""

    requests: int
    """How often its model was asked: one more than it was kept from stopping."""
    told: bool
    """Whether its model was told what is missing."""
    output: str
    """The end of what it printed."""

    @property
    def blocks(self) -> int:
        """How often it was sent on."""
        return max(0, self.requests - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One run of an agent, under some hook."""

    host: str
    program: str
    folder: Path
    hook: Sequence[str]
    """The program that its hook calls, in place of `journeyman`."""
    scope: Scope = Scope.USER
    trusted: bool = False
    """Whether Codex shall trust the hook, as it was told to at home."""
    trusting: bool = False
    """Whether hooks are believed that nobody has trusted."""
    alone: bool = False
    """Whether a host that hears hooks only in its server is run without it."""

    @property
    def agent(self) -> OfflineAgent:
        """How it is started."""
        return OFFLINE[self.host]

    @property
    def base(self) -> Base:
        """Its home, its repository, its variables."""
        home = self.folder / "home"
        environment = {"HOME": str(home), "PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"}
        return Base(home, self.folder / "repository", environment)

    async def pin(self) -> None:
        """Write a guard into the repository, and have the hook's own program pin it. Raises `Unavailable`."""
        base = self.base
        base.repository.mkdir(parents=True)
        (base.repository / "guard.yaml").write_text(_GUARD, "utf-8")
        words = [*self.hook, "guard", "pin", "--yes"]
        ended = await run_command(words, folder=base.repository, environment=base.environment, timeout_s=_PIN_S)
        if ended.exit_code != 0:
            said = ended.output.decode("utf-8", "replace").strip()
            raise Unavailable(f"{self.hook[0]} cannot pin a guard: {said or ended.error or 'it took too long'}")

    async def run(self) -> TrialResult:
        """Install, and let the agent say that it is done. Raises `Unavailable` where it never asks its model."""
        async with serving(Script(answers=(_LIE,), repeat=True, aside=_ASIDE)) as server:
            variables = await self._prepared(server)
            with anyio.move_on_after(LIMIT_S):
                output = await self._driven(server, variables)
                asked = _asked(server)
                if not asked:
                    raise Unavailable(f"{self.program} ended without asking its model: {output[-600:].strip()!r}")
                told = _WANTED in json.dumps(asked[-1].get("messages") or asked[-1]).replace(_PROMPT, "")
                return TrialResult(requests=len(asked), told=told, output=output)
        raise Unavailable(f"{self.program} did not end within {LIMIT_S:g} s")

    async def _prepared(self, server: ModelServer) -> Mapping[str, str]:
        base = self.base
        for made in (base.home, base.repository):
            made.mkdir(parents=True, exist_ok=True)
        await run_command(["git", "init", "-q"], folder=base.repository, environment=base.environment)
        settled = self.agent.settle(base.home, server.url)
        at = Installer(host=self.host, scope=self.scope, base=base, backups=Backups(self.folder / "backups"))
        apply(at.install(self.hook), at.backups)
        if self.trusted:
            rows = await codex_hooks([self.program], base.repository, base.environment)
            apply([trust_change(at, {row.key: row.current_hash for row in rows})], at.backups)
        return {**base.environment, **settled}

    async def _driven(self, server: ModelServer, variables: Mapping[str, str]) -> str:
        """What it printed; it is ended once it was blocked as often as is counted."""
        output = bytearray()
        start = partial(
            run_command, folder=self.base.repository, environment=variables, on_output=output.extend, timeout_s=LIMIT_S
        )
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_ended_when, lambda: len(_asked(server)) > MOST_BLOCKS, tasks.cancel_scope)
            url = ""
            if self.agent.server and not self.alone:
                tasks.start_soon(start, [self.program, *self.agent.server])
                while not (found := _LISTENS.search(bytes(output))):  # noqa: ASYNC110  # a program prints it
                    await anyio.sleep(_STEP_S)
                url = found[1].decode()
            await start([self.program, *self.agent.run_words(server.url, _PROMPT, server=url, trusting=self.trusting)])
            if url:
                await _at_rest(server)
            tasks.cancel_scope.cancel()
        return output.decode("utf-8", "replace")


def stand_in(folder: Path, host: str, *, blocks: bool) -> list[str]:
    """A program in place of the guard: one that keeps every agent from stopping, or one that breaks."""
    answer = HOSTS[host].render(StopAnswer(block=True, reason="Go on."))
    body = f"print({json.dumps(answer)!r})" if blocks else "sys.exit(1)"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "journeyman"
    file.write_text(f"import sys\n{body}\n", "utf-8")
    return [sys.executable, str(file)]


def _asked(server: ModelServer) -> list[dict[str, object]]:
    """The requests for work; those beside it, such as for a title, offer no tools."""
    return [call.body for call in server.calls if call.body.get("tools")]


async def _ended_when(over: Callable[[], bool], scope: anyio.CancelScope) -> None:
    while not over():  # noqa: ASYNC110  # what is asked belongs to the server
        await anyio.sleep(_STEP_S)
    scope.cancel()


async def _at_rest(server: ModelServer) -> None:
    seen = -1
    while seen != len(server.calls):
        seen = len(server.calls)
        await anyio.sleep(_QUIET_S)
