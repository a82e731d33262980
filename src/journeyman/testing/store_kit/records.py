"""Clauses of `append`, `read`, `blob` and `sessions`."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from itertools import product
from typing import cast

from journeyman.mission.chain import Entry, Head, check_chain, genesis
from journeyman.mission.values.canonical import digest
from journeyman.mission.values.errors import BudgetRefused, HeadMoved, InvalidInput, NotFound
from journeyman.stores.base import Batch, HeadLookup, Reserve, SessionPlace, Store
from journeyman.testing.store_kit.fixtures import (
    MakeStore,
    RecordWriter,
    StorePlace,
    accounts_by_kind,
    expect,
    expect_equal,
    expect_error,
    expect_unchanged,
)


async def the_protocol_is_met(make_store: MakeStore, place: StorePlace) -> None:
    """Has every method, and says whose records these are."""
    async with make_store(place) as store:
        expect(holds=isinstance(cast("object", store), Store), clause="a store has every method of the Protocol")
        expect_equal(store.tenant, place.tenant, "`tenant` is the tenant that the store was made for")


async def what_is_appended_is_read_back(make_store: MakeStore, place: StorePlace) -> None:
    """Returns entries byte for byte, in order, and the new head."""
    async with make_store(place) as store:
        story = RecordWriter(place.tenant, "s1")
        for count in (1, 5, 2):
            head = await story.add(store, count)
            expect_equal(head, Head(story.entries[-1].seq, story.entries[-1].hash), "`append` gives the new head")
        found = await store.read("s1")
        expect_equal(list(found), story.entries, "`read` gives what was appended")
        check_chain(genesis(place.tenant, "s1"), found, story.head)


async def reading_pages_through_a_record(make_store: MakeStore, place: StorePlace) -> None:
    """Honours `after_seq`, `before_seq`, `limit` and `newest`, and is empty at the end and for unknown sessions."""
    async with make_store(place) as store:
        story = RecordWriter(place.tenant, "s1")
        await RecordWriter(place.tenant, "s0").add(store, 4)
        await story.add(store, 9)
        await RecordWriter(place.tenant, "s2").add(store, 4)
        for after, limit in ((0, 3), (3, 3), (8, 3), (9, 3), (20, None), (4, None), (2, 0)):
            wanted = story.entries[after : None if limit is None else after + limit]
            expect_equal(list(await store.read("s1", after, limit)), wanted, f"`read` after {after}, at most {limit}")
        for after, before, limit in product(
            (-1, 0, 2, 8, 9, 20), (None, -1, 0, 1, 5, 9, 10, 30), (None, -1, 0, 1, 4, 50)
        ):
            inside = [item for item in story.entries if item.seq > after and (before is None or item.seq < before)]
            count = len(inside) if limit is None else min(max(limit, 0), len(inside))
            what = f"`read` after {after}, before {before}, at most {limit}"
            expect_equal(list(await store.read("s1", after, limit, before_seq=before)), inside[:count], what)
            last = await store.read("s1", after, limit, before_seq=before, newest=True)
            expect_equal(list(last), inside[len(inside) - count :], f"{what}, the newest")
        for unknown in ("s3", "", "../s1", "s1\x00"):
            expect_equal(list(await store.read(unknown)), [], f"`read` of unknown session {unknown!r} is empty")


async def a_stale_head_is_refused(make_store: MakeStore, place: StorePlace) -> None:
    """Raises `HeadMoved` for an append to a record that grew, and keeps nothing of it."""
    async with make_store(place) as store:
        story = RecordWriter(place.tenant, "s1")
        late = story.batch(2, blobs=(b"late",), budget=(Reserve(reservation_id="late", amounts={"tokens": 1}),))
        await story.add(store, 2)
        await expect_error(HeadMoved, store.append(late), "an append to a head that moved is refused")
        await expect_unchanged(store, story, "an append to a head that moved is refused")
        await expect_error(NotFound, store.blob(digest(b"late")), "a refused append keeps no blob")
        expect_equal(await accounts_by_kind(store), {}, "a refused append reserves nothing")
        other = replace(story.batch(), head=Head(2, hashlib.sha256(b"another").digest()))
        await expect_error(InvalidInput, store.append(other), "entries that do not follow their head are refused")


async def a_head_ahead_of_the_record_is_refused(make_store: MakeStore, place: StorePlace) -> None:
    """Raises `HeadMoved` when the record has not got as far as the caller believes."""
    async with make_store(place) as store:
        story, ahead = RecordWriter(place.tenant, "s1"), RecordWriter(place.tenant, "s1")
        await story.add(store)
        ahead.head = await story.add(store, 2)
        fresh = RecordWriter(place.tenant, "s2")
        batch = fresh.batch(3)
        fresh.head = Head(batch.entries[-1].seq, batch.entries[-1].hash)
        await expect_error(HeadMoved, store.append(fresh.batch()), "an append beyond the end of the record is refused")
        expect_equal(list(await store.read("s2")), [], "an append beyond the end keeps nothing")


async def a_record_starts_at_its_own_genesis(make_store: MakeStore, place: StorePlace) -> None:
    """Refuses a first append that was made for another tenant or session."""
    async with make_store(place) as store:
        for foreign in (RecordWriter("other", "s1"), RecordWriter(place.tenant, "s2")):
            batch = foreign.batch(2)
            moved = replace(batch, session_id="s1", summary=replace(batch.summary, session_id="s1"))
            await expect_error(InvalidInput, store.append(moved), "a record of another tenant or session is refused")
        expect_equal(list(await store.read("s1")), [], "a foreign record is not kept")


async def malformed_batches_are_refused(make_store: MakeStore, place: StorePlace) -> None:
    """Raises `InvalidInput` for entries off the chain, wrong digests, foreign summaries and names that are none."""
    async with make_store(place) as store:
        story = RecordWriter(place.tenant, "s1")
        await story.add(store)
        good = story.batch(3)
        flipped = Entry(2, good.entries[1].hash, good.entries[1].body.replace(b"Noted", b"Notes"))
        bad: tuple[tuple[Batch, str], ...] = (
            (replace(good, entries=(good.entries[0], good.entries[2])), "a gap"),
            (replace(good, entries=good.entries[::-1]), "entries out of order"),
            (replace(good, entries=(good.entries[0], flipped, good.entries[2])), "a changed body"),
            (replace(good, blobs={digest(b"one"): b"two"}), "a blob under another digest"),
            (replace(good, blobs={"../one": b"one"}), "a blob under a name that is no digest"),
            (replace(good, summary=RecordWriter(place.tenant, "s2").summary(1)), "the summary of another session"),
        )
        for batch, what in bad:
            await expect_error(InvalidInput, store.append(batch), f"{what} is refused")
        for name in ("", ".", "..", "../s1", "a/b", "a\\b", "a\x00", "-a", " a", "a\n", "é", "a" * 129):
            await expect_error(
                InvalidInput, RecordWriter(place.tenant, name).add(store), f"session id {name!r} is refused"
            )
        await expect_unchanged(store, story, "a malformed batch is refused")


async def a_refused_batch_keeps_nothing(make_store: MakeStore, place: StorePlace) -> None:
    """Keeps no event, blob, summary or reservation of a batch whose last part is refused."""
    async with make_store(place) as store:
        await store.accounts({"tokens": 10})
        story = RecordWriter(place.tenant, "s1")
        await story.add(store)
        before = await store.sessions()
        budget = (
            Reserve(reservation_id="fits", amounts={"tokens": 4, "tool_calls": 1}),
            Reserve(reservation_id="too much", amounts={"tool_calls": 1, "tokens": 7}),
        )
        await expect_error(
            BudgetRefused, store.append(story.batch(3, blobs=(b"gone",), budget=budget)), "no room is refused"
        )
        await expect_unchanged(store, story, "a batch without budget is refused")
        await expect_error(NotFound, store.blob(digest(b"gone")), "a refused batch keeps no blob")
        expect_equal(await store.sessions(), before, "a refused batch changes no summary")
        accounts = await accounts_by_kind(store)
        expect_equal(accounts["tokens"].reserved, 0, "a refused batch reserves nothing")
        expect(
            holds="tool_calls" not in accounts or accounts["tool_calls"].reserved == 0,
            clause="a refused batch reserves nothing of any kind",
        )


async def blobs_come_back_whole(make_store: MakeStore, place: StorePlace) -> None:
    """Keeps bytes of every size and kind, once, and says `NotFound` for others."""
    noise = b"".join(hashlib.sha256(bytes([number % 256, number // 256])).digest() for number in range(20_000))
    samples = (b"", b"\x00", b"a" * 1_000_000, noise[:5_000], noise, b"{}")
    async with make_store(place) as store:
        story = RecordWriter(place.tenant, "s1")
        await story.add(store, 2, blobs=samples)
        await story.add(store, 1, blobs=samples[:3])
        await RecordWriter(place.tenant, "s2").add(store, 1, blobs=(noise,))
        for data in samples:
            expect_equal(await store.blob(digest(data)) == data, True, f"a blob of {len(data)} bytes comes back whole")
        for unknown in (digest(b"unknown"), "", "zz", "../x", digest(b"").upper() + " "):
            await expect_error(NotFound, store.blob(unknown), f"unknown blob {unknown!r}")


async def a_batch_without_entries_moves_no_head(make_store: MakeStore, place: StorePlace) -> None:
    """Books budget and keeps blobs without an event, also before the first one."""
    async with make_store(place) as store:
        story = RecordWriter(place.tenant, "s1")
        reserve = Reserve(reservation_id="r1", amounts={"tokens": 3})
        expect_equal(await story.add(store, 0, budget=(reserve,)), story.head, "an empty append gives the same head")
        expect_equal(await store.sessions(), [], "a session without events is not listed")
        expect_equal((await accounts_by_kind(store))["tokens"].reserved, 3, "an empty append reserves")
        await story.add(store, 2)
        await story.add(store, 0, blobs=(b"alone",))
        await expect_unchanged(store, story, "an empty append keeps its blobs")
        expect_equal(await store.blob(digest(b"alone")), b"alone", "an empty append keeps its blobs")


async def sessions_are_listed_newest_first(make_store: MakeStore, place: StorePlace) -> None:
    """Lists the latest summary of each session with the head's `seq`."""
    async with make_store(place) as store:
        expect_equal(list(await store.sessions()), [], "a new store has no sessions")
        days = {"b": "2026-11-02", "a": "2026-11-03", "c": "2026-11-01"}
        stories = [RecordWriter(place.tenant, name, f"{day}T00:00:00.000000Z") for name, day in days.items()]
        for story in stories:
            await story.add(store, 2)
        await stories[2].add(store, 3)
        wanted = [stories[1].summary(2), stories[0].summary(2), stories[2].summary(5)]
        expect_equal(list(await store.sessions()), wanted, "`sessions` gives the latest summaries, newest first")
        expect_equal(list(await store.sessions("b")), wanted[1:2], "`sessions` finds one by its id")
        expect_equal(list(await store.sessions("none")), [], "`sessions` of an unknown id is empty")
        place_of = [SessionPlace(row.created_at, row.session_id) for row in wanted]
        expect_equal(list(await store.sessions(limit=2)), wanted[:2], "`sessions` gives at most `limit`")
        expect_equal(
            list(await store.sessions(before=place_of[0], limit=1)), wanted[1:2], "`sessions` goes on behind a place"
        )
        expect_equal(list(await store.sessions(before=place_of[2])), [], "behind the last one comes none")


