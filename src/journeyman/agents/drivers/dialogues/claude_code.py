"""Claude Code: stream-json both ways, so that it asks before it acts, and is answered on its standard input."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import reduce
from pathlib import Path
from typing import Final

from journeyman.agents.drivers.base import Capabilities, WorkOrder
from journeyman.agents.drivers.dialogues.base import (
    BoundedTable,
    Dialogue,
    HeadlessAgent,
    call_begins,
    money,
    number,
    paths_in,
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
    PermissionAsked,
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
    "Bash": ToolKind.EXECUTE, "PowerShell": ToolKind.EXECUTE, "Monitor": ToolKind.EXECUTE,
    "Write": ToolKind.WRITE, "Edit": ToolKind.WRITE, "MultiEdit": ToolKind.WRITE, "NotebookEdit": ToolKind.WRITE,
    "Read": ToolKind.READ, "Glob": ToolKind.READ, "Grep": ToolKind.READ, "LS": ToolKind.READ,
    "WebFetch": ToolKind.FETCH, "WebSearch": ToolKind.FETCH,
}  # fmt: skip
_EXIT: Final = re.compile(r"^Exit code (\d{1,10})\b")
_LIMITS: Final = frozenset({"error_max_budget_usd", "error_max_turns", "error_max_structured_output_retries"})


class ClaudeDialogue(Dialogue):
    """Lines of `claude -p --input-format stream-json --output-format stream-json --permission-prompt-tool stdio`."""

    keeps_input = True

    def __init__(self) -> None:
        self._kinds: BoundedTable[ToolKind] = BoundedTable()
        self._ended = Usage()
        """What the turns used that have ended; an earlier run of the same session is not among them."""
        self._turn = Usage()
        """What the answers of the model used since, as far as it was said when each began."""
        self._answers: BoundedTable[Usage] = BoundedTable()
        """The same, answer by answer: each is told several times."""
        self._inputs: BoundedTable[object] = BoundedTable()
        """What requests for permission are about: an answer repeats it."""

    def opening(self, order: WorkOrder) -> bytes:
        """The prompt as a message of the user."""
        return _line({"type": "user", "message": {"role": "user", "content": order.prompt}, "parent_tool_use_id": None})

    def read(self, row: Row) -> Iterator[AgentEvent]:
        """What a line means."""
        match row.get("type"):
            case "system" if row.get("subtype") == "init":
                yield SessionStarted(
                    agent="claude-code", session_id=word(row.get("session_id")), model=word(row.get("model")),
                    version=word(row.get("claude_code_version")),
                )  # fmt: skip
            case "assistant":
                yield from self._said(table(row, "message"))
            case "user":
                yield from self._results(row)
            case "control_request":
                yield from self._asked(row)
            case "result":
                yield from self._result(row)
            case _:
                return

    def reply(self, asked: PermissionAsked, *, allowed: bool) -> bytes:
        """Yes with the call's own input, or no."""
        said: dict[str, object] = (
            {"behavior": "allow", "updatedInput": self._inputs.pop(asked.request_id) or dict[str, object]()}
            if allowed
            else {"behavior": "deny", "message": "This is not permitted here. Go on without it."}
        )
        return _line(
            {
                "type": "control_response",
                "response": {"subtype": "success", "request_id": asked.request_id, "response": said},
            }
        )

    def refuse_unknown(self, row: Row) -> bytes:
        """No hook and no server of ours is there that it could ask for."""
        if row.get("type") != "control_request" or table(row, "request").get("subtype") == "can_use_tool":
            return b""
        refusal = {"subtype": "error", "request_id": row.get("request_id"), "error": "not supported"}
        return _line({"type": "control_response", "response": refusal})

    def _said(self, message: Mapping[str, object]) -> Iterator[AgentEvent]:
        for block in rows(message.get("content")):
            match block.get("type"):
                case "text" if block.get("text"):
                    yield AgentMessage(text=text(block.get("text")))
                case "thinking":
                    yield Thought(text=text(block.get("thinking")))
                case "tool_use":
                    yield from self._call(block)
                case _:
                    pass
        if used := table(message, "usage"):
            self._count(word(message.get("id")), _used(used))
            yield UsageReported(usage=self._ended.plus(self._turn))

    def _call(self, block: Mapping[str, object]) -> Iterator[AgentEvent]:
        name, call_id, given = word(block.get("name")), word(block.get("id")), table(block, "input")
        kind = self._kinds[call_id] = _KINDS.get(name, ToolKind.CALL)
        yield from call_begins(call_id, name, kind, given)

    def _results(self, row: Row) -> Iterator[AgentEvent]:
        decisions = {
            word(meta.get("id")): table(meta, "permission_decision").get("decision")
            for meta in rows(row.get("tool_result_meta"))
        }
        for block in rows(table(row, "message").get("content")):
            if block.get("type") != "tool_result":
                continue
            call_id, output = word(block.get("tool_use_id")), _text_of(block.get("content"))
            found = _EXIT.match(output)
            failed = block.get("is_error") is True
            status = ToolStatus.FAILED if failed else ToolStatus.DONE
            if decisions.get(call_id) in ("reject", "deny"):
                status = ToolStatus.REFUSED
            exit_code = int(found[1]) if found and failed else None
            if status is ToolStatus.DONE and self._kinds.get(call_id) is ToolKind.EXECUTE:
                exit_code = 0
            yield ToolFinished(call_id=call_id, status=status, output=output, exit_code=exit_code)

    def _asked(self, row: Row) -> Iterator[AgentEvent]:
        request = table(row, "request")
        if request.get("subtype") != "can_use_tool":
            return
        given, name = table(request, "input"), word(request.get("tool_name"))
        request_id = word(row.get("request_id"))
        self._inputs[request_id] = dict(given)
        blocked = request.get("blocked_path")
        paths = paths_in(given) + ((clip(blocked, 4096),) if isinstance(blocked, str) else ())
        yield PermissionAsked(
            request_id=request_id, kind=_KINDS.get(name, ToolKind.CALL), title=text(given.get("command")) or name,
            paths=tuple(dict.fromkeys(paths)), call_id=word(request.get("tool_use_id")), options=("allow", "deny"),
        )  # fmt: skip

    def _count(self, answer_id: str, used: Usage) -> None:
        """Add what an answer used to its turn, less what was said of it before."""
        known = self._answers.get(answer_id) or Usage()
        most = used.at_least(known)
        self._answers[answer_id] = most
        self._turn = self._turn.plus(most.since(known))

    def _result(self, row: Row) -> Iterator[AgentEvent]:
        since = table(row, "model_usage_since_last_result")
        models = since or table(row, "modelUsage")
        parts = [_used_by_model(table(used)) for used in models.values()] or [_used(table(row, "usage"))]
        cost = _cost_of(since) if since else money(row.get("total_cost_usd"))
        self._ended = self._ended.plus(replace(reduce(Usage.plus, parts), cost_usd=cost))
        self._turn = Usage()
        self._answers.clear()
        yield UsageReported(usage=self._ended)
        subtype, reason = word(row.get("subtype")), word(row.get("terminal_reason")) or word(row.get("stop_reason"))
        said = text(row.get("result"))
        if subtype in _LIMITS:
            yield AgentEnded(how=Ending.LIMIT, stop_reason=subtype, detail="a limit of the agent's own struck")
        elif row.get("stop_reason") == "refusal":
            yield AgentEnded(how=Ending.REFUSED, stop_reason="refusal", detail=clip(said, 500))
        elif subtype == "success" and row.get("is_error") is False:
            yield AgentEnded(how=Ending.FINISHED, stop_reason=reason)
        else:
            yield AgentEnded(how=Ending.FAILED, stop_reason=reason or subtype, detail=clip(said or subtype, 500))


