"""Which code runs which kind of tool that a mission file describes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import anyio

from journeyman.mission.model.commands import CommandTool
from journeyman.mission.model.declared_tool import DeclaredTool
from journeyman.mission.model.http_requests import HttpTool
from journeyman.mission.values.errors import InvalidInput, Problem
from journeyman.tools.calling import ToolBackend
from journeyman.tools.declared.command import CommandBackend, command_problems
from journeyman.tools.declared.http import HttpBackend, http_problems
from journeyman.tools.metrics import MetricMapping
from journeyman.tools.results import ResultCaps


@dataclass(frozen=True, slots=True)
class DeclaredSurroundings:
    """What every tool of a mission file gets."""

    base_dir: Path | None
    caps: ResultCaps
    running: anyio.CapacityLimiter
    """How many of them are called at a time."""


def check_declared(declared: Mapping[str, DeclaredTool], base_dir: Path | None) -> None:
    """Raise `InvalidInput` with everything that keeps any of them from being called. Blocks."""
    problems = [problem for name, spec in declared.items() for problem in _problems(name, spec, base_dir)]
    if problems:
        raise InvalidInput("the list of tools", tuple(problems), code="tools_invalid")


def _problems(name: str, spec: DeclaredTool, base_dir: Path | None) -> Iterator[Problem]:
    match spec:
        case CommandTool():
            yield from command_problems(f"commands.{name}", spec, base_dir)
        case HttpTool():
            yield from http_problems(f"http.{name}", spec)
        case _:
            raise TypeError(f"nobody calls a {type(spec).__name__}")


def backend_of(
    name: str, spec: DeclaredTool, around: DeclaredSurroundings, mapped: tuple[MetricMapping, ...]
) -> ToolBackend:
    """What calls it."""
    match spec:
        case CommandTool():
            return CommandBackend(name, spec, around.base_dir, around.caps, around.running, mapped)
        case HttpTool():
            return HttpBackend(name, spec, around.caps, around.running, mapped)
        case _:
            raise TypeError(f"nobody calls a {type(spec).__name__}")
