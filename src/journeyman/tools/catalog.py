"""One catalog of Python functions, MCP servers, and tools that a mission describes, under one allowlist: what is not allowed cannot be seen or called."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

import anyio

from journeyman.mission.model.declared_tool import DeclaredTool
from journeyman.mission.model.metric_sources import MetricSource
from journeyman.mission.values.errors import InvalidInput, Problem, Unavailable
from journeyman.tools.arguments import compile_schema
from journeyman.tools.base import Tool
from journeyman.tools.blocking import run_blocking
from journeyman.tools.call_limits import CallLimits
from journeyman.tools.calling import CatalogEntry, LocalFunction, RemoteTool, ToolBackend, ToolCatalog, nearest_names
from journeyman.tools.deadline import Deadline
from journeyman.tools.declared.backends import DeclaredSurroundings, backend_of, check_declared
from journeyman.tools.declared.definition import definition_of
from journeyman.tools.functions import FunctionTool, function_tool
from journeyman.tools.isolated_function import IsolatedFunction, IsolationSpec
from journeyman.tools.loading import load_functions
from journeyman.tools.metrics import sources_of
from journeyman.tools.servers.config import read_servers
from journeyman.tools.servers.definition import catalog_names, tool_of
from journeyman.tools.servers.supervisor import McpServer


@asynccontextmanager
async def open_catalog(
    *,
    functions: Sequence[str | IsolationSpec | Callable[..., object]] = (),
    declared: Mapping[str, DeclaredTool] | None = None,
    servers: Mapping[str, object] | None = None,
    allow: Sequence[str] = ("*",),
    metrics: Mapping[str, MetricSource] | None = None,
    limits: CallLimits | None = None,
    deadline: Deadline | None = None,
    base_dir: Path | None = None,
) -> AsyncGenerator[ToolCatalog]:
    """Open the servers, give their tools and those of the functions under the allowlist, and close it all at the end.

    Args:
        functions: Callables, `module:callable` as in mission files, or `IsolationSpec` for one that runs in a worker process.
        declared: Tools that the mission file describes, by name.
        servers: The `mcpServers` form. Servers that no pattern of `allow` can mean are not started.
        allow: Patterns of tool names; `*` and `?` match any characters, dots too.
        metrics: What the mission maps out of results: name of a metric to where it stands.
        limits: Bounds of calls.
        deadline: Bounds starts, calls with all their waiting, and closing; whoever owns it may move it.
        base_dir: The mission file's folder: functions are looked for there, and servers start there.

    Raises:
        InvalidInput: A function, server or pattern is wrong, or a pattern matches no tool.
        Unavailable: A server that is needed cannot be started.
    """
    bounds, until = limits or CallLimits(), deadline or Deadline()
    # A thread: importing runs what others wrote, perhaps for ever, and our loop must go on.
    local = await run_blocking(lambda: _local(functions, declared or {}, base_dir))
    configs = [server for server in read_servers(servers or {}, base_dir) if _needed(server.name, allow)]
    fault: Exception | None = None
    async with anyio.create_task_group() as group:
        running = [McpServer(config, group, bounds.servers, random.random, until) for config in configs]
        try:
            await _open_all(running)
            sources = _Sources(local, running, declared or {}, base_dir)
            yield _Assembly(sources, allow, metrics or {}, bounds).catalog(until)
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


def _local(
    functions: Sequence[str | IsolationSpec | Callable[..., object]],
    declared: Mapping[str, DeclaredTool],
    base_dir: Path | None,
) -> list[tuple[FunctionTool, IsolationSpec | None]]:
    """Each function's tool, and how it is isolated, those of the mission file first; what it describes is checked."""
    check_declared(declared, base_dir)
    written = [item for item in functions if isinstance(item, (str, IsolationSpec))]
    specs = [item if isinstance(item, str) else item.function for item in written]
    found = [
        (
            function_tool(item, foreign=True),
            replace(spec, base_dir=base_dir) if isinstance(spec, IsolationSpec) else None,
        )
        for item, spec in zip(load_functions(specs, base_dir), written, strict=True)
    ]
    return found + [(function_tool(item), None) for item in functions if not isinstance(item, (str, IsolationSpec))]


@dataclass(frozen=True, slots=True)
class _Sources:
    """Where tools come from."""

    functions: Sequence[tuple[FunctionTool, IsolationSpec | None]]
    servers: Sequence[McpServer]
    declared: Mapping[str, DeclaredTool]
    base_dir: Path | None


