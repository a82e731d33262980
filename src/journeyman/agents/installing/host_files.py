"""Where each host looks for hooks and skills, and what a hook looks like there."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from journeyman.agents.claude_code import CLAUDE_CODE
from journeyman.agents.installing.skill_text import SKILL_NAME
from journeyman.mission.values.canonical import JsonObject

_TIMEOUT_S: Final = 600
"""Longer than the hook itself waits, so that the host never ends it."""
_FOLLOW_UPS: Final = 10


class Dialect(StrEnum):
    """What a host reads of JSON; a file that has more it takes for one that is not there, and says nothing."""

    STRICT = "strict"
    COMMENTS = "comments"
    """Comments, but no comma before a closing bracket."""
    LOOSE = "loose"
    """Both, or nobody knows."""


class Scope(StrEnum):
    """Whose sessions an installation is for."""

    USER = "user"
    """All of this user's."""
    PROJECT = "project"
    """Those in one repository."""


@dataclass(frozen=True, slots=True)
class Base:
    """Where things are looked up."""

    home: Path
    repository: Path
    environment: Mapping[str, str]

    def named(self, variable: str, below_home: str) -> Path:
        """The folder that a variable names, else one in the home."""
        found = self.environment.get(variable, "")
        return Path(found) if found else self.home / below_home


def base_at(folder: Path, environment: Mapping[str, str]) -> Base:
    """Where hosts look from a folder: this user's home, and the repository that the folder is in."""
    here = folder.resolve()
    repository = next((above for above in (here, *here.parents) if _is_repository(above)), here)
    return Base(Path.home(), repository, environment)


def _is_repository(folder: Path) -> bool:
    """Whether git's data lies there: a folder, or a file that names one, as in a worktree."""
    return (folder / ".git").is_file() or (folder / ".git" / "HEAD").is_file()


@dataclass(frozen=True, slots=True)
class Places:
    """The files of one installation."""

    hooks: Path
    """The host's file of hooks, or our plugin."""
    skills: Path
    """The folder of skills."""

    @property
    def skill(self) -> Path:
        """Our skill."""
        return self.skills / SKILL_NAME / "SKILL.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFiles:
    """What is written into a host's files."""

    places: Callable[[Base, Scope], Places]
    events: tuple[str, ...] = ()
    """The events at which the hook is called; none where a plugin of ours listens."""
    entry: Callable[[str], JsonObject] = lambda command: {"command": command}
    """What stands under each event, from the command."""
    scaffold: Mapping[str, int] = field(default_factory=dict[str, int])
    """Members without which the host does not read a file of hooks."""
    dialect: Dialect = Dialect.LOOSE
    reads_mark: bool = True
    """Whether it reads a file that begins with the mark of its encoding."""
    plugin: Callable[[Sequence[str]], str] | None = None
    """The text of a plugin, from the words of the command, where the host has no file of hooks."""
    cap_path: tuple[str, str] | None = None
    """Where its settings raise how many blocks in a row it takes."""
    off_switch: tuple[str, ...] = ()
    """The setting with which all hooks of that file are switched off when it is true."""
    proof: str = ""
    """Why nothing can be proven of it here; empty where it can be driven offline."""
    get: str = ""
    """How one comes by it."""


def _group(timeout: int) -> Callable[[str], JsonObject]:
    return lambda command: {"hooks": [{"type": "command", "command": command, "timeout": timeout}]}


def _shell(command: str) -> JsonObject:
    return {"powershell": f"& {command}"} if sys.platform == "win32" else {"bash": command}


def _below(variable: str, name: str, file: str, project_file: str = "") -> Callable[[Base, Scope], Places]:
    """Files in the host's folder, at home or in the repository."""

    def places(base: Base, scope: Scope) -> Places:
        if scope is Scope.PROJECT:
            return Places(base.repository / name / (project_file or file), base.repository / name / "skills")
        own = base.named(variable, name)
        return Places(own / file, own / "skills")

    return places


def _codex(base: Base, scope: Scope) -> Places:
    if scope is Scope.PROJECT:
        return Places(base.repository / ".codex" / "hooks.json", base.repository / ".agents" / "skills")
    return Places(base.named("CODEX_HOME", ".codex") / "hooks.json", base.home / ".agents" / "skills")


def _gemini(base: Base, scope: Scope) -> Places:
    home = base.repository if scope is Scope.PROJECT else base.named("GEMINI_CLI_HOME", "")
    return Places(home / ".gemini" / "settings.json", home / ".gemini" / "skills")


