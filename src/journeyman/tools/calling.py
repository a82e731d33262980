"""Call a tool of a catalog: checked before, bounded during, sorted after, and never an exception."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Final, Protocol, cast

import anyio
import anyio.to_thread

from journeyman.mission.values.canonical import Json, JsonObject, NotJson, checked
from journeyman.tools.arguments import Arguments
from journeyman.tools.base import Result, Status, Tool
from journeyman.tools.functions import FunctionTool
from journeyman.tools.limits import Limits, Pace
from journeyman.tools.results import Caps, failure, sorted_answer
from journeyman.tools.servers.definition import WireFault
from journeyman.tools.servers.supervisor import McpServer, Sending

_THREAD_CHARS: Final = 2**20
"""Answers with more text are sorted in a thread."""


class Source(Protocol):
    """Where a tool lives."""

    async def call(self, args: Mapping[str, Json], key: str, sending: Sending) -> Result:
        """Call the tool once."""
        ...


@dataclass(frozen=True, slots=True)
class Function:
    """A Python function of this process."""

    function: FunctionTool
    caps: Caps
    threads: anyio.CapacityLimiter

    async def call(self, args: Mapping[str, Json], key: str, sending: Sending) -> Result:
        """Call it; from the first moment it may have done something."""
        sending.sent = True
        return await self.function.call(args, key, self.caps, self.threads)


@dataclass(frozen=True, slots=True)
class Remote:
    """A tool of an MCP server."""

    server: McpServer
    name: str
    caps: Caps

    async def call(self, args: Mapping[str, Json], key: str, sending: Sending) -> Result:
        """Ask the server, once; every fault of it is a result."""
        try:
            answer = await self.server.call(self.name, args, key, sending)
        except WireFault as fault:
            return failure(fault.error_class, str(fault), status=fault.status)
        if sum(map(len, answer.texts)) > _THREAD_CHARS:
            return await anyio.to_thread.run_sync(lambda: sorted_answer(answer, self.caps))
        return sorted_answer(answer, self.caps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An allowed tool with all that a call of it needs."""

    tool: Tool
    source: Source
    arguments: Arguments | str
    slots: tuple[anyio.CapacityLimiter, ...]
    pace: Pace | None
    repeatable: bool


class ToolCatalog:
    """A `Catalog` over functions and servers; made by `open_catalog`."""

    def __init__(self, entries: Mapping[str, Entry], hidden: Mapping[str, Entry], limits: Limits) -> None:
        self._listed = dict(sorted(entries.items()))
        self._entries = {**hidden, **self._listed}
        self._limits = limits

    async def tools(self) -> Sequence[Tool]:
        """Give the allowed tools, sorted by name."""
        return tuple(entry.tool for entry in self._listed.values())

    async def call(
        self, name: str, args: Mapping[str, Json], *, key: str, timeout_s: float | None = None, repeatable: bool = False
    ) -> Result:
        """Call a tool; whatever goes wrong is in the result. `timeout_s` replaces the limit of the catalog."""
        entry = self._entries.get(name)
        if entry is None:
            return failure("not_allowed", f"{name!r} is not among the allowed tools{nearest(name, self._listed)}")
        problem = _refusal(entry, args)
        if problem is not None:
            return problem
        async with AsyncExitStack() as held:
            for slot in entry.slots:
                await held.enter_async_context(slot)
            if entry.pace is not None:
                await entry.pace.wait()
            began_s = anyio.current_time()
            result = await self._bounded(entry, args, key, self._limits.timeout_s if timeout_s is None else timeout_s)
            return replace(result, duration_s=round(anyio.current_time() - began_s, 6))

    async def _bounded(self, entry: Entry, args: Mapping[str, Json], key: str, timeout_s: float) -> Result:
        course = _Course()
        with anyio.move_on_after(timeout_s):
            while True:
                course.begin()
                result = await _once(entry, args, key, course.sending)
                course.unknown = course.unknown or result.status is Status.UNKNOWN
                if course.tries >= self._limits.tries or not _worth_again(entry, result):
                    return course.told(result)
        if course.unknown or course.sending.sent:
            text = f"{entry.tool.name} gave no answer within {timeout_s:g} s; it may still have happened"
            return course.told(failure("timeout", text, status=Status.UNKNOWN))
        text = f"{entry.tool.name} could not be reached within {timeout_s:g} s; nothing was sent"
        return course.told(failure("timeout", text))


@dataclass(slots=True)
class _Course:
    """How one call went so far."""

    tries: int = 0
    unknown: bool = False
    """An earlier try may have happened."""
    sending: Sending = field(default_factory=Sending)

    def begin(self) -> None:
        self.tries += 1
        self.sending = Sending()

    def told(self, result: Result) -> Result:
        """Give the result with what the earlier tries add to it."""
        status = Status.UNKNOWN if self.unknown and result.error_class == "server_unreachable" else result.status
        tried = f" ({self.tries} tries)" if self.tries > 1 else ""
        error = None if result.error is None else result.error[: 500 - len(tried)] + tried
        return replace(result, status=status, tries=self.tries, error=error)


async def _once(entry: Entry, args: Mapping[str, Json], key: str, sending: Sending) -> Result:
    try:
        return await entry.source.call(args, key, sending)
    except Exception as error:  # noqa: BLE001 - no fault of a server or an SDK may reach the engine as an exception
        status = Status.UNKNOWN if sending.sent else Status.FAILED
        return failure("protocol", f"{type(error).__name__}: {error}", status=status)


def _worth_again(entry: Entry, result: Result) -> bool:
    """Say whether to try again: where nothing was sent, or where the operator lets a call happen twice."""
    return result.error_class == "server_unreachable" or (entry.repeatable and result.error_class == "server_died")


def _refusal(entry: Entry, args: Mapping[str, Json]) -> Result | None:
    if isinstance(entry.arguments, str):
        return failure("protocol", f"the input schema of {entry.tool.name} is broken: {entry.arguments}")
    try:
        problems = entry.arguments.problems(cast("JsonObject", checked(args)))
    except NotJson as error:
        return failure("invalid_arguments", f"the arguments are not finite JSON: {error}")
    if not problems:
        return None
    more = f" (and {len(problems) - 3} more)" if len(problems) > 3 else ""
    return failure("invalid_arguments", "; ".join(map(str, problems[:3])) + more)


def nearest(name: str, names: Mapping[str, object] | Sequence[str]) -> str:
    """Give the names closest to one that is not there, to end an error text with."""
    close = difflib.get_close_matches(name, list(names), 3, 0.4)
    return f"; nearest: {', '.join(close)}" if close else f"; there are {len(names)}"