async def tenants_share_nothing(make_store: MakeStore, place: StorePlace) -> None:
    """Shows one tenant nothing of another: no record, blob, list, lease or budget."""
    async with make_store(place) as ours, make_store(place.beside("other")) as theirs:
        await RecordWriter(place.tenant, "s1").add(ours, 2, blobs=(b"ours",))
        await ours.accounts({"tokens": 5})
        await ours.claim("s1", "us", 60)
        expect_equal(list(await theirs.read("s1")), [], "another tenant reads nothing")
        expect_equal(list(await theirs.sessions()), [], "another tenant lists nothing")
        expect_equal(list(await theirs.accounts()), [], "another tenant has its own budget")
        await expect_error(NotFound, theirs.blob(digest(b"ours")), "another tenant gets no blob")
        expect_equal(
            (await theirs.claim("s1", "them", 60)).token, 1, "another tenant's session of the same id is its own"
        )
        await expect_error(
            InvalidInput, RecordWriter(place.tenant, "s1").add(theirs), "another tenant's record does not fit"
        )


async def the_head_is_known_without_reading(make_store: MakeStore, place: StorePlace) -> None:
    """Tells the end of a record where the store offers `head`."""
    async with make_store(place) as store:
        if not isinstance(store, HeadLookup):
            return
        story = RecordWriter(place.tenant, "s1")
        expect_equal(await store.head("s1"), genesis(place.tenant, "s1"), "`head` of an unknown session is its genesis")
        await story.add(store, 3)
        expect_equal(await store.head("s1"), story.head, "`head` is where the record ends")


CHECKS = (
    the_protocol_is_met,
    what_is_appended_is_read_back,
    reading_pages_through_a_record,
    a_stale_head_is_refused,
    a_head_ahead_of_the_record_is_refused,
    a_record_starts_at_its_own_genesis,
    malformed_batches_are_refused,
    a_refused_batch_keeps_nothing,
    blobs_come_back_whole,
    a_batch_without_entries_moves_no_head,
    sessions_are_listed_newest_first,
    tenants_share_nothing,
    the_head_is_known_without_reading,
)
