"""Run a program to its end, within limits, and leave nothing of it behind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import anyio
from anyio.abc import AsyncResource, ByteReceiveStream, Process

from journeyman.concurrency.process_start import start_process
from journeyman.tools.processes.kept_output import KeptOutput

_REAPER: Final = str(Path(__file__).with_name("reaper.py"))
_STDERR: Final = 2
_CHUNK_BYTES: Final = 64 * 2**10
_ENDING_S: Final = 6.0
"""How long is waited for the reaper to end everything, which takes it 5 s at most; then it is killed itself."""
_OUTPUT_S: Final = 0.2
"""How long output is read on when all processes we know of are gone."""
_STREAM_ENDS: Final = (anyio.EndOfStream, anyio.ClosedResourceError, anyio.BrokenResourceError, OSError)


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
    pipe = await _pipe_of_output() if apart else None
    try:
        output, descriptors = (_STDERR, ()) if pipe is None else (pipe.writing, (pipe.writing,))
        reaper = [sys.executable, "-I", "-S", _REAPER, str(output), *argv]
        process = await start_process(reaper, folder=folder, environment=environment, descriptors=descriptors)
    except (OSError, ValueError) as error:
        if pipe is not None:
            pipe.transport.close()
        return CommandResult(error=f"{argv[0]!r} cannot be started: {error}")
    finally:
        if pipe is not None:
            os.close(pipe.writing)
    run = _RunningCommand(process, lambda: KeptOutput(head_bytes, tail_bytes), pipe, on_output)
    late = False
    async with anyio.create_task_group() as group:
        group.start_soon(run.hear_stdout)
        group.start_soon(run.hear_output)
        group.start_soon(run.hear_reaper)
        try:
            with anyio.move_on_after(timeout_s) as patience:
                await run.over.wait()
            late = patience.cancelled_caught
        finally:
            with anyio.CancelScope(shield=True):
                await run.end()
    return CommandResult(
        exit_code=None if late else run.exit_code,
        output=run.output.kept(),
        output_bytes=run.output.total_bytes,
        stdout=run.stdout.kept(),
        timed_out=late,
        error=run.error,
    )


@dataclass(frozen=True, slots=True)
class _OutputPipe:
    """Where standard output comes from, apart from the rest."""

    reader: asyncio.StreamReader
    transport: asyncio.ReadTransport
    writing: int
    """The end that the program writes to."""


async def _pipe_of_output() -> _OutputPipe:
    reading, writing = os.pipe()
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(reading, "rb", buffering=0)
    )
    return _OutputPipe(reader, transport, writing)


class _RunningCommand:
    """A reaper under way, and what was heard of it."""

    def __init__(
        self,
        process: Process,
        keeps: Callable[[], KeptOutput],
        pipe: _OutputPipe | None,
        on_output: Callable[[bytes], None] | None,
    ) -> None:
        self.output = keeps()
        self.stdout = keeps()
        self.exit_code: int | None = None
        self.error = ""
        self.over = anyio.Event()
        """The reaper has said how it ended, or is gone."""
        self._silent = anyio.Event()
        """All that was written was read."""
        self._stdout_silent = anyio.Event()
        self._process = process
        self._pipe = pipe
        self._on_output = on_output
        self._pid: int | None = None

    async def hear_output(self) -> None:
        """Keep the end of what the program writes. Cancelling does not stop this: `end` does, within its time."""
        with anyio.CancelScope(shield=True), suppress(*_STREAM_ENDS):
            while True:
                self._keep(self.output, await _stream(self._process.stderr).receive())
        self._silent.set()

    def _keep(self, kept: KeptOutput, chunk: bytes) -> None:
        kept.add(chunk)
        if self._on_output is not None:
            self._on_output(chunk)

    async def hear_stdout(self) -> None:
        """The same of standard output, where it comes apart."""
        with anyio.CancelScope(shield=True), suppress(*_STREAM_ENDS):
            while self._pipe is not None and (chunk := await self._pipe.reader.read(_CHUNK_BYTES)):
                self._keep(self.stdout, chunk)
        self._stdout_silent.set()

    async def hear_reaper(self) -> None:
        """Take in what the reaper says, until it is gone; not stopped by cancelling, as above."""
        rest = b""
        with anyio.CancelScope(shield=True), suppress(*_STREAM_ENDS):
            while True:
                *lines, rest = (rest + await _stream(self._process.stdout).receive()).split(b"\n")
                for line in lines:
                    self._take(json.loads(line))
        self.over.set()

    def _take(self, said: dict[str, int | str]) -> None:
        match said:
            case {"pid": int(pid)}:
                self._pid = pid
            case {"exit": int(code)}:
                self.exit_code = code
                self.over.set()
            case _:
                self.error = str(said.get("error", ""))
                self.over.set()

    async def end(self) -> None:
        """End whatever is left, in bounded time."""
        process = self._process
        await _close(process.stdin)
        with anyio.move_on_after(_ENDING_S):
            await self.over.wait()
            await _gone(process)
        if process.returncode is None:
            self._kill()
            with anyio.move_on_after(_OUTPUT_S):
                await _gone(process)
        with anyio.move_on_after(_OUTPUT_S):
            await self._silent.wait()
            await self._stdout_silent.wait()
        if self._pipe is not None:
            self._pipe.transport.close()
        await _close(process.stdout, process.stderr)

    def _kill(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            if self._pid is not None:
                os.killpg(self._pid, signal.SIGKILL)
        with suppress(ProcessLookupError):
            self._process.kill()


def _stream(stream: ByteReceiveStream | None) -> ByteReceiveStream:
    assert stream is not None  # noqa: S101 - the process was opened with pipes
    return stream


async def _gone(process: Process) -> None:
    # Not `process.wait()`: it also waits for the pipes, which something that cannot be ended may hold open.
    while process.returncode is None:  # noqa: ASYNC110 - only this field tells it
        await anyio.sleep(0.002)


async def _close(*streams: AsyncResource | None) -> None:
    for stream in streams:
        if stream is not None:
            with suppress(OSError, anyio.BrokenResourceError, anyio.ClosedResourceError):
                await stream.aclose()
