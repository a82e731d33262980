"""The trace of an attempt: what process and file system showed, and what the agent said, marked as its claim. Pure."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from journeyman.agents.drivers.base import WorkResult
from journeyman.agents.drivers.events import (
    AgentEvent,
    AgentMessage,
    PermissionAnswered,
    PermissionAsked,
    ToolFinished,
    ToolKind,
    ToolStarted,
    ToolStatus,
    clip,
)
from journeyman.apprentices.file_changes import FileChange, UnlistedChange

MOST_STEPS: Final = 10_000
"""Of an agent's claims; those after them are counted and not kept."""
_SHOWN_CHARS: Final = 2048
_VERIFIES: Final = re.compile(
    r"(?:^|[\s;&|(\"'/])(?:pytest|unittest|tox|nox|jest|vitest|mocha|rspec|phpunit|ctest|ruff|mypy|pyright|eslint|tsc|"
    r"python[\d.]*\s+(?:-\w+\s+)*\S*test\S*\.py|"
    r"(?:npm|pnpm|yarn|bun|cargo|go|make|gradle|mvn|dotnet|swift|mix|rake|deno)\s+(?:run\s+)?(?:test|check|lint|verify))\b"
)


class StepType(StrEnum):
    """What a step is about."""

    READ = "read"
    WRITE = "write"
    EXECUTE = "execute"
    VERIFY = "verify"
    """Runs what checks the work: tests, linters, type checkers."""
    CALL = "call"
    ANSWER = "answer"


class StepSource(StrEnum):
    """Who shows a step."""

    PROCESS = "process"
    FILES = "files"
    CLAIM = "claim"
    """The agent's own word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceStep:
    """One step, in the order in which it began."""

    type: StepType
    source: StepSource
    at_s: float
    """Since the beginning of the attempt."""
    duration_s: float | None = None
    what: str = ""
    """A command, a tool's name, a text: what the step is about."""
    paths: tuple[str, ...] = ()
    status: str = ""
    """Of a call: `done`, `failed`, `refused`; empty where it never ended. Of a file: `added`, `changed`, `removed`."""
    exit_code: int | None = None
    output: str = ""
    diff: str = ""
    confined: str = ""
    """Of the process: what it was confined in, or why it was not."""
    confirmed: bool | None = None
    """Of a claim to have written: whether the files show it; `None` where nothing could show it."""


class TraceBuilder:
    """Takes in events as they come, then what the files and the process showed."""

    def __init__(self, root: str) -> None:
        self._root = root
        """The working copy: what paths are told from."""
        self.left_out = 0
        """Claims after the most that are kept."""
        self._steps: list[TraceStep] = []
        self._open: dict[str, int] = {}
        self._asked: PermissionAsked | None = None

    def see(self, event: AgentEvent, at_s: float) -> None:
        """Take in what the agent says."""
        match event:
            case ToolStarted():
                self._begin(event, at_s)
            case ToolFinished():
                self._end(event, at_s)
            case AgentMessage():
                self._add(TraceStep(type=StepType.ANSWER, source=StepSource.CLAIM, at_s=at_s, what=_shown(event.text)))
            case PermissionAsked():
                self._asked = event
            case PermissionAnswered(allowed=False):
                self._refused(event, at_s)
            case _:
                pass

    def steps(
        self, changes: Iterable[FileChange], unlisted: Iterable[UnlistedChange], result: WorkResult, command: str
    ) -> Iterator[TraceStep]:
        """The whole trace, in order of time; what the files show stands at the end, when it was seen."""
        changed = {change.path: change for change in changes}
        process = TraceStep(
            type=StepType.EXECUTE, source=StepSource.PROCESS, at_s=0.0, duration_s=result.duration_s, what=command,
            status=result.ended.how.value, exit_code=result.ended.exit_code, output=_shown(result.ended.detail),
            confined=result.confinement.summary if result.confinement is not None else "",
        )  # fmt: skip
        yield process
        for step in self._steps:
            yield self._confirmed(step, changed)
        for change in changed.values():
            yield TraceStep(
                type=StepType.WRITE, source=StepSource.FILES, at_s=result.duration_s, paths=(change.shown,),
                status=change.how.value, diff=change.diff, what=change.omitted,
            )  # fmt: skip
        for folder in unlisted:
            yield TraceStep(
                type=StepType.WRITE, source=StepSource.FILES, at_s=result.duration_s, status=folder.how.value,
                paths=(os.fsencode(folder.path).decode("utf-8", "replace"),),
                what=f"not looked into: {folder.entries} files and folders",
            )  # fmt: skip

    def _begin(self, event: ToolStarted, at_s: float) -> None:
        kind, what = step_type(event.kind, event.command), _shown(event.command or event.name)
        if self._add(TraceStep(type=kind, source=StepSource.CLAIM, at_s=at_s, what=what, paths=event.paths)):
            self._open[event.call_id] = len(self._steps) - 1

    def _end(self, event: ToolFinished, at_s: float) -> None:
        place = self._open.pop(event.call_id, None)
        if place is None:
            return
        known = self._steps[place]
        self._steps[place] = replace(
            known, duration_s=at_s - known.at_s, status=event.status.value, exit_code=event.exit_code,
            output=_shown(event.output),
        )  # fmt: skip

    def _refused(self, event: PermissionAnswered, at_s: float) -> None:
        """A request that was refused and belongs to no call that was told."""
        asked = self._asked
        if asked is None or asked.request_id != event.request_id or asked.call_id in self._open:
            return
        kind, status = step_type(asked.kind, asked.title), ToolStatus.REFUSED.value
        what = _shown(asked.title)
        self._add(TraceStep(type=kind, source=StepSource.CLAIM, at_s=at_s, what=what, paths=asked.paths, status=status))

    def _confirmed(self, step: TraceStep, changed: dict[str, FileChange]) -> TraceStep:
        """A claim to have written, with what the files say about it."""
        if step.type is not StepType.WRITE or not step.paths or step.status == ToolStatus.REFUSED.value:
            return step
        named = [posixpath.relpath(posixpath.join(self._root, path), self._root) for path in step.paths]
        return replace(step, confirmed=all(name in changed for name in named))

    def _add(self, step: TraceStep) -> bool:
        if len(self._steps) >= MOST_STEPS:
            self.left_out += 1
            return False
        self._steps.append(step)
        return True


def step_type(kind: ToolKind, command: str) -> StepType:
    """What a call is in a trace."""
    match kind:
        case ToolKind.READ:
            return StepType.READ
        case ToolKind.WRITE:
            return StepType.WRITE
        case ToolKind.EXECUTE:
            return StepType.VERIFY if _VERIFIES.search(command) else StepType.EXECUTE
        case ToolKind.FETCH | ToolKind.CALL:
            return StepType.CALL


def _shown(text: str) -> str:
    return clip(text, _SHOWN_CHARS)
