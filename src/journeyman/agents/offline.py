"""How each agent is started so that it knows no model but one on this machine, and no home but the one it is given."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

_MODEL: Final = "scripted"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfflineAgent:
    """One agent, unmodified, pointed to a model server."""

    words: Callable[[str, str], list[str]]
    """What follows its program, from the model's address and the prompt."""
    environment: Callable[[str], dict[str, str]]
    """Variables, from the model's address."""
    settle: Callable[[Path, str], None]
    """Writes settings into a home, beside what is there, from the model's address."""
    without_trust: tuple[str, ...] = ()
    """Words that let it run hooks which nobody has trusted."""
    server: tuple[str, ...] = ()
    """What starts it so that it outlives its runs, where it hears hooks only then."""
    attach: str = ""
    """The flag that sends a run to such a server."""

    def run_words(self, url: str, prompt: str, *, server: str = "", trusting: bool = False) -> list[str]:
        """The whole command line behind the program; `server` is where one listens, `trusting` believes any hook."""
        first, *more = self.words(url, prompt)
        attached = [self.attach, server] if server else []
        return [first, *(self.without_trust if trusting else ()), *attached, *more]


def _claude(url: str, prompt: str) -> list[str]:
    del url
    return [
        "-p", prompt, "--output-format", "stream-json", "--verbose", "--permission-mode", "acceptEdits",
        "--allowedTools", "Bash,Write,Edit",
    ]  # fmt: skip


def _codex(url: str, prompt: str) -> list[str]:
    provider = f'{{name="{_MODEL}",base_url="{url}/v1",env_key="SCRIPTED_KEY",wire_api="responses"}}'
    return [
        "exec", "--json", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox",
        "-c", f'model_provider="{_MODEL}"', "-c", f"model_providers.{_MODEL}={provider}", "-c", f'model="{_MODEL}"', prompt,
    ]  # fmt: skip


def _gemini(url: str, prompt: str) -> list[str]:
    del url
    # Not `auto`: it asks a router model first.
    return ["-m", "gemini-2.5-flash", "-o", "stream-json", "--skip-trust", "--yolo", "-p", prompt]


def _opencode(url: str, prompt: str) -> list[str]:
    del url
    return ["run", "--format", "json", prompt]


def _gemini_settings(home: Path, url: str) -> None:
    del url
    _merge(home / ".gemini" / "settings.json", {"security": {"auth": {"selectedType": "gemini-api-key"}}})


def _opencode_settings(home: Path, url: str) -> None:
    options = {"baseURL": f"{url}/v1", "apiKey": "scripted"}
    provider = {"npm": "@ai-sdk/openai-compatible", "options": options, "models": {_MODEL: {"name": _MODEL}}}
    chosen = {"provider": {_MODEL: provider}, "model": f"{_MODEL}/{_MODEL}"}
    _merge(home / ".config" / "opencode" / "opencode.json", chosen)


def _merge(file: Path, values: Mapping[str, object]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    known = cast("dict[str, Any]", json.loads(file.read_text("utf-8"))) if file.exists() else {}
    file.write_text(json.dumps({**known, **values}), "utf-8")


OFFLINE: Final[Mapping[str, OfflineAgent]] = {
    "claude-code": OfflineAgent(
        words=_claude,
        environment=lambda url: {
            "ANTHROPIC_BASE_URL": url,
            "ANTHROPIC_API_KEY": "scripted",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
        },
        settle=lambda home, _: home.mkdir(parents=True, exist_ok=True),
    ),
    "codex": OfflineAgent(
        words=_codex,
        environment=lambda _: {"SCRIPTED_KEY": "scripted"},
        settle=lambda home, _: (home / ".codex").mkdir(parents=True, exist_ok=True),
        without_trust=("--dangerously-bypass-hook-trust",),
    ),
    "gemini": OfflineAgent(
        words=_gemini,
        environment=lambda url: {"GEMINI_API_KEY": "scripted", "GOOGLE_GEMINI_BASE_URL": url},
        settle=_gemini_settings,
    ),
    "opencode": OfflineAgent(
        words=_opencode,
        # Where nothing can be reached, each of these is waited for.
        environment=lambda _: {
            "OPENCODE_DISABLE_MODELS_FETCH": "1",
            "OPENCODE_DISABLE_AUTOUPDATE": "1",
            "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
        },
        settle=_opencode_settings,
        server=("serve", "--port", "0"),
        attach="--attach",
    ),
}
