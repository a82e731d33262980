"""Clauses of `claim`, `renew`, `release` and of appends under a lease."""

from __future__ import annotations

from dataclasses import replace

from journeyman.mission.values.errors import InvalidInput, LeaseHeld, LeaseLost
from journeyman.testing.store_kit.fixtures import (
    MakeStore,
    RecordWriter,
    StorePlace,
    expect,
    expect_equal,
    expect_error,
    expect_unchanged,
)


async def one_owner_at_a_time(make_store: MakeStore, place: StorePlace) -> None:
    """Grants a free session to the first who claims it, and `LeaseHeld` to others until it runs out."""
    async with make_store(place) as store:
        lease = await store.claim("s1", "a", 30)
        expect_equal((lease.session_id, lease.owner), ("s1", "a"), "a lease names session and owner")
        expect_equal(lease.expires_at, place.now_s + 30, "a lease ends after its time on the given clock")
        error = await expect_error(LeaseHeld, store.claim("s1", "b", 30), "a held session is refused to others")
        expect(
            holds=error.retry_after_s is not None and 0 < error.retry_after_s <= lease.expires_at - place.now_s,
            clause="`LeaseHeld` says when to try again",
        )
        await store.claim("s2", "b", 30)
        place.now_s += 29
        await expect_error(LeaseHeld, store.claim("s1", "b", 30), "a lease holds until its end")
        place.now_s += 1
        taken = await store.claim("s1", "b", 30)
        expect(holds=taken.token > lease.token, clause="a takeover has a larger token")


async def a_zombie_is_refused(make_store: MakeStore, place: StorePlace) -> None:
    """Refuses append, renew and release of an owner whose lease was taken over."""
    async with make_store(place) as store:
        story = RecordWriter(place.tenant, "s1")
        old = await store.claim("s1", "a", 10)
        await story.add(store, 2, lease=old)
        place.now_s += 11
        new = await store.claim("s1", "b", 10)
        await expect_error(LeaseLost, store.append(story.batch(lease=old)), "a stale token may not append")
        await expect_unchanged(store, story, "a stale token may not append")
        await expect_error(LeaseLost, store.append(story.batch(0, lease=old)), "a stale token may not append nothing")
        await expect_error(LeaseLost, store.renew(old, 10), "a stale token may not be renewed")
        await store.release(old)
        await expect_error(LeaseHeld, store.claim("s1", "c", 10), "releasing a lost lease does nothing")
        await story.add(store, lease=new)


async def a_lease_that_ran_out_untaken_still_counts(make_store: MakeStore, place: StorePlace) -> None:
    """Lets a late owner go on while nobody took over: nothing was lost."""
    async with make_store(place) as store:
        story = RecordWriter(place.tenant, "s1")
        lease = await store.claim("s1", "a", 10)
        place.now_s += 20
        await story.add(store, lease=lease)
        renewed = await store.renew(lease, 10)
        expect_equal(renewed, replace(lease, expires_at=place.now_s + 10), "`renew` moves the end and nothing else")
        await expect_error(LeaseHeld, store.claim("s1", "b", 10), "a renewed lease holds")


async def heartbeats_hold_a_session(make_store: MakeStore, place: StorePlace) -> None:
    """Keeps others out as long as the lease is renewed in time."""
    async with make_store(place) as store:
        lease = await store.claim("s1", "a", 10)
        for _ in range(5):
            place.now_s += 9
            lease = await store.renew(lease, 10)
            await expect_error(LeaseHeld, store.claim("s1", "b", 10), "a renewed lease holds")
        await RecordWriter(place.tenant, "s1").add(store, lease=lease)


async def a_released_session_is_free(make_store: MakeStore, place: StorePlace) -> None:
    """Lets the next owner in at once, with a larger token, and the old one out."""
    async with make_store(place) as store:
        story = RecordWriter(place.tenant, "s1")
        old = await store.claim("s1", "a", 60)
        await store.release(old)
        await store.release(old)
        await expect_error(LeaseLost, store.append(story.batch(lease=old)), "a released lease may not append")
        await expect_error(LeaseLost, store.renew(old, 60), "a released lease may not be renewed")
        new = await store.claim("s1", "b", 60)
        expect(holds=new.token > old.token, clause="tokens grow also after a release")


async def claiming_again_retires_the_older_lease(make_store: MakeStore, place: StorePlace) -> None:
    """Issues the same owner a new token, so that an answer lost on the way harms nobody."""
    async with make_store(place) as store:
        first = await store.claim("s1", "a", 60)
        second = await store.claim("s1", "a", 60)
        expect(holds=second.token > first.token, clause="each claim has a larger token")
        await expect_error(
            LeaseLost, RecordWriter(place.tenant, "s1").add(store, lease=first), "the older token is stale"
        )
        await RecordWriter(place.tenant, "s1").add(store, lease=second)


async def foreign_leases_are_refused(make_store: MakeStore, place: StorePlace) -> None:
    """Refuses a lease of another session, of nobody, or with changed owner or token."""
    async with make_store(place) as store:
        story = RecordWriter(place.tenant, "s1")
        other = await store.claim("s2", "a", 60)
        await expect_error(LeaseLost, story.add(store, lease=other), "another session's lease is refused")
        await expect_error(LeaseLost, store.renew(replace(other, session_id="s1"), 60), "an unknown lease is refused")
        held = await store.claim("s1", "a", 60)
        for forged in (replace(held, owner="b"), replace(held, token=held.token + 1), replace(held, owner="")):
            await expect_error(LeaseLost, story.add(store, lease=forged), "a forged lease is refused")
        expect_equal(list(await store.read("s1")), [], "a forged lease adds nothing")


async def people_need_no_lease(make_store: MakeStore, place: StorePlace) -> None:
    """Lets a note in while somebody drives the session; the driver then sees that the head moved."""
    async with make_store(place) as store:
        story = RecordWriter(place.tenant, "s1")
        lease = await store.claim("s1", "a", 60)
        await story.add(store, lease=lease)
        await story.add(store)
        await story.add(store, lease=lease)
        expect_equal(len(await store.read("s1")), 3, "an append without lease is kept")


async def malformed_claims_are_refused(make_store: MakeStore, place: StorePlace) -> None:
    """Raises `InvalidInput` for names and times that are none."""
    async with make_store(place) as store:
        for session_id, owner, ttl_s in (("../s", "a", 1.0), ("s1", "", 1.0), ("s1", "a", 0.0), ("s1", "a", -1.0)):
            await expect_error(InvalidInput, store.claim(session_id, owner, ttl_s), "a malformed claim is refused")
        await expect_error(InvalidInput, store.claim("s1", "a", float("nan")), "a lease without end is refused")
        expect_equal((await store.claim("s1", "a", 1)).token, 1, "a malformed claim takes nothing")


CHECKS = (
    one_owner_at_a_time,
    a_zombie_is_refused,
    a_lease_that_ran_out_untaken_still_counts,
    heartbeats_hold_a_session,
    a_released_session_is_free,
    claiming_again_retires_the_older_lease,
    foreign_leases_are_refused,
    people_need_no_lease,
    malformed_claims_are_refused,
)
