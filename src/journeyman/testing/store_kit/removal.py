"""Clauses of lists that tell of leases, and of `delete` where a store is `Forgetting`."""

from __future__ import annotations

from journeyman.mission.values.canonical import digest
from journeyman.mission.values.errors import LeaseLost, NotFound
from journeyman.stores.base import Forgetting, Reserve, Store
from journeyman.testing.store_kit.fixtures import (
    MakeStore,
    RecordWriter,
    StorePlace,
    expect_equal,
    expect_error,
    expect_unchanged,
)


async def lists_tell_who_holds_a_lease(make_store: MakeStore, place: StorePlace) -> None:
    """Names the owner until the lease is given back, and says whether it has run out."""
    async with make_store(place) as store:
        await RecordWriter(place.tenant, "s1").add(store)
        expect_equal(await _lease(store), ("", False), "nobody holds a session that nobody claimed")
        lease = await store.claim("s1", "a", 10)
        expect_equal(await _lease(store), ("a", True), "a claimed session is held")
        place.now_s += 11
        expect_equal(await _lease(store), ("a", False), "a lease that ran out names its owner, and holds no more")
        await store.release(lease)
        expect_equal(await _lease(store), ("", False), "a lease that was given back names nobody")


async def _lease(store: Store) -> tuple[str, bool]:
    (row,) = await store.sessions()
    return row.lease_owner, row.lease_held


async def deleted_sessions_leave_nothing(make_store: MakeStore, place: StorePlace) -> None:
    """Removes events, row, reservations and the blobs that no other session names; the others stay as they were."""
    async with make_store(place) as store:
        if not isinstance(store, Forgetting):
            return
        gone, stays = RecordWriter(place.tenant, "s1"), RecordWriter(place.tenant, "s10")
        held = Reserve(reservation_id="s1/0.0", amounts={"tool_calls": 2})
        await gone.add(store, 3, blobs=(b"own" * 50, b"shared" * 50), budget=(held,))
        await stays.add(store, 2, blobs=(b"shared" * 50,))
        await store.delete([await store.claim("s1", "a", 30)])
        expect_equal(list(await store.read("s1")), [], "a deleted session has no events")
        expect_equal([row.session_id for row in await store.sessions()], ["s10"], "a deleted session is in no list")
        await expect_error(NotFound, store.blob(digest(b"own" * 50)), "a blob that only it named is gone")
        expect_equal(await store.blob(digest(b"shared" * 50)), b"shared" * 50, "a blob that others name stays")
        await expect_unchanged(store, stays, "the other sessions are as they were")
        account = next(row for row in await store.accounts() if row.kind == "tool_calls")
        expect_equal((account.spent, account.reserved), (2, 0), "what it had reserved counts as spent")
        await RecordWriter(place.tenant, "s1").add(store)
        await store.delete([await store.claim("s1", "a", 30)])
        expect_equal([row.session_id for row in await store.sessions()], ["s10"], "one without blobs goes as well")


async def a_taken_session_is_not_deleted(make_store: MakeStore, place: StorePlace) -> None:
    """Raises `LeaseLost` where another owner took over, and then removes none of the others either."""
    async with make_store(place) as store:
        if not isinstance(store, Forgetting):
            return
        first, second = RecordWriter(place.tenant, "s1"), RecordWriter(place.tenant, "s2")
        await first.add(store)
        await second.add(store)
        leases = [await store.claim(name, "a", 10) for name in ("s1", "s2")]
        place.now_s += 11
        await store.claim("s2", "b", 10)
        await expect_error(LeaseLost, store.delete(leases), "a session that another owner drives is not deleted")
        await expect_unchanged(store, first, "none is deleted where one is refused")


CHECKS = (lists_tell_who_holds_a_lease, deleted_sessions_leave_nothing, a_taken_session_is_not_deleted)
