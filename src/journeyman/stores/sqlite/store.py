"""The store's face: hands writes to the one writing thread and reads to a second one."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from journeyman.mission.chain import Entry, Head, genesis
from journeyman.stores.base import Account, Batch, Lease, SessionPlace, Summary
from journeyman.stores.sqlite import database, reads, removal, writes
from journeyman.stores.sqlite.connection_thread import ConnectionThread, ReadOnlyThread
from journeyman.stores.validation import check_amounts, check_batch, check_claim, check_ttl

_BUSY_TIMEOUT_S: Final = 10.0


class SqliteStore:
    """Keeps one tenant's records in `<data_dir>/<tenant>/journeyman.db`.

    A commit is durable when `append` returns (write-ahead log, `synchronous=FULL`). Appends that wait at the same time
    share one commit, and each is still all or nothing. Any number of processes may open the same file.

    ```python
    async with await SqliteStore.open(data_dir, tenant="default") as store:
        head = await store.append(batch)
    ```
    """

    def __init__(self, path: Path, tenant: str, *, clock: Callable[[], float], busy_timeout_s: float) -> None:
        self.path = path
        """The file."""
        self._tenant = tenant
        self._clock = clock
        self.read_only = database.only_readable(path)
        """Whether the records can be read but not changed."""
        connect = database.open_read_only if self.read_only else database.open_reader
        self._writer = (
            ReadOnlyThread(path)
            if self.read_only
            else ConnectionThread(path, partial(database.open_writer, path, busy_timeout_s), writes=True)
        )
        self._reader = ConnectionThread(path, partial(connect, path, busy_timeout_s), writes=False)

    @classmethod
    async def open(
        cls,
        data_dir: Path | str,
        *,
        tenant: str = "default",
        clock: Callable[[], float] = time.time,
        busy_timeout_s: float = _BUSY_TIMEOUT_S,
    ) -> SqliteStore:
        """The store of `tenant` under `data_dir`, made or brought to the newest schema where needed.

        Where the file is there but cannot be written, on read-only media, say, it can be read all the same: the store
        is `read_only`, leaves nothing beside the file, and refuses every change with `NotAllowed`.

        Args:
            data_dir: Directory of all tenants; made with mode 0700 when missing.
            tenant: Name of 1 to 64 of `a-z0-9_-`.
            clock: Unix time in seconds, by which leases run out.
            busy_timeout_s: How long to wait for another process that writes, before `Unavailable`.

        Raises:
            InvalidInput: `tenant` is not a name.
            CallerError: The file comes from a newer Journeyman.
            RecordBroken: The file is no database, or a damaged one.
            Unavailable: The directory cannot be written, or the file stays locked.
        """
        path = database.database_path(Path(data_dir), tenant)
        store = cls(path, tenant, clock=clock, busy_timeout_s=busy_timeout_s)
        try:
            await store._writer.start()
            await store._reader.start()
        except BaseException:
            await store.aclose()
            raise
        return store

    async def aclose(self) -> None:
        """Finish what was begun and close the file; the write-ahead log goes into it when nobody else has it open."""
        await self._reader.close()
        await self._writer.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    @property
    def tenant(self) -> str:
        """The tenant whose records these are."""
        return self._tenant

    async def append(self, batch: Batch) -> Head:
        """Commit `batch` durably and give the new head; see `Store.append`.

        A task that is cancelled here goes on only after the batch has landed or can no longer land.
        """
        check_batch(self._tenant, batch)
        append = writes.Append(self._tenant, batch)
        return await self._writer.run(append, before=append.pack)

    async def head(self, session_id: str) -> Head:
        """Where the record ends, cheaper than reading it; `genesis` for an unknown session."""
        found = await self._reader.run(lambda connection: reads.head(connection, session_id))
        return found or genesis(self._tenant, session_id)

    async def read(
        self,
        session_id: str,
        after_seq: int = 0,
        limit: int | None = None,
        *,
        before_seq: int | None = None,
        newest: bool = False,
    ) -> Sequence[Entry]:
        """A part of the record; see `Store.read`."""
        part = reads.EntryRange(after_seq, before_seq, limit, newest)
        return await self._reader.run(lambda connection: reads.entries(connection, session_id, part))

    async def claim(self, session_id: str, owner: str, ttl_s: float) -> Lease:
        """Take the lease; see `Store.claim`."""
        check_claim(session_id, owner, ttl_s)

        def work(connection: sqlite3.Connection) -> Lease:
            now = self._clock()
            wanted = Lease(session_id=session_id, owner=owner, token=0, expires_at=now + ttl_s)
            return writes.claim(connection, wanted, now)

        return await self._writer.run(work)

    async def renew(self, lease: Lease, ttl_s: float) -> Lease:
        """The lease with a new end; see `Store.renew`."""
        check_ttl(ttl_s)
        return await self._writer.run(lambda connection: writes.renew(connection, lease, self._clock() + ttl_s))

    async def release(self, lease: Lease) -> None:
        """Return the lease; see `Store.release`."""
        await self._writer.run(lambda connection: writes.release(connection, lease))

    async def blob(self, digest: str) -> bytes:
        """The plain bytes of a blob; see `Store.blob`."""
        return await self._reader.run(lambda connection: reads.blob(connection, digest))

    async def sessions(
        self, only: str = "", *, before: SessionPlace | None = None, limit: int | None = None
    ) -> Sequence[Summary]:
        """The summaries, newest first; see `Store.sessions`."""
        wanted = reads.SummaryRange(only, before, limit)
        return await self._reader.run(lambda connection: reads.summaries(connection, self._clock(), wanted))

    async def delete(self, leases: Sequence[Lease]) -> None:
        """Remove sessions whole; see `Forgetting.delete`."""
        await self._writer.run(lambda connection: removal.delete(connection, leases))

    async def accounts(self, ceilings: Mapping[str, int | None] | None = None) -> Sequence[Account]:
        """The accounts by kind, after setting `ceilings`; see `Store.accounts`."""
        if not ceilings:
            return await self._reader.run(writes.read_accounts)
        check_amounts("ceilings", ceilings)

        def work(connection: sqlite3.Connection) -> list[Account]:
            writes.set_ceilings(connection, ceilings)
            return writes.read_accounts(connection)

        return await self._writer.run(work)
