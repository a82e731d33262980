"""Call a tool of a catalog: checked before, bounded during, sorted after, and never an exception."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol, cast

import anyio

from journeyman.concurrency.rate_limiter import RateLimiter
from journeyman.mission.values.canonical import Json, JsonObject, NotJson, checked
from journeyman.tools.arguments import ArgumentSchema
from journeyman.tools.base import BaseCatalog, CallRequest, CallStatus, Result, Tool
from journeyman.tools.blocking import acquired, run_blocking
from journeyman.tools.call_limits import CallLimits
from journeyman.tools.deadline import Deadline
from journeyman.tools.functions import FunctionTool
from journeyman.tools.metrics import MetricMapping
from journeyman.tools.results import ResultCaps, classify_answer, classify_value, failed_result, one_line
from journeyman.tools.send_state import SendState
from journeyman.tools.servers.definition import TransportError
from journeyman.tools.servers.supervisor import McpServer

_THREAD_CHARS: Final = 2**20
"""Answers with more text are sorted in a thread."""
_ENDING_S: Final = 1.0
"""What a tool that keeps its own limit may take to end by itself."""
_UNANSWERED: Final = ("server_died", "server_unreachable", "worker_died")
"""Error classes of a try that nobody answered; all others are answers, and asking again brings the same."""


class ToolBackend(Protocol):
    """Where a tool lives."""

    async def call(self, args: Mapping[str, Json], key: str, sending: SendState) -> Result:
        """Call the tool once, and keep `sending` true while it is under way."""
        ...


@dataclass(frozen=True, slots=True)
class LocalFunction:
    """A Python function of this process."""

    function: FunctionTool
    caps: ResultCaps
    threads: anyio.CapacityLimiter
    mapped: tuple[MetricMapping, ...] = ()

    async def call(self, args: Mapping[str, Json], key: str, sending: SendState) -> Result:
        """Call it; from the moment it begins it may have done something."""
        return await self.function.call(args, key, self._sorted, self.threads, sending)

    def _sorted(self, value: object) -> Result:
        return classify_value(value, self.caps, self.mapped)


@dataclass(frozen=True, slots=True)
class RemoteTool:
    """A tool of an MCP server."""

    server: McpServer
    name: str
    caps: ResultCaps
    mapped: tuple[MetricMapping, ...] = ()

    async def call(self, args: Mapping[str, Json], key: str, sending: SendState) -> Result:
        """Ask the server, once; every fault of it is a result."""
        try:
            answer = await self.server.call(self.name, args, key, sending)
        except TransportError as fault:
            return failed_result(fault.error_class, str(fault), status=fault.status)
        if sum(map(len, answer.texts)) > _THREAD_CHARS:
            return await run_blocking(lambda: classify_answer(answer, self.caps, self.mapped))
        return classify_answer(answer, self.caps, self.mapped)


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogEntry:
    """An allowed tool with all that a call of it needs."""

    tool: Tool
    source: ToolBackend
    arguments: ArgumentSchema | str
    slots: tuple[anyio.CapacityLimiter, ...]
    rate: RateLimiter | None
    timeout_s: float | None = None
    """Its own limit, which the mission gave it by name, in place of the one for all."""


class ToolCatalog(BaseCatalog):
    """A `Catalog` over functions and servers; made by `open_catalog`."""

    def __init__(
        self,
        entries: Mapping[str, CatalogEntry],
        hidden: Mapping[str, CatalogEntry],
        limits: CallLimits,
        deadline: Deadline,
    ) -> None:
        self._listed = dict(sorted(entries.items()))
        self._entries = {**hidden, **self._listed}
        self._limits = limits
        self._deadline = deadline

    async def tools(self) -> Sequence[Tool]:
        """The allowed tools, sorted by name."""
        return tuple(entry.tool for entry in self._listed.values())

    async def handle(self, request: CallRequest) -> Result:
        """Call a tool; whatever goes wrong is in the result.

        `timeout_s` replaces the limit of the catalog. Both count from when the call has its slot; the catalog's
        deadline counts always.
        """
        entry = self._entries.get(request.name)
        if entry is None:
            return failed_result(
                "not_allowed",
                f"{request.name!r} is not among the allowed tools{nearest_names(request.name, self._listed)}",
            )
        problem = _refusal(entry, request.args)
        if problem is not None:
            return problem
        attempts = _Attempts(entry, request.repeatable)
        began_s = anyio.current_time()
        with anyio.move_on_after(self._deadline.left_s()) as scope:
            held: list[anyio.CapacityLimiter] = []
            try:
                for slot in entry.slots:
                    await acquired(slot)
                    held.append(slot)
                if entry.rate is not None:
                    await anyio.sleep(entry.rate.reserve_wait_s(anyio.current_time()))
                began_s = anyio.current_time()
                limit_s = self._limits.timeout_s if request.timeout_s is None else request.timeout_s
                limit_s = limit_s if entry.timeout_s is None else entry.timeout_s + _ENDING_S
                scope.deadline = min(scope.deadline, began_s + limit_s)
                await self._tried(attempts, request)
            finally:
                for slot in held:
                    slot.release()
        took_s = anyio.current_time() - began_s
        return replace(attempts.result_with_attempts(took_s), duration_s=round(took_s, 6))

    async def _tried(self, attempts: _Attempts, request: CallRequest) -> None:
        while True:
            attempts.begin()
            attempts.result = await _once(attempts, request.args, request.key)
            attempts.left = attempts.left or attempts.sending.sent
            if attempts.tries >= self._limits.tries or not attempts.again():
                return
            if attempts.sending.sent and request.again is not None and not await request.again():
                return


@dataclass(slots=True)
class _Attempts:
    """How one call went so far."""

    entry: CatalogEntry
    repeatable: bool
    """The caller's word, and the only thing that lets a call that may have left be sent again."""
    tries: int = 0
    left: bool = False
    """An ended try may have left."""
    sending: SendState = field(default_factory=SendState)
    result: Result | None = None
    """Of the last try, `None` while it is under way."""

    def begin(self) -> None:
        self.tries += 1
        self.sending = SendState()
        self.result = None

    def again(self) -> bool:
        """Say whether the call may and should be tried again: where nobody answered it."""
        unanswered = self.result is not None and self.result.error_class in _UNANSWERED
        return unanswered and (self.repeatable or not self.left)

    def result_with_attempts(self, took_s: float) -> Result:
        """The last try's result with what the earlier ones add to it."""
        result = self._late(took_s) if self.result is None else self.result
        status = result.status
        if status is CallStatus.UNKNOWN and not self.left:
            status = CallStatus.FAILED
        elif status is CallStatus.UNKNOWN and self.repeatable and result.error_class == "protocol":
            status = CallStatus.FAILED  # It was answered, unreadably; that it may have happened does no harm.
        elif self.left and result.error_class == "server_unreachable":
            status = CallStatus.UNKNOWN  # An earlier try may have happened.
        tried = f" ({self.tries} tries)" if self.tries > 1 else ""
        error = None if result.error is None else result.error[: 500 - len(tried)] + tried
        running = self.result is None and bool(self.sending.running)
        return replace(result, status=status, tries=self.tries, error=error, left_running=running)

    def _late(self, took_s: float) -> Result:
        self.left = self.left or self.sending.sent
        name = self.entry.tool.name
        if not self.left:
            return failed_result("timeout", f"{name} could not be reached within {took_s:.3g} s; nothing was sent")
        running = f"; {self.sending.running}" if self.sending.running else ""
        text = f"{name} gave no answer within {took_s:.3g} s; it may still have happened{running}"
        return failed_result("timeout", text, status=CallStatus.UNKNOWN)


