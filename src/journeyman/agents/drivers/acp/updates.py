"""What an ACP agent's messages mean. No I/O, and nothing that an agent says raises.

The messages are read as they come, not through the SDK's models: an agent of tomorrow says more than they know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, cast

from journeyman.agents.drivers.dialogues.base import (
    BoundedTable,
    TextJoiner,
    code,
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
    DiffClaimed,
    Ending,
    PermissionAsked,
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

_KINDS: Final = {
    "read": ToolKind.READ, "search": ToolKind.READ, "edit": ToolKind.WRITE, "delete": ToolKind.WRITE,
    "move": ToolKind.WRITE, "execute": ToolKind.EXECUTE, "fetch": ToolKind.FETCH,
}  # fmt: skip
_STOPS: Final = {
    "end_turn": Ending.FINISHED, "max_tokens": Ending.LIMIT, "max_turn_requests": Ending.LIMIT, "refusal": Ending.REFUSED,
}  # fmt: skip
_SAYS: Final = {"agent_message_chunk": AgentMessage, "agent_thought_chunk": Thought}
_YES: Final = ("allow_once", "allow_always")
_NO: Final = ("reject_once", "reject_always")


@dataclass(slots=True, kw_only=True)
class _KnownCall:
    """What is known of a tool call so far."""

    name: str = ""
    kind: ToolKind = ToolKind.CALL
    command: str = ""
    paths: tuple[str, ...] = ()
    output: str = ""
    exit_code: int | None = None
    begun: bool = False
    refused: bool = False
    diffs: int = 0


class AcpUpdates:
    """Takes in what an agent tells of a session's turn."""

    def __init__(self, *, tells_usage: bool = True) -> None:
        self._tells_usage = tells_usage
        self._said = TextJoiner()
        self._calls: BoundedTable[_KnownCall] = BoundedTable()
        self._cost_usd: float | None = None
        self._model_failed = False
        """Codex' adapter says so beside the turn, which ends as if all were well."""

    def read(self, update: Mapping[str, object]) -> Iterator[AgentEvent]:
        """What an update of the session means."""
        kind = update.get("sessionUpdate")
        if isinstance(kind, str) and kind in _SAYS:
            yield from self._said.add(_SAYS[kind], text(table(update, "content").get("text")))
            return
        match kind:
            case "tool_call" | "tool_call_update":
                yield from self._said.flush()
                yield from self._call(update, announced=kind == "tool_call")
            case "usage_update":
                cost = table(update, "cost")
                if cost.get("currency") == "USD" and (amount := money(cost.get("amount"))) is not None:
                    self._cost_usd = amount
                    yield UsageReported(usage=Usage(cost_usd=amount))
            case "session_info_update":
                status = table(update, "_meta", "codex", "threadStatus").get("type")
                self._model_failed = status == "systemError" if status else self._model_failed
            case _:
                return

    def asked(self, request_id: str, params: Row) -> tuple[list[AgentEvent], PermissionAsked]:
        """What precedes a request for permission, and the request."""
        told = table(params, "toolCall")
        call_id = word(told.get("toolCallId"))
        events = [*self._said.flush(), *self._call(told, announced=True, whole=True)]
        call = self._calls.get(call_id) or _KnownCall()
        return events, PermissionAsked(
            request_id=request_id, kind=call.kind, title=call.command or call.name, paths=call.paths, call_id=call_id,
            options=tuple(word(option.get("name")) for option in rows(params.get("options"))),
        )  # fmt: skip

    def answered(self, asked: PermissionAsked, *, allowed: bool) -> None:
        """Note what became of a request: a call that was refused fails afterwards."""
        call = self._calls.get(asked.call_id)
        if call is not None:
            call.refused = not allowed

    def at_end(self) -> Iterator[AgentEvent]:
        """What was being said, and calls of which nothing more was heard."""
        yield from self._said.flush()
        for call_id, call in self._calls.items():
            if not call.begun:
                yield from self._begin(call_id, call)

    def ended(self, response: Mapping[str, object], *, cancelling: bool) -> Iterator[AgentEvent]:
        """What the answer to a prompt means."""
        yield from self.at_end()
        if self._tells_usage and (usage := self._usage(response)) is not None:
            yield UsageReported(usage=usage)
        reason = word(response.get("stopReason"))
        how = _STOPS.get(reason, Ending.UNKNOWN)
        if reason == "cancelled" and cancelling:
            how = Ending.CANCELLED
        if how is Ending.FINISHED and self._model_failed:
            yield AgentEnded(
                how=Ending.FAILED, stop_reason="system_error", detail="its model failed: see its last message"
            )
            return
        detail = "" if how is not Ending.UNKNOWN else f"it stopped for a reason of its own: {reason or 'none given'}"
        yield AgentEnded(how=how, stop_reason=reason, detail=detail)

    def _usage(self, response: Mapping[str, object]) -> Usage | None:
        """Tokens of the turn, where it tells them: in the protocol's form, or in Gemini's own."""
        used = table(response, "usage")
        quota = table(response, "_meta", "quota", "token_count")
        if used:
            cached = number(used.get("cachedReadTokens"))
            sent = number(used.get("inputTokens")) + cached + number(used.get("cachedWriteTokens"))
            made = number(used.get("outputTokens"))
            return Usage(input_tokens=sent, output_tokens=made, cached_tokens=cached, cost_usd=self._cost_usd)
        if quota:
            sent, made = number(quota.get("input_tokens")), number(quota.get("output_tokens"))
            return Usage(input_tokens=sent, output_tokens=made, cost_usd=self._cost_usd)
        return None

    def _call(self, told: Mapping[str, object], *, announced: bool, whole: bool = False) -> Iterator[AgentEvent]:
        """A call begins or goes on. One that is announced without saying what it will do begins with the next word of it."""
        call_id, status = word(told.get("toolCallId")), told.get("status")
        call = self._calls.get(call_id)
        if call is None:
            call = self._calls[call_id] = _KnownCall()
        self._learn(call, told)
        said = call.command or (call.paths and call.kind is not ToolKind.EXECUTE)
        if not call.begun and (whole or not announced or said or status not in (None, "pending")):
            yield from self._begin(call_id, call)
        yield from self._diffs(call_id, call, told)
        output = _output(told)
        call.output = output or call.output
        if status in ("completed", "failed"):
            self._calls.pop(call_id)
            done = ToolStatus.DONE if status == "completed" else ToolStatus.FAILED
            yield ToolFinished(
                call_id=call_id, status=ToolStatus.REFUSED if call.refused else done, output=call.output,
                exit_code=None if call.refused else call.exit_code,
            )  # fmt: skip
        elif output and call.begun:
            yield ToolUpdated(call_id=call_id, text=output)

    @staticmethod
    def _learn(call: _KnownCall, told: Mapping[str, object]) -> None:
        """Take in what is said of a call; what is not said stays."""
        given = table(told, "rawInput")
        call.name = text(told.get("title")) or call.name
        kind = told.get("kind")
        if isinstance(kind, str):
            call.kind = _KINDS.get(kind, call.kind)
        command = given.get("command")
        if isinstance(command, list):  # an argument list
            command = " ".join(_words(cast("list[object]", command)))
        call.command = text(command) or call.command
        if call.command and call.kind is ToolKind.CALL:
            call.kind = ToolKind.EXECUTE
        located = tuple(
            clip(path, 4096) for row in rows(told.get("locations")) if isinstance(path := row.get("path"), str) and path
        )
        changed = tuple(
            clip(path, 4096) for row in rows(told.get("content")) if isinstance(path := row.get("path"), str) and path
        )
        call.paths = tuple(dict.fromkeys((*call.paths, *located, *changed, *paths_in(given))))[:_MOST_PATHS]
        raw = table(told, "rawOutput")
        ends = (
            raw.get("exit_code"),
            table(raw, "metadata").get("exit"),
            table(told, "_meta", "terminal_exit").get("exit_code"),
        )
        call.exit_code = next((number for end in ends if (number := code(end)) is not None), call.exit_code)

    @staticmethod
    def _begin(call_id: str, call: _KnownCall) -> Iterator[AgentEvent]:
        call.begun = True
        if call.kind is ToolKind.EXECUTE:
            call.command = call.command or call.name  # the title is the command, with some
        yield ToolStarted(call_id=call_id, name=call.name, kind=call.kind, command=call.command, paths=call.paths)

    @staticmethod
    def _diffs(call_id: str, call: _KnownCall, told: Mapping[str, object]) -> Iterator[DiffClaimed]:
        """The changes that a call shows; each update shows all of them again."""
        found = [row for row in rows(told.get("content")) if row.get("type") == "diff"]
        new, call.diffs = found[call.diffs :], max(call.diffs, len(found))
        for row in new:
            before = row.get("oldText")
            yield DiffClaimed(
                call_id=call_id, path=clip(str(row.get("path")), 4096), after=text(row.get("newText")),
                before=text(before) if isinstance(before, str) else None,
            )  # fmt: skip


_MOST_PATHS: Final = 100


def _words(value: list[object]) -> list[str]:
    """The words of a list; what is none is left out."""
    return [item for item in value if isinstance(item, str)]


def _output(told: Mapping[str, object]) -> str:
    """What a call shows as its result."""
    parts = [
        text(table(row, "content").get("text")) for row in rows(told.get("content")) if row.get("type") == "content"
    ]
    parts.append(text(table(told, "_meta", "terminal_output_delta").get("data")))  # Codex shows it as of a terminal
    return clip("\n".join(part for part in parts if part))


def permission_answer(params: Row, *, allowed: bool) -> Row:
    """The option that says yes or no, for this once where there is such a one; with none, that the request is void."""
    kinds = _YES if allowed else _NO
    options = rows(params.get("options"))
    for kind in kinds:
        for option in options:
            if option.get("kind") == kind:
                return {"outcome": {"outcome": "selected", "optionId": option.get("optionId")}}
    return {"outcome": {"outcome": "cancelled"}}