def _opencode(base: Base, scope: Scope) -> Places:
    own = base.named("XDG_CONFIG_HOME", ".config") / "opencode"
    if scope is Scope.PROJECT:
        own = base.repository / ".opencode"
    return Places(own / "plugins" / f"{SKILL_NAME}.js", own / "skills")


def _copilot(base: Base, scope: Scope) -> Places:
    own = base.repository / ".github" if scope is Scope.PROJECT else base.named("COPILOT_HOME", ".copilot")
    return Places(own / "hooks" / f"{SKILL_NAME}.json", own / "skills")


def _opencode_plugin(words: Sequence[str]) -> str:
    return _PLUGIN.replace("WORDS", json.dumps(list(words)))


_PLUGIN: Final = """\
// The stop hook of `journeyman guard`: written by `journeyman guard install opencode`, removed by `uninstall`.
import { spawn } from "node:child_process"

const [program, ...words] = WORDS

const ask = (payload) =>
  new Promise((answered) => {
    let said = ""
    const hook = spawn(program, words, { stdio: ["pipe", "pipe", "ignore"] })
    hook.on("error", () => answered({ message: `journeyman guard: ${program} cannot be started` }))
    hook.stdin.on("error", () => {})
    hook.stdout.on("data", (part) => (said += part))
    hook.on("close", () => {
      try {
        answered(said ? JSON.parse(said) : {})
      } catch {
        answered({ message: "journeyman guard: the hook printed no JSON" })
      }
    })
    hook.stdin.end(JSON.stringify(payload))
  })

export const JourneymanGuard = async ({ client, directory }) => {
  const aborted = new Set()
  return {
    event: async ({ event }) => {
      const id = event.properties?.sessionID
      if (event.type === "session.error" && event.properties?.error?.name === "MessageAbortedError") aborted.add(id)
      if (event.type !== "session.idle") return
      const session = await client.session.get({ path: { id } }).catch(() => ({}))
      const parentID = session.data?.parentID ?? ""
      const answer = await ask({ sessionID: id, directory, parentID, aborted: aborted.delete(id) })
      if (answer.message) {
        const body = { message: answer.message, variant: answer.prompt ? "warning" : "info" }
        await client.tui.showToast({ body }).catch(() => {})
      }
      if (answer.prompt) await client.session.prompt({ path: { id }, body: { parts: [{ type: "text", text: answer.prompt }] } })
    },
  }
}
"""

FILES: Final[dict[str, HostFiles]] = {
    "claude-code": HostFiles(
        # In a repository the file that its user alone has: it holds a path of this machine.
        places=_below("CLAUDE_CONFIG_DIR", ".claude", "settings.json", "settings.local.json"),
        events=("Stop", "SubagentStop"),
        entry=_group(_TIMEOUT_S),
        dialect=Dialect.STRICT,  # seen on 2.1.330 and 0.169.0
        cap_path=("env", CLAUDE_CODE.cap_variable),
        off_switch=("disableAllHooks",),
        get="npm install -g @anthropic-ai/claude-code",
    ),
    "codex": HostFiles(
        places=_codex,
        events=("Stop", "SubagentStop"),
        entry=_group(_TIMEOUT_S),
        dialect=Dialect.STRICT,
        reads_mark=False,
        get="npm install -g @openai/codex",
    ),
    "gemini": HostFiles(
        places=_gemini,
        events=("AfterAgent",),
        entry=_group(_TIMEOUT_S * 1000),  # milliseconds
        dialect=Dialect.COMMENTS,  # seen on 0.61.0
        reads_mark=False,
        get="npm install -g @google/gemini-cli",
    ),
    "opencode": HostFiles(places=_opencode, plugin=_opencode_plugin, get="npm install -g opencode-ai"),
    "cursor": HostFiles(
        places=_below("", ".cursor", "hooks.json"),
        events=("stop",),
        entry=lambda command: {"command": command, "timeout": _TIMEOUT_S, "loop_limit": _FOLLOW_UPS},
        scaffold={"version": 1},
        proof="it has no command line that runs offline, and `cursor-agent -p` never calls a stop hook",
        get="https://cursor.com",
    ),
    "copilot": HostFiles(
        places=_copilot,
        events=("agentStop", "subagentStop"),
        entry=lambda command: {"type": "command", **_shell(command), "timeoutSec": _TIMEOUT_S},
        scaffold={"version": 1},
        proof="it asks GitHub for a model and takes no other address, so it cannot be driven offline",
        get="npm install -g @github/copilot",
    ),
}
