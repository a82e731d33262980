"""A store that appends to a record only where it still ends where the caller has seen it end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from journeyman.mission.chain import Entry, Head
from journeyman.mission.values.errors import NotAllowed
from journeyman.stores.base import Account, Batch, Lease, SessionPlace, Store, Summary


def record_moved(session_id: str) -> NotAllowed:
    """The error for a change to a record that has grown since its caller looked."""
    return NotAllowed(
        f"session {session_id} has gone on since you looked; look at it again, then decide", code="precondition_failed"
    )


class ConditionalStore:
    """Passes everything on, but refuses the first append to a record that ends elsewhere.

    Whoever adds what a person said tries again when the driver was quicker; that is what this keeps from happening.
    """

    def __init__(self, store: Store, expected: Head) -> None:
        self._store = store
        self._expected: Head | None = expected

    @property
    def tenant(self) -> str:
        """As the store has it."""
        return self._store.tenant

    async def append(self, batch: Batch) -> Head:
        """Raises `NotAllowed` where the record does not end as expected."""
        if self._expected is not None and batch.head != self._expected:
            raise record_moved(batch.session_id)
        head = await self._store.append(batch)
        self._expected = None
        return head

    async def read(
        self,
        session_id: str,
        after_seq: int = 0,
        limit: int | None = None,
        *,
        before_seq: int | None = None,
        newest: bool = False,
    ) -> Sequence[Entry]:
        """Passed on."""
        return await self._store.read(session_id, after_seq, limit, before_seq=before_seq, newest=newest)

    async def claim(self, session_id: str, owner: str, ttl_s: float) -> Lease:
        """Passed on."""
        return await self._store.claim(session_id, owner, ttl_s)

    async def renew(self, lease: Lease, ttl_s: float) -> Lease:
        """Passed on."""
        return await self._store.renew(lease, ttl_s)

    async def release(self, lease: Lease) -> None:
        """Passed on."""
        await self._store.release(lease)

    async def blob(self, digest: str) -> bytes:
        """Passed on."""
        return await self._store.blob(digest)

    async def sessions(
        self, only: str = "", *, before: SessionPlace | None = None, limit: int | None = None
    ) -> Sequence[Summary]:
        """Passed on."""
        return await self._store.sessions(only, before=before, limit=limit)

    async def accounts(self, ceilings: Mapping[str, int | None] | None = None) -> Sequence[Account]:
        """Passed on."""
        return await self._store.accounts(ceilings)
