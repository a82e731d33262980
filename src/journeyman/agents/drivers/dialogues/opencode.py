"""OpenCode: `opencode run --format json`. It never asks there; it says after each step what it used, and nothing at the end."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from journeyman.agents.drivers.base import Capabilities
from journeyman.agents.drivers.dialogues.base import (
    Dialogue,
    HeadlessAgent,
    call_begins,
    code,
    money,
    number,
    table,
    text,
    word,
)
from journeyman.agents.drivers.events import (
    AgentEnded,
    AgentEvent,
    AgentMessage,
    Ending,
    SessionStarted,
    Thought,
    ToolFinished,
    ToolKind,
    ToolStatus,
    Usage,
    UsageReported,
    clip,
)
from journeyman.agents.drivers.json_lines import Row
from journeyman.agents.drivers.known_agent import Launch, Redirect
from journeyman.agents.drivers.permissions import Access

_KINDS: Final = {
    "bash": ToolKind.EXECUTE, "write": ToolKind.WRITE, "edit": ToolKind.WRITE, "patch": ToolKind.WRITE,
    "multiedit": ToolKind.WRITE, "read": ToolKind.READ, "glob": ToolKind.READ, "grep": ToolKind.READ, "list": ToolKind.READ,
    "webfetch": ToolKind.FETCH, "websearch": ToolKind.FETCH,
}  # fmt: skip
_ENDS: Final = {"stop": Ending.FINISHED, "length": Ending.LIMIT, "content-filter": Ending.REFUSED}
_PERMISSIONS: Final = {
    "edit": ToolKind.WRITE,
    "bash": ToolKind.EXECUTE,
    "webfetch": ToolKind.FETCH,
    "read": ToolKind.READ,
}


class OpenCodeDialogue(Dialogue):
    """Lines of `opencode run --format json`."""

    def __init__(self) -> None:
        self._named = False
        self._usage = Usage()
        self._last: AgentEnded | None = None
        """What the last step of its model says; another step takes it back."""

    def read(self, row: Row) -> Iterator[AgentEvent]:
        """What a line means."""
        part = table(row, "part")
        if not self._named and row.get("sessionID"):
            self._named = True
            yield SessionStarted(agent="opencode", session_id=word(row.get("sessionID")))
        match row.get("type"):
            case "step_start":
                self._last = None
            case "text":
                self._goes_on()
                yield AgentMessage(text=text(part.get("text")))
            case "reasoning":
                yield Thought(text=text(part.get("text")))
            case "tool_use":
                self._goes_on()
                yield from _call(part)
            case "step_finish":
                yield self._step(part)
            case "error":
                error = table(row, "error")
                said = text(table(error, "data").get("message")) or text(error.get("message"))
                self._last = AgentEnded(how=Ending.FAILED, stop_reason=word(error.get("name")), detail=clip(said, 500))
            case _:
                return

    def _goes_on(self) -> None:
        """What it said of its end was about what came before; that it failed stays."""
        if self._last is not None and self._last.how is not Ending.FAILED:
            self._last = None

    def at_end(self) -> Iterator[AgentEvent]:
        """What its last step said."""
        if self._last is not None:
            yield self._last

    def _step(self, part: Mapping[str, object]) -> AgentEvent:
        used, known = table(part, "tokens"), self._usage
        cached = number(table(used, "cache").get("read"))
        sent = number(used.get("input")) + cached + number(table(used, "cache").get("write"))
        made = number(used.get("output")) + number(used.get("reasoning"))
        cost = money(part.get("cost"))
        self._usage = Usage(
            input_tokens=known.input_tokens + sent, output_tokens=known.output_tokens + made,
            cached_tokens=known.cached_tokens + cached,
            cost_usd=known.cost_usd if cost is None else (known.cost_usd or 0.0) + cost,
        )  # fmt: skip
        reason = word(part.get("reason"))
        failed = self._last is not None and self._last.how is Ending.FAILED
        if reason != "tool-calls" and not failed:
            self._last = AgentEnded(how=_ENDS.get(reason, Ending.UNKNOWN), stop_reason=reason)
        return UsageReported(usage=self._usage)


def _call(part: Mapping[str, object]) -> Iterator[AgentEvent]:
    """Begin and end of a call come in one line."""
    name, call_id, state = word(part.get("tool")), word(part.get("callID")), table(part, "state")
    given, kind = table(state, "input"), _KINDS.get(name, ToolKind.CALL)
    yield from call_begins(call_id, name, kind, given)
    output = text(state.get("output")) or text(state.get("error"))
    status = ToolStatus.FAILED if state.get("status") == "error" else ToolStatus.DONE
    if "unavailable tool" in output or "permission" in text(state.get("error")).lower():
        status = ToolStatus.REFUSED
    exit_code = code(table(state, "metadata").get("exit")) if kind is ToolKind.EXECUTE else None
    yield ToolFinished(call_id=call_id, status=status, output=output, exit_code=exit_code)


def _arguments(launch: Launch) -> list[str]:
    words = ["run", "--format", "json"]
    if launch.model:
        words += ["--model", launch.model]
    return [*words, *(["--session", launch.order.resume] if launch.order.resume else []), *launch.extra]


def permissions(launch: Launch, *, otherwise: str) -> dict[str, str]:
    """The variable that says what it may; `otherwise` is what it does where a policy wants a person asked, or all it allows."""
    policy = launch.order.policy

    def rule(access: Access) -> str:
        return {Access.ALLOW: "ask" if otherwise == "ask" else "allow", Access.REFUSE: "deny", Access.ASK: otherwise}[
            access
        ]

    rules = {name: rule(policy.of_kind(kind)) for name, kind in _PERMISSIONS.items()}
    rules["external_directory"] = rule(policy.outside)
    return {"OPENCODE_PERMISSION": json.dumps(rules), "OPENCODE_DISABLE_AUTOUPDATE": "1"}


def _login(home: Path, variables: Mapping[str, str]) -> str:
    file = Path(variables.get("XDG_DATA_HOME") or home / ".local" / "share") / "opencode" / "auth.json"
    settings = Path(variables.get("XDG_CONFIG_HOME") or home / ".config") / "opencode" / "opencode.json"
    return next((str(found) for found in (file, settings) if found.exists()), "")


def _redirect(url: str) -> Redirect:
    options = {"baseURL": f"{url}/v1", "apiKey": "scripted"}
    provider = {"npm": "@ai-sdk/openai-compatible", "options": options, "models": {"scripted": {"name": "scripted"}}}
    settings = {"provider": {"other": provider}, "model": "other/scripted", "small_model": "other/scripted"}
    return Redirect(variables={"OPENCODE_CONFIG_CONTENT": json.dumps(settings)})


OPENCODE: Final = HeadlessAgent(
    host="opencode",
    dialogue=OpenCodeDialogue,
    arguments=_arguments,
    capabilities=Capabilities(resumes=True, live_usage=True, tells_cost=True),
    variables=(
        "OPENCODE_CONFIG", "OPENCODE_CONFIG_CONTENT", "OPENCODE_CONFIG_DIR", "OPENCODE_API_KEY", "XDG_DATA_HOME",
        "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME",
    ),
    fixed=lambda launch: permissions(launch, otherwise="deny"),
    login=_login,
    redirect=_redirect,
    install="npm install -g opencode-ai",
)  # fmt: skip
