"""Run a program to its end, within limits, and leave nothing of it behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import anyio

from journeyman.mission.values.errors import NotFound
from journeyman.tools.processes.kept_output import KeptOutput
from journeyman.tools.processes.running_program import RunningProgram, start_program

_CHUNK_BYTES: Final = 64 * 2**10


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandResult:
    """How a program ended."""

    exit_code: int | None = None
    """Negative: the signal that ended it; `None` where it did not end by itself, or never began."""
    output: bytes = b""
    """What was kept of both streams as they came, or of standard error alone where standard output is kept apart."""
    output_bytes: int = 0
    """How much of that it wrote in all."""
    stdout: bytes = b""
    """What was kept of standard output, apart."""
    timed_out: bool = False
    error: str = ""
    """Why it could not be started."""


async def run_command(
    argv: Sequence[str],
    *,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    timeout_s: float | None = None,
    head_bytes: int = 0,
    tail_bytes: int = 4096,
    apart: bool = False,
    on_output: Callable[[bytes], None] | None = None,
) -> CommandResult:
    """Run a program, never through a shell, and end it with all its descendants when it exits, is late or is cancelled.

    Its output does not keep it alive: what it left in the background is ended when it exits, whatever holds the pipes.
    It has no input, and a session of its own. Where Linux tells who descends from it (see `reaper`), also processes
    that left its group and session are ended; elsewhere its process group is.

    Args:
        argv: The program and its arguments.
        folder: Where it runs; our own folder when `None`.
        environment: All the variables it sees; our own when `None`.
        timeout_s: After it, `timed_out` is true.
        head_bytes: How much of the beginning of each stream is kept.
        tail_bytes: How much of the end of each stream is kept.
        apart: Keep standard output apart from standard error.
        on_output: Told each piece of output as it comes.
    """
    try:
        program = await start_program(
            argv, folder=folder, environment=environment, apart=apart, kept=KeptOutput(head_bytes, tail_bytes),
            on_output=on_output,
        )  # fmt: skip
    except NotFound as error:
        return CommandResult(error=str(error))
    stdout, silent = KeptOutput(head_bytes, tail_bytes), anyio.Event()
    late = False
    async with anyio.create_task_group() as group:
        group.start_soon(_hear_stdout, program, stdout, silent, on_output)
        group.start_soon(program.hear)
        try:
            with anyio.move_on_after(timeout_s) as patience:
                await program.over.wait()
            late = patience.cancelled_caught
        finally:
            with anyio.CancelScope(shield=True):
                await program.end(silent)
    return CommandResult(
        exit_code=None if late else program.exit_code,
        output=program.output.kept(),
        output_bytes=program.output.total_bytes,
        stdout=stdout.kept(),
        timed_out=late,
        error=program.error,
    )


async def _hear_stdout(
    program: RunningProgram, kept: KeptOutput, silent: anyio.Event, on_output: Callable[[bytes], None] | None
) -> None:
    """Keep standard output, where it comes apart; not stopped by cancelling, but by the end of the program."""
    with anyio.CancelScope(shield=True), suppress(OSError):
        while program.pipes is not None and (chunk := await program.pipes.reader.read(_CHUNK_BYTES)):
            kept.add(chunk)
            if on_output is not None:
                on_output(chunk)
    silent.set()
