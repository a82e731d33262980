"""A mission's tools opened by a command, and its faults with the file's lines, also those that only its tools show."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Generator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import cache
from pathlib import Path
from typing import TextIO

from journeyman.mission.files.documents import FORMS, read_document
from journeyman.mission.files.includes import with_includes
from journeyman.mission.files.problem_lines import with_lines
from journeyman.mission.model.mission import Mission
from journeyman.mission.values.canonical import Json
from journeyman.mission.values.errors import CouldNotStart, InvalidInput, Problem, Unavailable
from journeyman.tools.base import Catalog
from journeyman.wiring import load_mission, mission_catalog, parsed_mission


@asynccontextmanager
async def opened_tools(mission: Mission, folder: Path) -> AsyncGenerator[Catalog]:
    """The mission's catalog; raises `CouldNotStart`, as a run does, where a server cannot be had."""
    async with AsyncExitStack() as stack:
        try:
            catalog = await stack.enter_async_context(mission_catalog(mission, folder))
        except Unavailable as error:
            raise CouldNotStart(str(error), code=error.code, retry_after_s=error.retry_after_s) from error
        yield catalog


def read_mission(file: Path, parameters: Mapping[str, Json]) -> tuple[Mission, Path]:
    """The mission in a file with the file's folder; `-` is standard input, and the folder then the present one."""
    if str(file) != "-":
        return load_mission(file, parameters)
    return parsed_mission(_standard_input(), "yaml", file_name(file), Path.cwd(), parameters)


def file_name(file: Path) -> str:
    """How a mission file is called in what is said about it."""
    return "standard input" if str(file) == "-" else str(file)


def _standard_input() -> bytes:
    """All of it, also when it is asked for again: a pipe can be read but once."""
    return _content(sys.stdin)


@cache
def _content(stream: TextIO) -> bytes:
    return stream.buffer.read()


@contextmanager
def fault_lines(file: Path) -> Generator[None]:
    """Faults that are found inside, and speak of something in the mission file, get its name and lines."""
    try:
        yield
    except InvalidInput as error:
        problems = located(error.problems, file)
        if problems == error.problems:
            raise
        told = InvalidInput(file_name(file), problems, code=error.code)
        told.ended_session = error.ended_session
        raise told from None


def located(problems: Iterable[Problem], file: Path) -> tuple[Problem, ...]:
    """The problems with lines of the mission file, as far as it can be read again and what they speak of stands in it."""
    problems = tuple(problems)
    piped = str(file) == "-"
    form = "yaml" if piped else FORMS.get(file.suffix.lower())
    if not problems or form is None:
        return problems
    try:
        read = read_document(_standard_input() if piped else file.read_bytes(), form, str(file))
        data, positions = with_includes(*read, lambda name: (file.parent / name).read_bytes(), str(file))
    except (OSError, InvalidInput):
        return problems
    return with_lines(problems, data, positions)
