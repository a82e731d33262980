"""One catalog of Python functions and MCP servers under one allowlist: what is not allowed cannot be seen or called."""

from __future__ import annotations

import difflib
import random
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final, Protocol, cast

import anyio
import anyio.to_thread

from journeyman.mission.canonical import Json, JsonObject, NotJson, checked
from journeyman.mission.errors import InvalidInput, Problem, Unavailable
from journeyman.tools.arguments import Arguments, compiled
from journeyman.tools.base import Result, Status, Tool
from journeyman.tools.functions import FunctionTool, function_tool
from journeyman.tools.limits import Limits, Pace
from journeyman.tools.loading import load_functions
from journeyman.tools.mcp_servers import McpServer, Sending, WireFault, catalog_names, tool_of
from journeyman.tools.results import Caps, failure, sorted_answer
from journeyman.tools.server_config import read_servers

_THREAD_CHARS: Final = 2**20
"""Answers with more text are sorted in a thread."""


class _Source(Protocol):
    async def call(self, args: Mapping[str, Json], key: str, sending: Sending) -> Result:
        """Call the tool once."""
        ...


@dataclass(frozen=True, slots=True)
class _Function:
    function: FunctionTool
    caps: Caps
    threads: anyio.CapacityLimiter

    async def call(self, args: Mapping[str, Json], key: str, sending: Sending) -> Result:
        sending.sent = True
        return await self.function.call(args, key, self.caps, self.threads)


@dataclass(frozen=True, slots=True)
class _Remote:
    server: McpServer
    name: str
    caps: Caps

    async def call(self, args: Mapping[str, Json], key: str, sending: Sending) -> Result:
        try:
            answer = await self.server.call(self.name, args, key, sending)
        except WireFault as fault:
            return failure(fault.error_class, str(fault), status=fault.status)
        if sum(map(len, answer.texts)) > _THREAD_CHARS:
            return await anyio.to_thread.run_sync(lambda: sorted_answer(answer, self.caps))
        return sorted_answer(answer, self.caps)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    tool: Tool
    source: _Source
    arguments: Arguments | str
    slots: tuple[anyio.CapacityLimiter, ...]
    pace: Pace | None
    repeatable: bool


class ToolCatalog:
    """A `Catalog` over functions and servers; made by `open_catalog`."""

    def __init__(self, entries: Mapping[str, _Entry], hidden: Mapping[str, _Entry], limits: Limits) -> None:
        self._listed = dict(sorted(entries.items()))
        self._entries = {**hidden, **self._listed}
        self._limits = limits

    async def tools(self) -> Sequence[Tool]:
        """Give the allowed tools, sorted by name."""
        return tuple(entry.tool for entry in self._listed.values())

    async def call(self, name: str, args: Mapping[str, Json], *, key: str, timeout_s: float | None = None) -> Result:
        """Call a tool; whatever goes wrong is in the result. `timeout_s` replaces the limit of the catalog."""
        entry = self._entries.get(name)
        if entry is None:
            return failure("not_allowed", f"{name!r} is not among the allowed tools{_nearest(name, self._listed)}")
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

    async def _bounded(self, entry: _Entry, args: Mapping[str, Json], key: str, timeout_s: float) -> Result:
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


async def _once(entry: _Entry, args: Mapping[str, Json], key: str, sending: Sending) -> Result:
    try:
        return await entry.source.call(args, key, sending)
    except Exception as error:  # noqa: BLE001 - no fault of a server or an SDK may reach the engine as an exception
        status = Status.UNKNOWN if sending.sent else Status.FAILED
        return failure("protocol", f"{type(error).__name__}: {error}", status=status)


def _worth_again(entry: _Entry, result: Result) -> bool:
    """Say whether to try again: where nothing was sent, or where the operator lets a call happen twice."""
    return result.error_class == "server_unreachable" or (entry.repeatable and result.error_class == "server_died")


def _refusal(entry: _Entry, args: Mapping[str, Json]) -> Result | None:
    if isinstance(entry.arguments, str):
        return failure("protocol", f"the input schema of {entry.tool.name} is broken: {entry.arguments}")
    try:
        problems = entry.arguments.problems(cast("JsonObject", checked(args)))
    except NotJson as error:
        return failure("invalid_arguments", f"the arguments are not finite JSON: {error}")
    if not problems:
        return None
    more = f" (and {len(problems) - 3} more)" if len(problems) > 3 else ""  # noqa: PLR2004 - three fit on the line
    return failure("invalid_arguments", "; ".join(map(str, problems[:3])) + more)


def _nearest(name: str, names: Mapping[str, object] | Sequence[str]) -> str:
    close = difflib.get_close_matches(name, list(names), 3, 0.4)
    return f"; nearest: {', '.join(close)}" if close else f"; there are {len(names)}"


