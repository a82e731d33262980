"""Codex: `codex exec --json`. It never asks there: its own sandbox holds what it may, and it says at the end what it used."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from journeyman.agents.drivers.base import Capabilities
from journeyman.agents.drivers.dialogues.base import (
    BoundedTable,
    Dialogue,
    HeadlessAgent,
    code,
    number,
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
    Notice,
    SessionStarted,
    Thought,
    ToolFinished,
    ToolKind,
    ToolStarted,
    ToolStatus,
    ToolUpdated,
    Usage,
    UsageReported,
    clip,
)
from journeyman.agents.drivers.json_lines import Row
from journeyman.agents.drivers.known_agent import Launch, Redirect
from journeyman.agents.drivers.permissions import Access

_KINDS: Final = {
    "command_execution": ToolKind.EXECUTE, "file_change": ToolKind.WRITE, "mcp_tool_call": ToolKind.CALL,
    "web_search": ToolKind.FETCH,
}  # fmt: skip
_STATUS: Final = {"failed": ToolStatus.FAILED, "declined": ToolStatus.REFUSED}


class CodexDialogue(Dialogue):
    """Lines of `codex exec --json`."""

    def __init__(self) -> None:
        self._begun: BoundedTable[bool] = BoundedTable()

    def read(self, row: Row) -> Iterator[AgentEvent]:
        """What a line means."""
        match row.get("type"):
            case "thread.started":
                yield SessionStarted(agent="codex", session_id=word(row.get("thread_id")))
            case "item.started" | "item.updated" | "item.completed":
                yield from self._item(str(row["type"]), table(row, "item"))
            case "turn.completed":
                used = table(row, "usage")
                yield UsageReported(
                    usage=Usage(
                        input_tokens=number(used.get("input_tokens")),
                        output_tokens=number(used.get("output_tokens")),
                        cached_tokens=number(used.get("cached_input_tokens")),
                    )
                )
                yield AgentEnded(how=Ending.FINISHED, stop_reason="turn.completed")
            case "turn.failed":
                said = text(table(row, "error").get("message"))
                yield AgentEnded(how=Ending.FAILED, stop_reason="turn.failed", detail=clip(said, 500))
            case "error":
                yield Notice(text=text(row.get("message")))
            case _:
                return

    def _item(self, state: str, item: Mapping[str, object]) -> Iterator[AgentEvent]:
        whole = state == "item.completed"
        match item.get("type"):
            case "agent_message" if whole:
                yield AgentMessage(text=text(item.get("text")))
            case "reasoning" if whole:
                yield Thought(text=text(item.get("text")))
            case "error" if whole:
                yield Notice(text=text(item.get("message")))
            case str(name) if name in _KINDS:
                yield from self._call(name, state, item)
            case _:
                return

    def _call(self, name: str, state: str, item: Mapping[str, object]) -> Iterator[AgentEvent]:
        call_id = word(item.get("id"))
        if self._begun.get(call_id) is None:
            self._begun[call_id] = True
            paths = tuple(
                clip(path, 4096) for row in rows(item.get("changes")) if isinstance(path := row.get("path"), str)
            )
            shown = f"{word(item.get('server'))}.{word(item.get('tool'))}" if name == "mcp_tool_call" else name
            yield ToolStarted(
                call_id=call_id, name=shown, kind=_KINDS[name], command=text(item.get("command")), paths=paths
            )
        if state == "item.completed":
            status = _STATUS.get(str(item.get("status")), ToolStatus.DONE)
            output = text(item.get("aggregated_output")) or text(table(item, "error").get("message"))
            yield ToolFinished(call_id=call_id, status=status, output=output, exit_code=code(item.get("exit_code")))
        elif state == "item.updated" and item.get("aggregated_output"):
            yield ToolUpdated(call_id=call_id, text=text(item.get("aggregated_output")))


def needs_no_sandbox(launch: Launch) -> bool:
    """Tell whether all that its sandbox would hold back is allowed, or held by ours."""
    policy = launch.order.policy
    return policy.outside is Access.ALLOW or (launch.confined and policy.allows(ToolKind.FETCH))


def _arguments(launch: Launch) -> list[str]:
    order, policy = launch.order, launch.order.policy
    writes = policy.allows(ToolKind.WRITE) and policy.allows(ToolKind.EXECUTE)
    # Without commands there is no Codex: its sandbox, which holds their writes back, stands for the refusal.
    sandbox = "workspace-write" if writes else "read-only"
    if writes and needs_no_sandbox(launch):
        sandbox = "danger-full-access"
    words = [
        "exec",
        "--json",
        "--skip-git-repo-check",
        "-c",
        f'sandbox_mode="{sandbox}"',
        "-c",
        'approval_policy="never"',
    ]
    if writes and policy.allows(ToolKind.FETCH):
        words += ["-c", "sandbox_workspace_write.network_access=true"]
    if launch.model:
        words += ["-m", launch.model]
    words += launch.extra
    return [*words, "resume", order.resume, "-"] if order.resume else [*words, "-"]


def _login(home: Path, variables: Mapping[str, str]) -> str:
    for name in ("CODEX_API_KEY", "OPENAI_API_KEY"):
        if variables.get(name):
            return name
    file = Path(variables.get("CODEX_HOME") or home / ".codex") / "auth.json"
    return str(file) if file.exists() else ""


OTHER_PROVIDER: Final = "other"
"""What a provider of ours is called in its settings."""
OTHER_MODEL: Final = "scripted"
OTHER_KEY: Final = {"JOURNEYMAN_MODEL_KEY": "scripted"}


def provider_at(url: str) -> dict[str, str]:
    """Its settings for a provider of models at another address."""
    return {"name": OTHER_PROVIDER, "base_url": f"{url}/v1", "env_key": next(iter(OTHER_KEY)), "wire_api": "responses"}


def _redirect(url: str) -> Redirect:
    provider = ",".join(f"{key}={json.dumps(value)}" for key, value in provider_at(url).items())
    return Redirect(
        arguments=(
            "-c", f"model_provider={json.dumps(OTHER_PROVIDER)}", "-c", f"model_providers.{OTHER_PROVIDER}={{{provider}}}",
        ),
        variables=OTHER_KEY,
        model=OTHER_MODEL,
    )  # fmt: skip


CODEX: Final = HeadlessAgent(
    host="codex",
    dialogue=CodexDialogue,
    arguments=_arguments,
    capabilities=Capabilities(resumes=True, counts_on=True),
    variables=(
        "CODEX_HOME",
        "CODEX_API_KEY",
        "OPENAI_API_KEY",
        "OPENAI_BASE_URL",
        "OPENAI_ORGANIZATION",
        "OPENAI_PROJECT",
    ),
    login=_login,
    redirect=_redirect,
    install="npm install -g @openai/codex",
)
