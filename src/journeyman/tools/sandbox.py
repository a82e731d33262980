"""Run code nobody vouches for: Python without an operating system, in worker processes with limits.

The vendor file of Monty (`pydantic-monty`), a Python interpreter in Rust. What was found by running 1.4.0:

- The blocking `Monty` pool, driven from threads, is used. `AsyncMonty` aborts the host process at interpreter exit
  after some 200 sessions and an idle moment (SIGABRT or SIGBUS on Linux), and is slower per session.
- A session is one checkout of a warm worker process: 0.1 to 0.4 ms. Nothing of it reaches the next one.
- `feed_start` gives a snapshot at each host call. Answered with a future, the script runs on until every task of it
  awaits; that snapshot names all calls it waits for, so `asyncio.gather` gives several calls at once.
- `dump()` at that point is about 6 KB for a small script, loads in 0.3 ms in any process, and carries the limits and
  the execution time used so far. The clock stands still while nothing runs. Random state is in the dump too.
- Time and memory limits cannot be caught by the script; the time limit leaves no traceback.
- Clocks and sleeping are routed to a host handler that is not there, so they raise; random numbers start from a fixed
  seed. Hence the same snapshot and the same answers give the same calls, always.
- Values cross as JSON text made inside the sandbox: Monty itself would turn a function into a string and let NaN pass.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self, TypeVar

import anyio
import anyio.to_thread
import pydantic_monty as monty

from journeyman.mission.values.errors import Unavailable
from journeyman.tools.results import one_line

Value = TypeVar("Value")

POLICY: Final[monty.OSPolicy] = {"datetime": "call_host", "sleep": "call_host", "random_start": {"seed": 0}}
STEP_S: Final = 600.0
"""A worker that gives no sign for so long is killed, whatever its own limits say; damaged snapshots may have lost them."""
GRACE_S: Final = 1.0
"""How long past its time limit a worker that does not stop by itself is left alive."""

_CLOSING_S: Final = 0.5
"""How long is waited for the workers to stop; they do when this process ends."""


@dataclass(frozen=True, slots=True)
class SandboxFault:
    """Why sandboxed code ended without a value."""

    error_class: str
    """`syntax`, `exception`, `time_limit`, `memory_limit`, `suspension_limit` or `crashed`."""
    error: str
    """One line for people, at most 500 characters."""
    line: int | None = None
    column: int | None = None


class WorkerCheckout:
    """A job's turn with the workers: where it checks one out, and whoever waits for the job can kill that one."""

    def __init__(self, pool: Callable[[], monty.Monty]) -> None:
        self._pool = pool
        self._lock = threading.Lock()
        self._worker: int | None = None
        self._over = False

    @contextmanager
    def checkout(self, bounds: monty.ResourceLimits) -> Generator[monty.MontySession]:
        """Hold a worker, with the sandbox's policy and these limits."""
        with self._pool().checkout(limits=bounds, os_policy=POLICY) as session:
            with self._lock:
                self._worker = session.worker_pid
                if self._over:
                    self._kill()
            try:
                yield session
            finally:
                with self._lock:  # from here on the worker is another job's
                    self._worker = None

    def end(self) -> None:
        """Kill the worker in the middle of its code, now or as soon as there is one: nobody waits for its answer."""
        with self._lock:
            self._over = True
            self._kill()

    def _kill(self) -> None:
        if self._worker is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(self._worker, signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)


class Sandbox:
    """Warm worker processes; opened by the first use, closed by `close` or the end of the `async with` block.

    Give predicates a sandbox of their own, so that two long scripts never hold them up.
    Cancelling a waiting task kills its worker; the next job gets a fresh one.
    """

    def __init__(self, workers: int = 2) -> None:
        self._workers = workers
        self._pool: monty.Monty | None = None
        self._opening = threading.Lock()
        self._limiter: anyio.CapacityLimiter | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with anyio.move_on_after(_CLOSING_S, shield=True):
            await anyio.to_thread.run_sync(self.close, abandon_on_cancel=True)

    def close(self) -> None:
        """Stop the workers; the sandbox may be used again, with fresh ones."""
        with self._opening:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.__exit__(None, None, None)

    def pool(self) -> monty.Monty:
        """The open pool; raises `Unavailable` when no worker can be started."""
        with self._opening:
            if self._pool is None:
                try:
                    pool = monty.Monty(
                        min_processes=1,
                        max_processes=self._workers,
                        request_timeout=STEP_S,
                        feed_duration_limit_grace=GRACE_S,
                        turn_duration_limit_grace=GRACE_S,
                    )
                    self._pool = pool.__enter__()
                except (OSError, monty.MontyError) as error:
                    raise Unavailable(
                        f"no sandbox worker can be started ({error}); reinstall pydantic-monty"
                    ) from error
            return self._pool

    def new_checkout(self) -> WorkerCheckout:
        """A turn with the workers, of which the first checkout may raise `Unavailable`."""
        return WorkerCheckout(self.pool)

    async def run(self, job: Callable[[WorkerCheckout], Value]) -> Value:
        """Run `job` with a turn in a thread, off the event loop, as many at a time as there are workers."""
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(self._workers)
        turn = self.new_checkout()
        try:
            return await anyio.to_thread.run_sync(lambda: job(turn), abandon_on_cancel=True, limiter=self._limiter)
        except anyio.get_cancelled_exc_class():
            turn.end()
            raise


def limits(time_s: float, memory_bytes: int, suspensions: int = 1000) -> monty.ResourceLimits:
    """Monty's form of the limits of one session."""
    return {
        "max_feed_duration_secs": time_s,
        "max_memory": memory_bytes,
        "max_recursion_depth": 500,
        "max_suspensions": suspensions,
    }


def fault_of(error: monty.MontyError, first_line: int = 0, source: str | None = None) -> SandboxFault:
    """The fault in stable words; lines count from `first_line`, within the feed named `source` if given."""
    if isinstance(error, monty.MontyCrashedError):
        if error.timed_out:
            return SandboxFault("time_limit", "ran past its time limit and was killed")
        return SandboxFault("crashed", f"the sandbox worker died: {_line(str(error))}")
    frames = error.traceback() if isinstance(error, (monty.MontyRuntimeError, monty.MontySyntaxError)) else []
    line, column = _place(frames, first_line, source)
    text = _line(str(error))
    if isinstance(error, monty.MontySyntaxError) or text.startswith("NotImplementedError: The monty syntax parser"):
        return SandboxFault("syntax", text.removeprefix("NotImplementedError: "), line, column)
    return SandboxFault(_class_of(text, traced=bool(frames)), text, line, column)


def _class_of(text: str, *, traced: bool) -> str:
    if text.startswith("TimeoutError: ") and not traced:
        return "time_limit"
    if text.startswith("MemoryError: memory limit exceeded"):
        return "memory_limit"
    if text.startswith("RuntimeError: suspension limit"):
        return "suspension_limit"
    return "exception"


def _place(frames: list[monty.Frame], first_line: int, source: str | None) -> tuple[int | None, int | None]:
    """The innermost place in the caller's own text; Monty lists the outermost frame first."""
    for frame in reversed(frames):
        if source is None or frame.filename in {source, "main.py"}:
            line = frame.line - first_line
            return (line, frame.column) if line > 0 else (None, None)
    return None, None


def _line(text: str) -> str:
    return one_line(text)
