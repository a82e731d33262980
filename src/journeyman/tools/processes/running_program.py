"""A program under a reaper: its streams, how it ended, and the end of it and all that it started."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import anyio
from anyio.abc import AsyncResource, ByteReceiveStream, Process

from journeyman.concurrency.process_start import start_process
from journeyman.mission.values.errors import NotFound
from journeyman.tools.processes.kept_output import KeptOutput

MARK: Final = "JOURNEYMAN_PROGRAM"
"""A variable that all descendants of a program have, unless they drop it: how those are found whose reaper was killed."""
_REAPER: Final = str(Path(__file__).with_name("reaper.py"))
_STDERR: Final = 2
_NO_INPUT: Final = 0
_LIMIT_BYTES: Final = 256 * 2**10
_ENDING_S: Final = 6.0
"""How long is waited for the reaper to end everything, which takes it 5 s at most; then it is killed itself."""
_OUTPUT_S: Final = 0.2
"""How long output is read on when all processes we know of are gone."""
_STREAM_ENDS: Final = (anyio.EndOfStream, anyio.ClosedResourceError, anyio.BrokenResourceError, OSError)


@dataclass(frozen=True, slots=True)
class ProgramPipes:
    """Standard output and standard input of a program, where we hold them apart from the rest."""

    reader: asyncio.StreamReader
    output: asyncio.ReadTransport
    writer: asyncio.StreamWriter | None
    """`None` where the program has no input."""

    def close(self) -> None:
        """Close both at once, whatever was not written yet."""
        self.output.close()
        if self.writer is not None and (not self.writer.is_closing() or self.writer.transport.get_write_buffer_size()):
            self.writer.transport.abort()


async def start_program(
    argv: Sequence[str],
    *,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    apart: bool = True,
    given: bool = False,
    kept: KeptOutput,
    on_output: Callable[[bytes], None] | None = None,
    scratch: Path | None = None,
) -> RunningProgram:
    """Start a program, never through a shell, under a reaper, in a session of its own.

    Args:
        argv: The program and its arguments.
        folder: Where it runs; our own folder when `None`.
        environment: All the variables it sees; our own when `None`.
        apart: Hold standard output apart: it is read from `pipes.reader`.
        given: Give it an input, `pipes.writer`, and the variable `MARK`: what it started is found even where it kills its
            reaper. Only with `apart`.
        kept: Takes in the other output.
        on_output: Told each piece of that other output as it comes.
        scratch: A folder that is removed once all has ended, also where we are killed meanwhile.

    Raises:
        NotFound: The reaper cannot be started. Where the program cannot be, `error` tells.
    """
    mark = f"{os.getpid()}-{time.monotonic_ns()}" if given else ""
    ends: list[int] = []
    pipes: ProgramPipes | None = None
    try:
        if apart:
            pipes = await _open_pipes(ends, given=given)
        output, source = (ends[0] if apart else _STDERR), (ends[1] if given else _NO_INPUT)
        reaper = [sys.executable, "-I", "-S", _REAPER, str(output), str(source), str(scratch or ""), *argv]
        variables = {**(os.environ if environment is None else environment), **({MARK: mark} if given else {})}
        process = await start_process(reaper, folder=folder, environment=variables, descriptors=ends)
    except (OSError, ValueError) as error:
        if pipes is not None:
            pipes.close()
        raise NotFound(f"{argv[0]!r} cannot be started: {error}", code="program_not_started") from None
    except BaseException:
        if pipes is not None:
            pipes.close()
        raise
    finally:
        for number in ends:
            os.close(number)
    return RunningProgram(process, kept, pipes, mark, on_output)


async def _open_pipes(ends: list[int], *, given: bool) -> ProgramPipes:
    """The pipes' ends of ours; those of the program are added to `ends`, and are the caller's to close."""
    loop = asyncio.get_running_loop()
    reading, writing = os.pipe()
    ends.append(writing)
    reader = asyncio.StreamReader(limit=_LIMIT_BYTES)
    output, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(reading, "rb", buffering=0)
    )
    if not given:
        return ProgramPipes(reader, output, None)
    source, sink = os.pipe()
    ends.append(source)
    transport, protocol = await loop.connect_write_pipe(
        asyncio.streams.FlowControlMixin, os.fdopen(sink, "wb", buffering=0)
    )
    return ProgramPipes(reader, output, asyncio.StreamWriter(transport, protocol, None, loop))


class RunningProgram:
    """A reaper under way, and what was heard of it. `hear` is run beside whatever reads the pipes; `end` ends all."""

    def __init__(
        self,
        process: Process,
        kept: KeptOutput,
        pipes: ProgramPipes | None,
        mark: str,
        on_output: Callable[[bytes], None] | None,
    ) -> None:
        self.output = kept
        """What it wrote to standard error, or to both streams where they are not held apart."""
        self.pipes = pipes
        self.exit_code: int | None = None
        """Negative: the signal that ended it; `None` until it has ended by itself."""
        self.error = ""
        """Why it could not be started."""
        self.started = anyio.Event()
        """It runs, or could not be started, or nobody will ever know."""
        self.over = anyio.Event()
        """The reaper has said how it ended, or is gone."""
        self._silent = anyio.Event()
        """All that was written was read."""
        self._process = process
        self._mark = mark
        self._on_output = on_output
        self._pid: int | None = None
        self._reaped = False

    async def hear(self) -> None:
        """Take in output and what the reaper says. Cancelling does not stop this: `end` does, within its time."""
        async with anyio.create_task_group() as group:
            group.start_soon(self._hear_output)
            group.start_soon(self._hear_reaper)

    async def _hear_output(self) -> None:
        with anyio.CancelScope(shield=True), suppress(*_STREAM_ENDS):
            while True:
                chunk = await _stream(self._process.stderr).receive()
                self.output.add(chunk)
                if self._on_output is not None:
                    self._on_output(chunk)
        self._silent.set()

    async def _hear_reaper(self) -> None:
        rest = b""
        with anyio.CancelScope(shield=True), suppress(*_STREAM_ENDS):
            while True:
                *lines, rest = (rest + await _stream(self._process.stdout).receive()).split(b"\n")
                for line in lines:
                    self._take(json.loads(line))
        self.started.set()
        self.over.set()

    def _take(self, said: dict[str, int | str]) -> None:
        match said:
            case {"pid": int(pid)}:
                self._pid = pid
                self.started.set()
            case {"exit": int(code)}:
                self.exit_code = code
                self._reaped = True
                self.over.set()
            case _:
                self.error = str(said.get("error", ""))
                self._reaped = True
                self.started.set()
                self.over.set()

    async def end(self, *silent: anyio.Event) -> None:
        """End whatever is left, in bounded time; `silent` are set when what the pipes held was read."""
        process = self._process
        await _close(process.stdin)
        with anyio.move_on_after(_ENDING_S):
            await self.over.wait()
            await _gone(process)
        if process.returncode is None or not self._reaped:
            self._kill()
            with anyio.move_on_after(_OUTPUT_S):
                await _gone(process)
        with anyio.move_on_after(_OUTPUT_S):
            for event in (self._silent, *silent):
                await event.wait()
        if self.pipes is not None:
            self.pipes.close()
        await _close(process.stdout, process.stderr)

    def _kill(self) -> None:
        """Kill what a reaper did not: it hangs, or was killed by what it watches."""
        with suppress(ProcessLookupError):
            self._process.kill()
        if self._pid is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._pid, signal.SIGKILL)
        if self._mark:
            kill_marked(self._mark)


def kill_marked(mark: str) -> None:
    """Kill every process that has this mark among its variables, where the system tells; new ones, too, for a moment."""
    wanted = f"{MARK}={mark}".encode()
    for _ in range(20):
        found = [pid for pid in _numbers() if wanted in _variables(pid)]
        if not found:
            return
        for pid in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


def _numbers() -> list[int]:
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 - read in one go
    except OSError:
        return []


def _variables(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


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