async def _once(attempts: _Attempts, args: Mapping[str, Json], key: str) -> Result:
    sending = attempts.sending
    try:
        return await attempts.entry.source.call(args, key, sending)
    except Exception as error:  # noqa: BLE001 - no fault of a server or an SDK may reach the engine as an exception
        return failed_result("protocol", f"{type(error).__name__}: {error}", status=CallStatus.UNKNOWN)


def _refusal(entry: CatalogEntry, args: Mapping[str, Json]) -> Result | None:
    if isinstance(entry.arguments, str):
        return failed_result("protocol", f"the input schema of {entry.tool.name} is broken: {entry.arguments}")
    try:
        problems = entry.arguments.problems(cast("JsonObject", checked(args)))
    except NotJson as error:
        return failed_result("invalid_arguments", f"the arguments are not finite JSON: {error}")
    if not problems:
        return None
    more = f" (and {len(problems) - 3} more)" if len(problems) > 3 else ""
    return failed_result("invalid_arguments", "; ".join(map(str, problems[:3])) + more)


def nearest_names(name: str, names: Mapping[str, object] | Sequence[str]) -> str:
    """The names closest to one that is not there, to end an error text with."""
    close = difflib.get_close_matches(name, list(names), 3, 0.4)
    return f"; nearest: {one_line(', '.join(close))}" if close else f"; there are {len(names)}"
