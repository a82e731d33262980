"""A mission's tools opened by a command, and its faults with the file's lines, also those that only its tools show."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

from journeyman.mission.files.documents import FORMS, read_document
from journeyman.mission.files.includes import with_includes
from journeyman.mission.files.problem_lines import with_lines
from journeyman.mission.model.mission import Mission
from journeyman.mission.values.errors import CouldNotStart, InvalidInput, Problem, Unavailable
from journeyman.tools.base import Catalog
from journeyman.wiring import mission_catalog


@asynccontextmanager
async def opened_tools(mission: Mission, folder: Path) -> AsyncGenerator[Catalog]:
    """The mission's catalog; raises `CouldNotStart`, as a run does, where a server cannot be had."""
    async with AsyncExitStack() as stack:
        try:
            catalog = await stack.enter_async_context(mission_catalog(mission, folder))
        except Unavailable as error:
            raise CouldNotStart(str(error), code=error.code, retry_after_s=error.retry_after_s) from error
        yield catalog


@contextmanager
def fault_lines(file: Path) -> Generator[None]:
    """Faults that are found inside, and speak of something in the mission file, get its name and lines."""
    try:
        yield
    except InvalidInput as error:
        problems = located(error.problems, file)
        if problems == error.problems:
            raise
        raise InvalidInput(str(file), problems, code=error.code) from None


def located(problems: Iterable[Problem], file: Path) -> tuple[Problem, ...]:
    """The problems with lines of the mission file, as far as it can be read again and what they speak of stands in it."""
    problems = tuple(problems)
    form = FORMS.get(file.suffix.lower())
    if not problems or form is None:
        return problems
    try:
        read = read_document(file.read_bytes(), form, str(file))
        data, positions = with_includes(*read, lambda name: (file.parent / name).read_bytes(), str(file))
    except (OSError, InvalidInput):
        return problems
    return with_lines(problems, data, positions)
