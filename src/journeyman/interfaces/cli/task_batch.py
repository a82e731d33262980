"""`task --from FILE`: many tasks, each with a line when it is over."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import NoReturn

import typer

from journeyman.agents.drivers.installed import refuse_unready
from journeyman.agents.drivers.registry import apprentice_for
from journeyman.config import Settings
from journeyman.hosting.removal import log_of
from journeyman.interfaces.cli.event_loop import run_async
from journeyman.interfaces.cli.shared import INTERRUPTED, NOT_ACHIEVED, WAITING, print_json
from journeyman.interfaces.cli.terminal import others_print_to, say
from journeyman.mission.values.canonical import Json
from journeyman.mission.values.errors import InvalidInput, Problem
from journeyman.tasks.batch import LineResult, LineStatus, counts_of, read_lines, run_batch
from journeyman.tasks.options import TaskOptions

_MARKS = {
    LineStatus.DONE_BEFORE: "=", LineStatus.ACHIEVED: "✓", LineStatus.NOT_ACHIEVED: "✗", LineStatus.WAITING: "?",
    LineStatus.REFUSED: "!",
}  # fmt: skip


def run_many(
    settings: Settings, options: TaskOptions, file: Path, parallel: int, *, given: str, quiet: bool, as_json: bool
) -> NoReturn:
    """Run the tasks of a file that are not done yet, and exit with what holds for the worst of them."""
    if given:
        problem = Problem(
            where="--from", message=f"takes tasks and ids from the file, and {given!r} was given, too", hint=""
        )
        raise InvalidInput("the command line", (problem,))
    lines = read_lines(file)
    refuse_unready(options.agent, apprentice_for(options.agent, settings.agents).readiness())
    over = 0

    def show(row: LineResult) -> None:
        nonlocal over
        over += 1
        if not quiet:
            session = "" if row.session_id == row.id else f" ({row.session_id})"
            detail = f": {row.detail}" if row.detail else ""
            say(f"{over}/{len(lines)} {_MARKS[row.status]} {row.id}{session} {row.status.value}{detail}", err=True)

    work = partial(
        run_batch, lines, options, settings, folder=file.absolute().parent, origin=Path.cwd(), parallel=parallel, on_result=show
    )  # fmt: skip
    with others_print_to(log_of(settings, f"batch-{file.stem[:80]}")):
        try:
            results = run_async(work)
        except KeyboardInterrupt:
            say("interrupted; the same command goes on where it was", err=True)
            raise typer.Exit(INTERRUPTED) from None
    if as_json:
        rows: list[Json] = [
            {"id": row.id, "session_id": row.session_id, "status": row.status.value, "detail": row.detail}
            for row in results
        ]
        print_json(rows)
    else:
        say(", ".join(f"{count} {status.value}" for status, count in counts_of(results).items()))
    raise typer.Exit(_code(results))


def _code(results: list[LineResult]) -> int:
    kinds = {row.status for row in results}
    if LineStatus.REFUSED in kinds or LineStatus.NOT_ACHIEVED in kinds:
        return NOT_ACHIEVED
    return WAITING if LineStatus.WAITING in kinds else 0
