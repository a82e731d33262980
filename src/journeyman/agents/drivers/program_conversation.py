"""Speak to an agent that is a program: start it, read its output in pieces, and have it and all its descendants gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import anyio
import anyio.to_thread

from journeyman.agents.drivers.confinement import ConfineOrder, confined
from journeyman.agents.drivers.session import Session
from journeyman.concurrency.abandonable_tasks import IsolatedTask
from journeyman.mission.values.errors import NotFound
from journeyman.tools.processes.kept_output import KeptOutput
from journeyman.tools.processes.running_program import RunningProgram, start_program

_CHUNK_BYTES: Final = 256 * 2**10
_ERROR_BYTES: Final = 64 * 2**10
_LOOK_S: Final = 0.5
_REST_S: Final = 5.0
"""How long output is waited for when the program and all its descendants are gone: what is there comes at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentProgram:
    """What is started."""

    argv: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    scratch: Path | None = None
    """A folder of files for it, removed with it also where we are killed."""
    confine: ConfineOrder = field(default_factory=ConfineOrder)


class Talk:
    """A program under way, in pieces."""

    def __init__(self, program: RunningProgram, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.program = program
        self.reader = reader
        self.writer = writer

    async def read(self) -> bytes:
        """The next piece of its output; nothing at its end, or where nobody is left but something holds it open."""
        while True:
            over = self.program.over.is_set()
            with anyio.move_on_after(_REST_S if over else _LOOK_S):
                return await self.reader.read(_CHUNK_BYTES)
            if over:
                return b""

    async def write(self, data: bytes) -> None:
        """Tell it something; nothing happens where it does not listen any more."""
        if data and not self.writer.is_closing():
            self.writer.write(data)
            with suppress(OSError):
                await self.writer.drain()

    def give(self, data: bytes) -> None:
        """Have it read all of this, and nothing more; does not wait for it."""
        self.writer.write(data)
        self.close_input()

    def close_input(self) -> None:
        """Nothing more is told, once what was told has left."""
        with suppress(OSError):
            self.writer.close()

    async def exited(self, within_s: float) -> int | None:
        """Its exit code, with so long to go by itself."""
        with anyio.move_on_after(within_s):
            await self.program.over.wait()
        return self.program.exit_code


@asynccontextmanager
async def program_at_work(what: AgentProgram, session: Session) -> AsyncGenerator[Talk]:
    """A program under way; leaving the block ends it and all its descendants.

    Raises `NotFound` where it cannot be started, and `CouldNotStart` where it must be confined and cannot be.
    """
    argv, session.confinement = await anyio.to_thread.run_sync(
        lambda: confined(what.argv, what.folder, what.environment, what.confine, what.scratch), abandon_on_cancel=True
    )
    errors = KeptOutput(0, _ERROR_BYTES)
    program = await start_program(
        argv, folder=what.folder, environment=what.environment, given=True, kept=errors,
        on_output=lambda _: session.hear(), scratch=what.scratch,
    )  # fmt: skip
    pipes = program.pipes
    assert pipes is not None and pipes.writer is not None  # noqa: S101, PT018 - it was started with both
    hearing = IsolatedTask(program.hear())
    try:
        await program.started.wait()
        if program.error:
            raise NotFound(f"{what.argv[0]!r} cannot be started: {program.error}", code="program_not_started")
        session.begun(program.over)
        yield Talk(program, pipes.reader, pipes.writer)
    finally:
        with anyio.CancelScope(shield=True):
            await program.end()
        session.errors = errors.kept()
        await hearing.cancel()
