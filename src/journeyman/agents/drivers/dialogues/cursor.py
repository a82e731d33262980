"""Cursor: `cursor-agent -p --output-format stream-json`. It never asks there, and does not say what it used.

Not run here: there is no way to have it without an account. Written from its documentation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from journeyman.agents.drivers.base import Capabilities
from journeyman.agents.drivers.dialogues.base import (
    Dialogue,
    HeadlessAgent,
    TextJoiner,
    call_begins,
    code,
    rows,
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
    ToolFinished,
    ToolKind,
    ToolStatus,
    clip,
)
from journeyman.agents.drivers.json_lines import Row
from journeyman.agents.drivers.known_agent import Launch

_KINDS: Final = {
    "shell": ToolKind.EXECUTE, "write": ToolKind.WRITE, "edit": ToolKind.WRITE, "delete": ToolKind.WRITE,
    "read": ToolKind.READ, "ls": ToolKind.READ, "glob": ToolKind.READ, "grep": ToolKind.READ,
    "webFetch": ToolKind.FETCH, "webSearch": ToolKind.FETCH,
}  # fmt: skip
_SUFFIX: Final = "ToolCall"


class CursorDialogue(Dialogue):
    """Lines of `cursor-agent -p --output-format stream-json`."""

    def __init__(self) -> None:
        self._said = TextJoiner()

    def opening(self, order: object) -> bytes:
        """Nothing: its prompt is an argument."""
        del order
        return b""

    def read(self, row: Row) -> Iterator[AgentEvent]:
        """What a line means."""
        if row.get("type") == "assistant":
            for block in rows(table(row, "message").get("content")):
                yield from self._said.add(AgentMessage, text(block.get("text")))
            return
        yield from self._said.flush()
        match row.get("type"):
            case "system" if row.get("subtype") == "init":
                yield SessionStarted(
                    agent="cursor", session_id=word(row.get("session_id")), model=word(row.get("model"))
                )
            case "tool_call":
                yield from _call(row)
            case "result":
                reason = word(row.get("subtype"))
                good = reason == "success" and row.get("is_error") is False
                detail = "" if good else clip(text(row.get("result")), 500)
                yield AgentEnded(how=Ending.FINISHED if good else Ending.FAILED, stop_reason=reason, detail=detail)
            case _:
                return

    def at_end(self) -> Iterator[AgentEvent]:
        """What it was saying."""
        return self._said.flush()


def _call(row: Row) -> Iterator[AgentEvent]:
    call_id = word(row.get("call_id"))
    for key, value in table(row, "tool_call").items():
        name = key.removesuffix(_SUFFIX)
        given = table(value, "args")
        if row.get("subtype") == "started":
            kind = _KINDS.get(name, ToolKind.CALL)
            yield from call_begins(call_id, word(name), kind, given)
        elif row.get("subtype") == "completed":
            yield _finished(call_id, table(value, "result"))


def _finished(call_id: str, result: Mapping[str, object]) -> AgentEvent:
    status = ToolStatus.DONE if "success" in result else ToolStatus.FAILED
    if "rejected" in result or "permissionDenied" in result:
        status = ToolStatus.REFUSED
    told = next((found for part in result.values() if (found := table(part))), dict[str, object]())
    output = text(told.get("stdout")) + text(told.get("stderr")) or text(told.get("content"))
    return ToolFinished(call_id=call_id, status=status, output=output, exit_code=code(told.get("exitCode")))


def _arguments(launch: Launch) -> list[str]:
    order, policy = launch.order, launch.order.policy
    words = ["-p", "--output-format", "stream-json", "--trust"]
    if policy.allows(ToolKind.WRITE) and policy.allows(ToolKind.EXECUTE):
        words.append("--force")
    if launch.model:
        words += ["--model", launch.model]
    if order.resume:
        words += ["--resume", order.resume]
    return [*words, *launch.extra, "--", order.prompt]


def _login(home: Path, variables: Mapping[str, str]) -> str:
    if variables.get("CURSOR_API_KEY"):
        return "CURSOR_API_KEY"
    file = home / ".config" / "cursor" / "auth.json"
    return str(file) if file.exists() else ""


CURSOR: Final = HeadlessAgent(
    host="cursor",
    dialogue=CursorDialogue,
    arguments=_arguments,
    capabilities=Capabilities(resumes=True, tells_usage=False),
    prompt_in_arguments=True,
    variables=("CURSOR_API_KEY", "CURSOR_CONFIG_DIR"),
    login=_login,
    install="see cursor.com/cli",
)
