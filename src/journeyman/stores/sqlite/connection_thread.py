"""A thread that owns one SQLite connection and runs what the event loops hand it."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final, Generic, TypeVar, cast

import anyio

from journeyman.mission.values.errors import NotAllowed
from journeyman.stores.sqlite.database import as_journeyman_error, empty_log

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

_GROUP: Final = 256
"""Most pieces of work in one commit: bounds how long the first waits for the others."""
_IDLE_S: Final = 1.0
"""Quiet time after which the write-ahead log is emptied into the file."""


class Job(Generic[T]):
    """A piece of work on its way from an event loop to the thread and back."""

    __slots__ = ("_back", "_loop", "_ticket", "before", "error", "future", "value", "work")

    def __init__(
        self, work: Work[T], loop: asyncio.AbstractEventLoop, before: Callable[[], None] | None = None
    ) -> None:
        self.work = work
        self.before = before
        self.future: asyncio.Future[T] = loop.create_future()
        self.value: T | None = None
        self.error: BaseException | None = None
        self._loop = loop
        self._back = False
        self._ticket = [None]

    def claim(self) -> bool:
        """True to the first caller only: the thread that does the work, or the task that withdraws it."""
        try:
            self._ticket.pop()
        except IndexError:
            return False
        return True

    def finish(self) -> None:
        """Bring value or error back to the event loop; called by the thread."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._arrive)

    def _arrive(self) -> None:
        self._back = True
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(cast("T", self.value))

    async def wait_until_done(self) -> None:
        """Wait, past any cancelling, until work that is under way has ended."""
        with anyio.CancelScope(shield=True):
            while not self._back:
                self.future = self._loop.create_future()
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await self.future


class ReadOnlyThread:
    """Stands where the writing worker would, before a file that cannot be written."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def start(self) -> None:
        """Open nothing."""

    async def run(self, work: Work[T], *, before: Callable[[], None] | None = None) -> T:
        """Raise `NotAllowed`."""
        del work, before
        raise NotAllowed(
            f"{self._path} cannot be written, so its records can only be read; copy its folder to a place that can be "
            "written, and give that with --data-dir"
        )

    async def close(self) -> None:
        """Close nothing."""


class ConnectionThread:
    """Runs work in order on one connection: as grouped transactions when it writes."""

    def __init__(self, path: Path, connect: Callable[[], sqlite3.Connection], *, writes: bool) -> None:
        self._path = path
        self._connect = connect
        self._run_group = self._commit if writes else self._look
        self._writes = writes
        self._jobs: SimpleQueue[Job[Any] | None] = SimpleQueue()
        self._closed = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._live, name=f"journeyman {path.parent.name}", daemon=True)

    async def start(self) -> None:
        """Open the connection; raises what opening it raises."""
        first = self._given(lambda _: None)  # before the thread, which refuses all work when it cannot open
        self._thread.start()
        await first.future

    async def run(self, work: Work[T], *, before: Callable[[], None] | None = None) -> T:
        """What `work` gives, once it is durable when this worker writes.

        `before` runs first, in the thread but outside the transaction, so that slow sums hold no lock; it may not fail.
        When the waiting task is cancelled, the work either never starts or has ended before this returns.
        """
        job = self._given(work, before)
        try:
            return await job.future
        except asyncio.CancelledError:
            if not job.claim():
                await job.wait_until_done()
            raise

    def _given(self, work: Work[T], before: Callable[[], None] | None = None) -> Job[T]:
        job = Job(work, asyncio.get_running_loop(), before)
        with self._lock:
            if self._closed:
                raise NotAllowed(f"the store of {self._path} is closed", code="store_closed")
            self._jobs.put(job)
        return job

    async def close(self) -> None:
        """End the thread after the work it was given; harmless when closed before."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        if self._thread.ident is not None:
            with anyio.CancelScope(shield=True):
                await asyncio.to_thread(self._thread.join)

    def _live(self) -> None:
        try:
            connection = self._connect()
        except BaseException as error:  # noqa: BLE001  whoever waits gets it
            self._refuse_all(error)
            return
        with contextlib.closing(connection):
            while self._turn(connection):
                pass

    def _turn(self, connection: sqlite3.Connection) -> bool:
        first = self._next(connection)
        group: list[Job[Any]] = []
        while first is not None:
            if first.claim():
                group.append(first)
            if len(group) == _GROUP:
                break
            try:
                first = self._jobs.get_nowait()
            except Empty:
                break
        try:
            self._run_group(connection, group)
        except BaseException as error:  # noqa: BLE001  the thread must live on; whoever waits gets it
            for job in group:
                job.error = job.error or error
        for job in group:
            job.finish()
        return first is not None

    def _next(self, connection: sqlite3.Connection) -> Job[Any] | None:
        if self._writes:
            try:
                return self._jobs.get(timeout=_IDLE_S)
            except Empty:
                empty_log(connection)
        return self._jobs.get()

    def _look(self, connection: sqlite3.Connection, group: Sequence[Job[Any]]) -> None:
        for job in group:
            try:
                job.value = job.work(connection)
            except sqlite3.Error as error:
                job.error = as_journeyman_error(error, self._path)
            except BaseException as error:  # noqa: BLE001  it belongs to whoever gave the work
                job.error = error

    def _commit(self, connection: sqlite3.Connection, group: Sequence[Job[Any]]) -> None:
        if not group:
            return
        for job in group:
            if job.before is not None:
                job.before()
        try:
            connection.execute("BEGIN IMMEDIATE")
            if len(group) == 1:
                self._alone(connection, group[0])
            else:
                for job in group:
                    self._in_savepoint(connection, job)
            if connection.in_transaction:
                connection.execute("COMMIT")
        except sqlite3.Error as error:
            for job in group:
                job.error = job.error or as_journeyman_error(error, self._path)
        finally:
            if connection.in_transaction:
                connection.rollback()

    def _alone(self, connection: sqlite3.Connection, job: Job[Any]) -> None:
        """Do the only work of a transaction, which is rolled back whole when it fails."""
        try:
            job.value = job.work(connection)
        except BaseException as error:  # noqa: BLE001  it belongs to whoever gave the work
            job.error = as_journeyman_error(error, self._path) if isinstance(error, sqlite3.Error) else error
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    def _in_savepoint(self, connection: sqlite3.Connection, job: Job[Any]) -> None:
        connection.execute("SAVEPOINT job")
        try:
            job.value = job.work(connection)
        except BaseException as error:
            if not connection.in_transaction:  # SQLite gave up the whole group: a full disk, say
                raise
            job.error = as_journeyman_error(error, self._path) if isinstance(error, sqlite3.Error) else error
            connection.execute("ROLLBACK TO job")
        connection.execute("RELEASE job")

    def _refuse_all(self, error: BaseException) -> None:
        with self._lock:
            self._closed = True
        while True:
            try:
                job = self._jobs.get_nowait()
            except Empty:
                return
            if job is not None and job.claim():
                job.error = error
                job.finish()
