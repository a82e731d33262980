"""Clauses about many at once: two stores at one place, cancelled tasks, and a store that was closed and opened."""

from __future__ import annotations

import asyncio

import anyio

from journeyman.mission.chain import check_chain, genesis
from journeyman.mission.values.canonical import digest
from journeyman.mission.values.errors import BudgetRefused, HeadMoved, LeaseHeld
from journeyman.stores.base import Lease, Reserve, Settle, Store
from journeyman.testing.store_kit.fixtures import (
    MakeStore,
    RecordWriter,
    StorePlace,
    accounts_by_kind,
    expect,
    expect_equal,
)

_SESSIONS = 16
_ROUNDS = 8
_CEILING = 100
_USABLE = 0.9


async def many_sessions_append_at_once(make_store: MakeStore, place: StorePlace) -> None:
    """Keeps every batch of many sessions through two stores at one place."""
    async with make_store(place) as one, make_store(place) as two:
        stories = [RecordWriter(place.tenant, f"s{number}") for number in range(_SESSIONS)]

        async def drive(story: RecordWriter, store: Store) -> None:
            for number in range(_ROUNDS):
                await story.add(store, 2, blobs=(f"{story.session_id} {number}".encode(),))

        async with anyio.create_task_group() as group:
            for number, story in enumerate(stories):
                group.start_soon(drive, story, (one, two)[number % 2])
        for story in stories:
            found = await two.read(story.session_id)
            expect_equal(list(found), story.entries, "every appended batch is kept")
            check_chain(genesis(place.tenant, story.session_id), found, story.head)
        for number in range(_ROUNDS):
            await one.blob(digest(f"s1 {number}".encode()))


async def one_of_many_wins_each_head(make_store: MakeStore, place: StorePlace) -> None:
    """Lets exactly one of several writers extend each head; the others get `HeadMoved`."""
    async with make_store(place) as one, make_store(place) as two:
        wins: list[int] = []

        async def drive(name: str, store: Store) -> None:
            story = RecordWriter(place.tenant, "s1")
            for _ in range(_ROUNDS):
                try:
                    wins.append((await story.add(store, 1, blobs=(name.encode(),))).seq)
                except HeadMoved:
                    last = (await store.read("s1"))[-1]
                    story.head = check_chain(genesis(place.tenant, "s1"), await store.read("s1", 0, last.seq))

        async with anyio.create_task_group() as group:
            for number in range(6):
                group.start_soon(drive, f"writer {number}", (one, two)[number % 2])
        found = await one.read("s1")
        check_chain(genesis(place.tenant, "s1"), found)
        expect_equal(sorted(wins), [entry.seq for entry in found], "each head is extended by exactly one writer")


async def one_of_many_gets_the_lease(make_store: MakeStore, place: StorePlace) -> None:
    """Grants a free session to exactly one of many who claim it together."""
    async with make_store(place) as one, make_store(place) as two:
        for _ in range(_ROUNDS):
            got: list[Lease] = []

            async def claim(owner: str, store: Store, got: list[Lease]) -> None:
                try:
                    got.append(await store.claim("s1", owner, 60))
                except LeaseHeld:
                    return

            async with anyio.create_task_group() as group:
                for number in range(8):
                    group.start_soon(claim, f"owner {number}", (one, two)[number % 2], got)
            expect_equal(len(got), 1, "exactly one of many claims wins")
            await one.release(got[0])


async def the_ceiling_holds_in_a_race(make_store: MakeStore, place: StorePlace) -> None:
    """Never reserves past the ceiling, and lets all of it be used."""
    async with make_store(place) as one, make_store(place) as two:
        await one.accounts({"tokens": _CEILING})
        spent = 0

        async def spend(story: RecordWriter, store: Store) -> None:
            nonlocal spent
            for number in range(_ROUNDS):
                name = f"{story.session_id}/{number}"
                try:
                    await story.add(store, budget=(Reserve(reservation_id=name, amounts={"tokens": 3}),))
                except BudgetRefused:
                    return
                row = (await accounts_by_kind(store))["tokens"]
                expect(holds=row.spent + row.reserved <= _CEILING, clause="spent and reserved stay under the ceiling")
                await story.add(store, budget=(Settle(reservation_id=name, amounts={"tokens": 2}),))
                spent += 2

        async with anyio.create_task_group() as group:
            for number in range(_SESSIONS):
                group.start_soon(spend, RecordWriter(place.tenant, f"s{number}"), (one, two)[number % 2])
        row = (await accounts_by_kind(one))["tokens"]
        expect_equal((row.spent, row.reserved), (spent, 0), "accounts add up")
        expect(holds=row.spent >= _USABLE * _CEILING, clause=f"the ceiling can be used ({row.spent} of {_CEILING})")


async def a_cancelled_append_lands_whole_or_not(make_store: MakeStore, place: StorePlace) -> None:
    """Shows by reading, as soon as the cancelled task has ended, whether the batch landed; the store goes on."""
    async with make_store(place) as store:
        await store.accounts({"tokens": None})
        landed = 0
        for number in range(12):
            story = RecordWriter(place.tenant, f"s{number}")
            reserve = Reserve(reservation_id=f"r{number}", amounts={"tokens": 1})
            task = asyncio.ensure_future(store.append(story.batch(3, blobs=(b"blob",), budget=(reserve,))))
            for _ in range(number // 3):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            found = await store.read(story.session_id)
            expect(holds=len(found) in {0, 3}, clause="a cancelled append lands whole or not at all")
            landed += len(found) // 3
            expect_equal(
                (await accounts_by_kind(store))["tokens"].reserved,
                landed,
                "a cancelled append takes its budget with it",
            )
            expect_equal(await store.read(story.session_id), found, "a cancelled append does not land later")
            if not found:
                await story.add(store, 3)


async def a_closed_store_opens_as_it_was(make_store: MakeStore, place: StorePlace) -> None:
    """Keeps records, blobs, lists, leases and budgets over closing and opening."""
    story = RecordWriter(place.tenant, "s1")
    async with make_store(place) as store:
        await store.accounts({"tokens": 9})
        lease = await store.claim("s1", "a", 60)
        await story.add(store, 3, blobs=(b"kept",), lease=lease)
        await story.add(store, budget=(Reserve(reservation_id="r1", amounts={"tokens": 4}),))
        before = (await store.sessions(), await store.accounts())
    async with make_store(place) as store:
        expect_equal(list(await store.read("s1")), story.entries, "a record outlives the store object")
        expect_equal(await store.blob(digest(b"kept")), b"kept", "a blob outlives the store object")
        expect_equal(
            (await store.sessions(), await store.accounts()), before, "lists and accounts outlive the store object"
        )
        await story.add(store, lease=lease, budget=(Settle(reservation_id="r1", amounts={"tokens": 4}),))
        expect_equal((await accounts_by_kind(store))["tokens"].spent, 4, "a reservation outlives the store object")


CHECKS = (
    many_sessions_append_at_once,
    one_of_many_wins_each_head,
    one_of_many_gets_the_lease,
    the_ceiling_holds_in_a_race,
    a_cancelled_append_lands_whole_or_not,
    a_closed_store_opens_as_it_was,
)
