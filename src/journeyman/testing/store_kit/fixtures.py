"""What the checks stand on: a place to keep a store, a record to write, and words for what must hold."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TypeAlias, TypeVar

from journeyman.mission.chain import Entry, Head, genesis, head_of, seal
from journeyman.mission.values.canonical import Json, digest
from journeyman.mission.values.errors import JourneymanError
from journeyman.stores.base import Account, Batch, Lease, Reserve, Settle, Store, Summary

Failure = TypeVar("Failure", bound=JourneymanError)

STARTED_AT = "2026-11-20T10:00:00.000000Z"


class StoreContractBroken(AssertionError):
    """The store does not keep a clause of its contract; the text names it."""


class StorePlace:
    """Where a store is kept while one check runs: two stores made for one place must share what they keep."""

    def __init__(self, directory: Path, tenant: str = "default") -> None:
        self.directory = directory
        """An empty directory; stores that keep nothing on disk may use its path as a key."""
        self.tenant = tenant
        """Whose store to make."""
        self.now_s = 1_000_000.0
        """What `clock` gives; checks turn it by hand."""

    def clock(self) -> float:
        """The time by which leases run out; the store must use it."""
        return self.now_s

    def beside(self, tenant: str) -> StorePlace:
        """The same place for another tenant."""
        return StorePlace(self.directory, tenant)


MakeStore: TypeAlias = Callable[[StorePlace], AbstractAsyncContextManager[Store]]
"""Gives a store at a place, and closes it."""
Check: TypeAlias = Callable[[MakeStore, StorePlace], Awaitable[None]]
"""Raises `StoreContractBroken` unless stores that `MakeStore` gives at the (fresh) place keep one clause."""


def expect(*, holds: bool, clause: str) -> None:
    """Raise `StoreContractBroken` with the clause unless it holds."""
    if not holds:
        raise StoreContractBroken(clause)


def expect_equal(given: object, wanted: object, clause: str) -> None:
    """Raise `StoreContractBroken` with both values unless they are equal."""
    if given != wanted:
        raise StoreContractBroken(f"{clause}: wanted {wanted!r}, was given {given!r}")


async def expect_error(kind: type[Failure], waiting: Awaitable[object], clause: str) -> Failure:
    """The error that `waiting` must end in."""
    try:
        value = await waiting
    except kind as error:
        return error
    except Exception as error:
        raise StoreContractBroken(f"{clause}: wanted {kind.__name__}, but it raised {error!r}") from error
    raise StoreContractBroken(f"{clause}: wanted {kind.__name__}, but it gave {value!r}")


class RecordWriter:
    """Writes one session's record."""

    def __init__(self, tenant: str, session_id: str, created_at: str = STARTED_AT) -> None:
        self.session_id = session_id
        self.tenant = tenant
        self.created_at = created_at
        self.head = genesis(tenant, session_id)
        self.entries: list[Entry] = []

    def batch(
        self,
        count: int = 1,
        *,
        blobs: tuple[bytes, ...] = (),
        budget: tuple[Reserve | Settle, ...] = (),
        lease: Lease | None = None,
    ) -> Batch:
        """A batch that follows what was added, with references to its blobs; adds nothing yet."""
        named = {digest(data): data for data in blobs}
        references: list[Json] = [{"$blob": name, "bytes": len(data)} for name, data in named.items()]
        head, entries = self.head, list[Entry]()
        for number in range(count):
            data: dict[str, Json] = {"number": head.seq, "blobs": references if number == 0 else []}
            entries.append(seal(head, at=STARTED_AT, actor="engine", kind="Noted", data=data))
            head = head_of(entries[-1])
        return Batch(
            session_id=self.session_id,
            head=self.head,
            entries=tuple(entries),
            summary=self.summary(head.seq),
            blobs=named,
            budget=budget,
            lease=lease,
        )

    def summary(self, seq: int) -> Summary:
        """The row for lists at `seq`."""
        return Summary(
            session_id=self.session_id,
            name=f"mission of {self.session_id}",
            status="open",
            verdict=f"continue/at_{seq}",
            outcome="",
            iteration=seq,
            created_at=self.created_at,
            updated_at=STARTED_AT,
            seq=seq,
        )

    async def add(
        self,
        store: Store,
        count: int = 1,
        *,
        blobs: tuple[bytes, ...] = (),
        budget: tuple[Reserve | Settle, ...] = (),
        lease: Lease | None = None,
    ) -> Head:
        """Append a batch and give the new head."""
        batch = self.batch(count, blobs=blobs, budget=budget, lease=lease)
        head = await store.append(batch)
        self.head = head
        self.entries.extend(batch.entries)
        return head


async def expect_unchanged(store: Store, story: RecordWriter, clause: str) -> None:
    """Raise `StoreContractBroken` unless the record is exactly what the story added."""
    expect_equal(list(await store.read(story.session_id)), story.entries, f"{clause} and changes nothing")


async def accounts_by_kind(store: Store) -> Mapping[str, Account]:
    """The accounts by kind."""
    return {account.kind: account for account in await store.accounts()}
