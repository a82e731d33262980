"""Gemini CLI: `gemini -o stream-json`. It never asks there, and says `success` also where a hook has stopped it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from journeyman.agents.drivers.base import Capabilities
from journeyman.agents.drivers.dialogues.base import (
    BoundedTable,
    Dialogue,
    HeadlessAgent,
    TextJoiner,
    call_begins,
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
    Notice,
    SessionStarted,
    ToolFinished,
    ToolKind,
    ToolStatus,
    Usage,
    UsageReported,
    clip,
)
from journeyman.agents.drivers.json_lines import Row
from journeyman.agents.drivers.known_agent import Launch, Redirect

_KINDS: Final = {
    "run_shell_command": ToolKind.EXECUTE, "write_file": ToolKind.WRITE, "replace": ToolKind.WRITE,
    "read_file": ToolKind.READ, "read_many_files": ToolKind.READ, "list_directory": ToolKind.READ, "glob": ToolKind.READ,
    "grep_search": ToolKind.READ, "search_file_content": ToolKind.READ,
    "web_fetch": ToolKind.FETCH, "google_web_search": ToolKind.FETCH,
}  # fmt: skip
_EXIT: Final = re.compile(r"Command exited with code: (\d{1,10})")
"""All that a command without any output shows; one with output does not tell its code."""
_REFUSED: Final = frozenset({"tool_not_registered", "policy_violation", "user_cancelled"})
_BLOCKED: Final = ("Agent execution blocked", "Agent execution stopped")


class GeminiDialogue(Dialogue):
    """Lines of `gemini -o stream-json`."""

    def __init__(self) -> None:
        self._kinds: BoundedTable[ToolKind] = BoundedTable()
        self._said = TextJoiner()
        self._trouble = ""
        """A block or an error after which it has not spoken again."""

    def read(self, row: Row) -> Iterator[AgentEvent]:
        """What a line means."""
        if row.get("type") == "message" and row.get("role") == "assistant":
            self._trouble = ""
            yield from self._said.add(AgentMessage, text(row.get("content")))
            return
        yield from self._said.flush()
        match row.get("type"):
            case "init":
                yield SessionStarted(
                    agent="gemini", session_id=word(row.get("session_id")), model=word(row.get("model"))
                )
            case "tool_use":
                yield from self._call(row)
            case "tool_result":
                yield self._result_of_call(row)
            case "error":
                said = text(row.get("message"))
                if row.get("severity") == "error" or said.startswith(_BLOCKED):
                    self._trouble = said
                yield Notice(text=said)
            case "result":
                yield from self._result(row)
            case _:
                return

    def at_end(self) -> Iterator[AgentEvent]:
        """What it was saying."""
        return self._said.flush()

    def _call(self, row: Row) -> Iterator[AgentEvent]:
        name, call_id, given = word(row.get("tool_name")), word(row.get("tool_id")), table(row, "parameters")
        kind = self._kinds[call_id] = _KINDS.get(name, ToolKind.CALL)
        yield from call_begins(call_id, name, kind, given)

    def _result_of_call(self, row: Row) -> AgentEvent:
        call_id, output = word(row.get("tool_id")), text(row.get("output"))
        error = table(row, "error")
        done = row.get("status") == "success"
        status = ToolStatus.DONE if done else ToolStatus.FAILED
        if word(error.get("type")) in _REFUSED:
            status = ToolStatus.REFUSED
        exit_code: int | None = None
        if self._kinds.get(call_id) is ToolKind.EXECUTE and done:
            found = _EXIT.fullmatch(output.strip())
            exit_code = int(found[1]) if found else None if output else 0
        return ToolFinished(
            call_id=call_id, status=status, output=output or text(error.get("message")), exit_code=exit_code
        )

    def _result(self, row: Row) -> Iterator[AgentEvent]:
        stats = table(row, "stats")
        sent, whole = number(stats.get("input_tokens")), number(stats.get("total_tokens"))
        yield UsageReported(
            usage=Usage(
                input_tokens=sent,
                output_tokens=max(number(stats.get("output_tokens")), whole - sent),
                cached_tokens=number(stats.get("cached")),
            )
        )
        error = table(row, "error")
        reason = word(error.get("type")) or word(row.get("status"))
        if row.get("status") == "success" and not self._trouble:
            yield AgentEnded(how=Ending.FINISHED, stop_reason=reason)
        elif row.get("status") == "success":
            yield AgentEnded(how=Ending.UNKNOWN, stop_reason=reason, detail=clip(self._trouble, 500))
        else:
            limit = "turn" in reason.lower() and "limit" in reason.lower()
            said = text(error.get("message"))
            yield AgentEnded(how=Ending.LIMIT if limit else Ending.FAILED, stop_reason=reason, detail=clip(said, 500))


def _arguments(launch: Launch) -> list[str]:
    order, policy = launch.order, launch.order.policy
    mode = "default"
    if policy.allows(ToolKind.WRITE):
        mode = "yolo" if policy.allows(ToolKind.EXECUTE) else "auto_edit"
    words = ["-o", "stream-json", "--skip-trust", "--approval-mode", mode]
    if launch.model:
        words += ["-m", launch.model]
    return [*words, *(["--resume", order.resume] if order.resume else []), *launch.extra]


def _login(home: Path, variables: Mapping[str, str]) -> str:
    for name in ("GEMINI_API_KEY", "GOOGLE_API_KEY"):
        if variables.get(name):
            return name
    file = home / ".gemini" / "oauth_creds.json"
    return str(file) if file.exists() else ""


def _redirect(url: str) -> Redirect:
    login = {
        "security": {"auth": {"selectedType": "gemini-api-key"}}
    }  # without it, an address makes it look for another login
    return Redirect(
        variables={"GOOGLE_GEMINI_BASE_URL": url, "GEMINI_API_KEY": "scripted"},
        home_settings={".gemini/settings.json": login},
        model="gemini-2.5-flash",  # not its usual choice: that asks another model first
    )


GEMINI: Final = HeadlessAgent(
    host="gemini",
    dialogue=GeminiDialogue,
    arguments=_arguments,
    capabilities=Capabilities(resumes=True),
    variables=(
        "GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_GEMINI_BASE_URL", "GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION",
        "GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_GENAI_USE_VERTEXAI",
    ),
    login=_login,
    redirect=_redirect,
    install="npm install -g @google/gemini-cli",
)  # fmt: skip
