"""Many tasks out of a file, side by side: what is done stays done, what was interrupted goes on, what failed is tried again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Final

import anyio
from pydantic import ValidationError

from journeyman.config import Settings
from journeyman.engine.record_reading import state_of
from journeyman.mission.files.task_lines import TaskLine
from journeyman.mission.model.mission import Mission
from journeyman.mission.model.reasons import Outcome, SessionStatus
from journeyman.mission.model.state import State
from journeyman.mission.values.errors import InvalidInput, JourneymanError, Problem
from journeyman.tasks.contract import task_mission, words_of
from journeyman.tasks.options import TaskOptions
from journeyman.tasks.outputs import delivered, files_words
from journeyman.tasks.running import free_id
from journeyman.wiring import Journeyman, opened

_MOST_BYTES: Final = 256 << 20


class LineStatus(StrEnum):
    """What became of a line."""

    DONE_BEFORE = "done before"
    ACHIEVED = "achieved"
    NOT_ACHIEVED = "not achieved"
    WAITING = "waiting for you"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineResult:
    """One task of a batch, as it stands at the end."""

    id: str
    session_id: str
    status: LineStatus
    detail: str = ""


def read_lines(path: Path) -> list[TaskLine]:
    """The tasks of a file, one JSON object a line; raises `InvalidInput` with all that is wrong with any."""
    found: dict[int, TaskLine] = {}
    problems: list[Problem] = []
    for number, text in enumerate(_text_of(path).split("\n"), start=1):
        if not text.strip():
            continue
        try:
            line = TaskLine.model_validate_json(text)
        except ValidationError as error:
            problems += [_problem(number, ".".join(map(str, row["loc"])), row["msg"]) for row in error.errors()]
            continue
        found[number] = line if line.id else line.model_copy(update={"id": words_of(line.task)})
    problems += _clashes(found)
    if not found and not problems:
        hint = 'one JSON object a line, such as {"task": "…"}'
        problems.append(Problem(where="", message="holds no task", hint=hint))
    if problems:
        raise InvalidInput(str(path), tuple(problems[:50]))
    return list(found.values())


def _text_of(path: Path) -> str:
    try:
        if not path.is_file() and path.exists():
            why = "is no file"
        elif path.stat().st_size <= _MOST_BYTES:
            return path.read_text("utf-8")
        else:
            why = f"is larger than {_MOST_BYTES >> 20} MiB"
    except (OSError, ValueError) as error:
        why = f"cannot be read: {getattr(error, 'strerror', None) or error}"
    raise InvalidInput(str(path), (Problem(where="", message=why, hint="it is text, one JSON object a line"),))


def _clashes(found: Mapping[int, TaskLine]) -> Iterator[Problem]:
    """Ids that stand for two tasks, or that sessions of another task will have which try again."""
    taken: dict[str, int] = {}
    for number, line in found.items():
        if line.id in taken:
            message = f"{line.id!r} is that of line {taken[line.id]}, too: give each its own"
            yield _problem(number, "id", message)
        taken.setdefault(line.id, number)
    for name, number in taken.items():
        first, _, end = name.rpartition(".")
        if first in taken and end.isdigit():
            message = f"{name!r} is what sessions of {first!r} are called that try again: give it another"
            yield _problem(number, "id", message)


def _problem(number: int, where: str, message: str) -> Problem:
    return Problem(where=f"line {number}{f': {where}' if where else ''}", message=message, hint="")


async def run_batch(
    lines: Sequence[TaskLine],
    options: TaskOptions,
    settings: Settings,
    *,
    folder: Path,
    origin: Path,
    parallel: int,
    on_result: Callable[[LineResult], None],
) -> list[LineResult]:
    """Run the tasks that are not done yet; give what became of each, in the order of the lines.

    Raises `InvalidInput` where a task that is to begin cannot, with all that is wrong, before any is begun.

    Args:
        lines: The tasks.
        options: What holds for all of them.
        settings: Where sessions are kept, and the agents.
        folder: From which the lines' assets are found.
        origin: From which outputs and other relative paths begin.
        parallel: Most at once.
        on_result: Told of each as it is over.
    """
    found: dict[str, LineResult] = {}
    limit = anyio.CapacityLimiter(parallel)
    async with opened(settings) as journeyman:
        await _refuse_unfit(journeyman, lines, options, settings, folder)

        async def one(line: TaskLine) -> None:
            async with limit:
                found[line.id] = await _one(journeyman, line, options, settings, folder, origin)
            on_result(found[line.id])

        async with anyio.create_task_group() as group:
            for line in lines:
                group.start_soon(one, line)
    return [found[line.id] for line in lines]


async def _refuse_unfit(
    journeyman: Journeyman, lines: Sequence[TaskLine], options: TaskOptions, settings: Settings, folder: Path
) -> None:
    known = {row.session_id for row in await journeyman.store.sessions()}
    problems: list[Problem] = []
    for line in lines:
        if line.id in known:
            continue
        try:
            await anyio.to_thread.run_sync(lambda line=line: _mission(line, options, settings, folder))
        except InvalidInput as error:
            problems += [
                replace(problem, where=f"{line.id}: {problem.where}".rstrip(": ")) for problem in error.problems
            ]
        except JourneymanError as error:
            problems.append(Problem(where=line.id, message=str(error)))
    if problems:
        raise InvalidInput("the tasks", tuple(problems[:50]))


async def _one(
    journeyman: Journeyman, line: TaskLine, options: TaskOptions, settings: Settings, folder: Path, origin: Path
) -> LineResult:
    """One line: its newest session goes on, or another one is begun where that failed."""
    session = line.id
    try:
        newest = await _newest(journeyman, line.id)
        if newest is not None:
            session, state = newest
            if state.outcome is Outcome.ACHIEVED:
                return LineResult(id=line.id, session_id=session, status=LineStatus.DONE_BEFORE)
            if state.status is not SessionStatus.ENDED:
                drive = partial(journeyman.engine.drive, session)
                return await _result(journeyman, line.id, await journeyman.engine.once_free(session, drive))
        mission = await anyio.to_thread.run_sync(lambda: _mission(line, options, settings, folder))
        session = await free_id(journeyman, line.id, ".")
        state = await journeyman.engine.run(mission, origin, session_id=session)
        return await _result(journeyman, line.id, state)
    except JourneymanError as error:
        return LineResult(id=line.id, session_id=session, status=LineStatus.REFUSED, detail=str(error))


def _mission(line: TaskLine, options: TaskOptions, settings: Settings, folder: Path) -> Mission:
    own = replace(
        options,
        assets=[*options.assets, *(folder / asset for asset in line.assets)],
        checks=line.checks or options.checks,
        files=line.deliverables or options.files,
        output=Path(options.output or "artifacts") / line.id,
    )
    return task_mission(line.task, own, settings)


async def _newest(journeyman: Journeyman, wanted: str) -> tuple[str, State] | None:
    """The newest session of a line: `ID`, or the last of `ID.2`, `ID.3`, …."""
    taken = {row.session_id for row in await journeyman.store.sessions()}
    name, number = wanted, 1
    while f"{wanted}.{number + 1}" in taken:
        number += 1
        name = f"{wanted}.{number}"
    return (name, await state_of(journeyman.store, name)) if name in taken else None


async def _result(journeyman: Journeyman, name: str, state: State) -> LineResult:
    if state.status is not SessionStatus.ENDED:
        pending = state.people.pending
        asked = pending.question if pending is not None else state.status.value
        return LineResult(id=name, session_id=state.session_id, status=LineStatus.WAITING, detail=asked)
    made = await delivered(journeyman, state)
    achieved = state.outcome is Outcome.ACHIEVED
    where = f"{files_words(made)} in {made.path}" if made is not None else ""
    detail = where if achieved else "; ".join(filter(None, [str(state.reason), where]))
    status = LineStatus.ACHIEVED if achieved else LineStatus.NOT_ACHIEVED
    return LineResult(id=name, session_id=state.session_id, status=status, detail=detail)


def counts_of(results: Sequence[LineResult]) -> Mapping[LineStatus, int]:
    """How many of each status there are, those that there are none of left out."""
    return {status: count for status in LineStatus if (count := sum(row.status is status for row in results))}
