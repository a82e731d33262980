"""How each agent is started for a trial of its hooks: it knows no model but one on this machine, and no home but its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, cast

from journeyman.agents.drivers.dialogues import HEADLESS
from journeyman.agents.drivers.known_agent import Redirect


@dataclass(frozen=True, slots=True, kw_only=True)
class OfflineAgent:
    """One agent, unmodified, pointed to a model server."""

    host: str
    words: Callable[[Redirect, str], list[str]]
    """What follows its program, from what redirects it and the prompt."""
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    """That keep it from waiting for what cannot be reached."""
    without_trust: tuple[str, ...] = ()
    """Words that let it run hooks which nobody has trusted."""
    server: tuple[str, ...] = ()
    """What starts it so that it outlives its runs, where it hears hooks only then."""
    attach: str = ""
    """The flag that sends a run to such a server."""

    def run_words(self, url: str, prompt: str, *, server: str = "", trusting: bool = False) -> list[str]:
        """The whole command line behind the program; `server` is where one listens, `trusting` believes any hook."""
        first, *more = self.words(self._redirect(url), prompt)
        attached = [self.attach, server] if server else []
        return [first, *(self.without_trust if trusting else ()), *attached, *more]

    def settle(self, home: Path, url: str) -> dict[str, str]:
        """The variables that it needs for a home, where settings are written beside what is there."""
        home.mkdir(parents=True, exist_ok=True)
        if self.host == "codex":
            (home / ".codex").mkdir(exist_ok=True)  # it makes none itself
        redirect = self._redirect(url)
        for path, values in redirect.home_settings.items():
            _merge(home / path, values)
        return {**self.variables, **redirect.variables}

    def _redirect(self, url: str) -> Redirect:
        redirect = HEADLESS[self.host].redirect
        assert redirect is not None  # noqa: S101 - each agent of the table has one
        return redirect(url)


def _merge(file: Path, values: Mapping[str, object]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    known = cast("dict[str, object]", json.loads(file.read_text("utf-8"))) if file.exists() else {}
    file.write_text(json.dumps({**known, **values}), "utf-8")


def _claude(_redirect: Redirect, prompt: str) -> list[str]:
    return [
        "-p", prompt, "--output-format", "stream-json", "--verbose", "--permission-mode", "acceptEdits",
        "--allowedTools", "Bash,Write,Edit",
    ]  # fmt: skip


def _codex(redirect: Redirect, prompt: str) -> list[str]:
    return [
        "exec", "--json", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox",
        *redirect.arguments, "-m", redirect.model, prompt,
    ]  # fmt: skip


def _gemini(redirect: Redirect, prompt: str) -> list[str]:
    return ["-m", redirect.model, "-o", "stream-json", "--skip-trust", "--yolo", "-p", prompt]


def _opencode(_redirect: Redirect, prompt: str) -> list[str]:
    return ["run", "--format", "json", prompt]


OFFLINE: Final[Mapping[str, OfflineAgent]] = {
    agent.host: agent
    for agent in (
        OfflineAgent(
            host="claude-code",
            words=_claude,
            variables={"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1"},
        ),
        OfflineAgent(host="codex", words=_codex, without_trust=("--dangerously-bypass-hook-trust",)),
        OfflineAgent(host="gemini", words=_gemini),
        OfflineAgent(
            host="opencode",
            words=_opencode,
            # Where nothing can be reached, each of these is waited for.
            variables={
                "OPENCODE_DISABLE_MODELS_FETCH": "1",
                "OPENCODE_DISABLE_AUTOUPDATE": "1",
                "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
            },
            server=("serve", "--port", "0"),
            attach="--attach",
        ),
    )
}