@dataclass(frozen=True, slots=True)
class _Assembly:
    """What a catalog is made of."""

    sources: _Sources
    allow: Sequence[str]
    metrics: Mapping[str, MetricSource]
    limits: CallLimits

    def catalog(self, deadline: Deadline) -> ToolCatalog:
        """The catalog; raises `InvalidInput` where names collide or patterns match nothing."""
        found: list[CatalogEntry] = []
        hidden: dict[str, CatalogEntry] = {}
        threads = anyio.CapacityLimiter(self.limits.threads)
        for function, isolated in self.sources.functions:
            found.append(self._entry(function.tool, self._source(function, isolated, threads)))
            probe = function.probe
            if probe is not None and _matches(function.tool.name, self.allow):
                asking = None if isolated is None else replace(isolated, probe=True)
                hidden[probe.tool.name] = self._entry(probe.tool, self._source(probe, asking, threads))
        around = DeclaredSurroundings(
            self.sources.base_dir, self.limits.caps, anyio.CapacityLimiter(self.limits.threads)
        )
        for name, spec in self.sources.declared.items():
            backend = backend_of(name, spec, around, sources_of(name, self.metrics))
            timeout_s = None if spec.timeout_s is None else float(spec.timeout_s)
            found.append(self._entry(definition_of(name, spec), backend, timeout_s=timeout_s))
        control: list[str] = []
        for server in self.sources.servers:
            slots = anyio.CapacityLimiter(self.limits.per_server)
            for name, full in catalog_names(server.config.name, list(server.definitions)).items():
                if server.definitions[name].steers_missions:
                    control.append(full)
                    continue
                tool = tool_of(full, server.definitions[name])
                remote = RemoteTool(server, name, self.limits.caps, sources_of(full, self.metrics))
                found.append(self._entry(tool, remote, slots))
        _refuse_control_tools(control, [entry.tool.name for entry in found], self.allow)
        _check_names([entry.tool.name for entry in found], self.allow, self.metrics)
        entries = {entry.tool.name: entry for entry in found if _matches(entry.tool.name, self.allow)}
        return ToolCatalog(entries, hidden, self.limits, deadline)

    def _source(
        self, function: FunctionTool, isolated: IsolationSpec | None, threads: anyio.CapacityLimiter
    ) -> ToolBackend:
        caps, mapped = self.limits.caps, sources_of(function.tool.name, self.metrics)
        if isolated is None:
            return LocalFunction(function, caps, threads, mapped)
        return IsolatedFunction(function, isolated, caps, threads, mapped)

    def _entry(
        self,
        tool: Tool,
        source: ToolBackend,
        slots: anyio.CapacityLimiter | None = None,
        timeout_s: float | None = None,
    ) -> CatalogEntry:
        own = self.limits.concurrency_of(tool.name)
        return CatalogEntry(
            tool=tool,
            source=source,
            arguments=compile_schema(tool.input_schema),
            slots=tuple(slot for slot in (own, slots) if slot is not None),
            rate=self.limits.rate_of(tool.name),
            timeout_s=timeout_s,
        )


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _refuse_control_tools(control: Sequence[str], names: Sequence[str], allow: Sequence[str]) -> None:
    """Refuse an allowlist that asks for tools that steer missions: none may start, end or approve a mission, its own least.

    A pattern that means other tools besides is only narrower for it.
    """
    problems = [
        Problem(
            where=pattern,
            message=f"means {meant[0]!r}, a tool of `journeyman mcp` that steers missions: no mission may have it",
            hint="leave it out; give the mission the tools that do the work",
        )
        for pattern in allow
        if (meant := [name for name in control if fnmatchcase(name, pattern)])
        and not any(fnmatchcase(name, pattern) for name in names)
    ]
    if problems:
        raise InvalidInput("the list of tools", tuple(problems), code="control_tools")


def _check_names(names: Sequence[str], allow: Sequence[str], metrics: Mapping[str, MetricSource]) -> None:
    wanted = [(pattern, pattern) for pattern in allow]
    wanted += [(f"metrics.{name}.tool", source.tool) for name, source in metrics.items()]
    problems = [
        Problem(
            where=where,
            message=f"{'' if where == pattern else repr(pattern) + ' '}matches no tool{nearest_names(pattern, names)}",
        )
        for where, pattern in wanted
        if not any(fnmatchcase(name, pattern) for name in names)
    ]
    twice = sorted({name for name in names if names.count(name) > 1})
    problems += [Problem(where=name, message="is the name of two tools", hint="rename one of them") for name in twice]
    if problems:
        raise InvalidInput("the list of tools", tuple(problems), code="tools_invalid")
