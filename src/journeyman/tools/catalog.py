"""One catalog of Python functions and MCP servers under one allowlist: what is not allowed cannot be seen or called."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from fnmatch import fnmatchcase
from pathlib import Path

import anyio

from journeyman.mission.values.errors import InvalidInput, Problem, Unavailable
from journeyman.tools.arguments import compiled
from journeyman.tools.base import Tool
from journeyman.tools.calling import Entry, Function, Remote, Source, ToolCatalog, nearest
from journeyman.tools.functions import FunctionTool, function_tool
from journeyman.tools.limits import Limits
from journeyman.tools.loading import load_functions
from journeyman.tools.servers.config import read_servers
from journeyman.tools.servers.definition import catalog_names, tool_of
from journeyman.tools.servers.supervisor import McpServer


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
    found: list[tuple[Tool, Source, anyio.CapacityLimiter | None]] = []
    hidden: dict[str, Entry] = {}
    for function in functions:
        found.append((function.tool, Function(function, limits.caps, threads), None))
        if function.probe is not None and _matches(function.tool.name, allow):
            probe = function.probe
            hidden[probe.tool.name] = _entry(
                probe.tool, Function(probe, limits.caps, threads), None, limits, again=True
            )
    for server in servers:
        slots = anyio.CapacityLimiter(limits.per_server)
        for name, full in catalog_names(server.config.name, list(server.definitions)).items():
            tool = tool_of(full, server.definitions[name])
            found.append((tool, Remote(server, name, limits.caps), slots))
    names = [tool.name for tool, _, _ in found]
    _check_names(names, allow)
    entries = {
        tool.name: _entry(tool, source, slots, limits, again=_matches(tool.name, repeatable))
        for tool, source, slots in found
        if _matches(tool.name, allow)
    }
    return ToolCatalog(entries, hidden, limits)


def _entry(tool: Tool, source: Source, slots: anyio.CapacityLimiter | None, limits: Limits, *, again: bool) -> Entry:
    own = limits.concurrency_of(tool.name)
    return Entry(
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
        Problem(where=pattern, message=f"matches no tool{nearest(pattern, names)}")
        for pattern in allow
        if not any(fnmatchcase(name, pattern) for name in names)
    ]
    twice = sorted({name for name in names if names.count(name) > 1})
    problems += [Problem(where=name, message="is the name of two tools", hint="rename one of them") for name in twice]
    if problems:
        raise InvalidInput("the list of tools", tuple(problems), code="tools_invalid")