def _cost_of(models: Mapping[str, object]) -> float | None:
    costs = [cost for used in models.values() if (cost := money(table(used).get("costUSD"))) is not None]
    return sum(costs) if costs else None


def _line(row: Mapping[str, object]) -> bytes:
    return json.dumps(row).encode() + b"\n"


def _text_of(content: object) -> str:
    if isinstance(content, str):
        return text(content)
    return clip("\n".join(text(block.get("text")) for block in rows(content)))


def _used(used: Mapping[str, object]) -> Usage:
    cached = number(used.get("cache_read_input_tokens"))
    sent = number(used.get("input_tokens")) + number(used.get("cache_creation_input_tokens")) + cached
    return Usage(input_tokens=sent, output_tokens=number(used.get("output_tokens")), cached_tokens=cached)


def _used_by_model(row: Mapping[str, object]) -> Usage:
    cached = number(row.get("cacheReadInputTokens"))
    sent = number(row.get("inputTokens")) + number(row.get("cacheCreationInputTokens")) + cached
    return Usage(input_tokens=sent, output_tokens=number(row.get("outputTokens")), cached_tokens=cached)


def _arguments(launch: Launch) -> list[str]:
    order = launch.order
    words = [
        "-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose",
        "--permission-prompt-tool", "stdio", "--permission-mode", "manual",
    ]  # fmt: skip
    if launch.model:
        words += ["--model", launch.model]
    if order.limits.cost_usd is not None:
        words += ["--max-budget-usd", f"{order.limits.cost_usd:g}"]
    if order.resume:
        words += ["--resume", order.resume]
    refused = [name for name, kind in _KINDS.items() if order.policy.of_kind(kind) is Access.REFUSE]
    return [*words, *(["--disallowedTools", ",".join(refused)] if refused else []), *launch.extra]


def _login(home: Path, variables: Mapping[str, str]) -> str:
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"):
        if variables.get(name):
            return name
    folder = Path(variables.get("CLAUDE_CONFIG_DIR") or home / ".claude")
    return str(folder / ".credentials.json") if (folder / ".credentials.json").exists() else ""


CLAUDE_CODE: Final = HeadlessAgent(
    host="claude-code",
    dialogue=ClaudeDialogue,
    arguments=_arguments,
    capabilities=Capabilities(asks=True, resumes=True, live_usage=True, tells_cost=True),
    variables=(
        "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL", "ANTHROPIC_MODEL", "CLAUDE_CONFIG_DIR",
        "CLAUDE_CODE_OAUTH_TOKEN", "CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",
    ),
    fixed=lambda _: {"DISABLE_AUTOUPDATER": "1"},
    login=_login,
    redirect=lambda url: Redirect(variables={"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "scripted"}),
    install="npm install -g @anthropic-ai/claude-code",
)  # fmt: skip