@asynccontextmanager
async def open_catalog(
    *,
    functions: Sequence[str | Callable[..., object]] = (),
    servers: Mapping[str, object] | None = None,
    allow: Sequence[str] = ("*",),
    repeatable: Sequence[str] = (),
    limits: Limits | None = None,
    base_dir: Path | None = None,
    jitter: Callable[[], float] = random.random,
) -> AsyncGenerator[ToolCatalog]:
    """Open the servers, give their tools and those of the functions under the allowlist, and close it all at the end.

    Args:
        functions: Callables, or `module:callable` as in mission files.
        servers: The `mcpServers` form. Servers that no pattern of `allow` can mean are not started.
        allow: Patterns of tool names; `*` and `?` match any characters, dots too.
        repeatable: Patterns of tools whose effects are `pure` or `keyed`: their calls are tried again also when a server
            died and the call may have happened. All others are tried again only where certainly nothing was sent.
        limits: Bounds of calls.
        base_dir: The mission file's folder: functions are looked for there, and servers start there.
        jitter: Draws from 0..1; spreads restarts.

    Raises:
        InvalidInput: A function, server or pattern is wrong, or a pattern matches no tool.
        Unavailable: A server that is needed cannot be started.
    """
    bounds = limits or Limits()
    named = load_functions([spec for spec in functions if isinstance(spec, str)], base_dir)
    tools = [function_tool(item) for item in [*named, *(item for item in functions if not isinstance(item, str))]]
    configs = [server for server in read_servers(servers or {}, base_dir) if _needed(server.name, allow)]
    fault: Exception | None = None
    async with anyio.create_task_group() as group:
        running = [McpServer(config, group, bounds.servers, jitter) for config in configs]
        try:
            await _open_all(running)
            yield _assembled(tools, running, allow, repeatable, bounds)
        except Exception as error:  # noqa: BLE001 - raised again below, outside the group that would wrap it
            fault = error
        finally:
            with anyio.CancelScope(shield=True):
                async with anyio.create_task_group() as closing:
                    for server in running:
                        closing.start_soon(server.close)
            group.cancel_scope.cancel()
    if fault is not None:
        raise fault


def _needed(server: str, allow: Sequence[str]) -> bool:
    """Say whether a pattern can match a tool of this server: some beginning of it matches `server.` whole."""
    head = f"{server}."
    return any(fnmatchcase(head, pattern[:end]) for pattern in allow for end in range(1, len(pattern) + 1))


async def _open_all(servers: Sequence[McpServer]) -> None:
    faults: list[Exception] = []

    async def start(server: McpServer) -> None:
        try:
            await server.open()
        except (Unavailable, InvalidInput) as error:
            faults.append(error)

    async with anyio.create_task_group() as group:
        for server in servers:
            group.start_soon(start, server)
    if len(faults) > 1 and all(isinstance(fault, Unavailable) for fault in faults):
        raise Unavailable("\n".join(map(str, faults)))
    if faults:
        raise faults[0]


def _assembled(
    functions: Sequence[FunctionTool],
    servers: Sequence[McpServer],
    allow: Sequence[str],
    repeatable: Sequence[str],
    limits: Limits,
) -> ToolCatalog:
    threads = anyio.CapacityLimiter(limits.threads)
    found: list[tuple[Tool, _Source, anyio.CapacityLimiter | None]] = []
    hidden: dict[str, _Entry] = {}
    for function in functions:
        found.append((function.tool, _Function(function, limits.caps, threads), None))
        if function.probe is not None and _matches(function.tool.name, allow):
            probe = function.probe
            hidden[probe.tool.name] = _entry(
                probe.tool, _Function(probe, limits.caps, threads), None, limits, again=True
            )
    for server in servers:
        slots = anyio.CapacityLimiter(limits.per_server)
        for name, full in catalog_names(server.config.name, list(server.definitions)).items():
            tool = tool_of(full, server.definitions[name])
            found.append((tool, _Remote(server, name, limits.caps), slots))
    names = [tool.name for tool, _, _ in found]
    _check_names(names, allow)
    entries = {
        tool.name: _entry(tool, source, slots, limits, again=_matches(tool.name, repeatable))
        for tool, source, slots in found
        if _matches(tool.name, allow)
    }
    return ToolCatalog(entries, hidden, limits)


def _entry(tool: Tool, source: _Source, slots: anyio.CapacityLimiter | None, limits: Limits, *, again: bool) -> _Entry:
    own = limits.concurrency_of(tool.name)
    return _Entry(
        tool=tool,
        source=source,
        arguments=compiled(tool.input_schema),
        slots=tuple(slot for slot in (own, slots) if slot is not None),
        pace=limits.pace_of(tool.name),
        repeatable=again,
    )


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _check_names(names: Sequence[str], allow: Sequence[str]) -> None:
    problems = [
        Problem(where=pattern, message=f"matches no tool{_nearest(pattern, names)}")
        for pattern in allow
        if not any(fnmatchcase(name, pattern) for name in names)
    ]
    twice = sorted({name for name in names if names.count(name) > 1})
    problems += [Problem(where=name, message="is the name of two tools", hint="rename one of them") for name in twice]
    if problems:
        raise InvalidInput("the list of tools", tuple(problems), code="tools_invalid")
