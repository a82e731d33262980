"""Clauses of the tenant's budget: reserve, settle and `accounts`."""

from __future__ import annotations

from collections.abc import Mapping

from journeyman.mission.values.errors import BudgetRefused, InvalidInput
from journeyman.stores.base import Account, Reserve, Settle, Store
from journeyman.testing.store_kit.fixtures import (
    MakeStore,
    RecordWriter,
    StorePlace,
    accounts_by_kind,
    expect_equal,
    expect_error,
)


def _reserve(name: str, **amounts: int) -> Reserve:
    return Reserve(reservation_id=name, amounts=amounts)


def _settle(name: str, **amounts: int) -> Settle:
    return Settle(reservation_id=name, amounts=amounts)


async def _tokens(store: Store, ceiling: int | None, spent: int, reserved: int, clause: str) -> None:
    wanted = Account(kind="tokens", ceiling=ceiling, spent=spent, reserved=reserved)
    expect_equal((await accounts_by_kind(store)).get("tokens"), wanted, clause)


async def ceilings_are_kept(make_store: MakeStore, place: StorePlace) -> None:
    """Sets the given ceilings, leaves others, and lets `None` lift one."""
    async with make_store(place) as store:
        expect_equal(list(await store.accounts()), [], "a new tenant has no accounts")
        await store.accounts({"tokens": 5, "tool_calls": None})
        found = {account.kind: account.ceiling for account in await store.accounts({"cost_microusd": 0})}
        expect_equal(found, {"cost_microusd": 0, "tokens": 5, "tool_calls": None}, "ceilings are kept by kind")
        await store.accounts({"tokens": None})
        await _tokens(store, None, 0, 0, "a ceiling can be lifted")


async def reserve_then_settle(make_store: MakeStore, place: StorePlace) -> None:
    """Sets aside first, and books what was really used after."""
    async with make_store(place) as store:
        story = RecordWriter(place.tenant, "s1")
        await store.accounts({"tokens": 100})
        await story.add(store, budget=(_reserve("r1", tokens=60), _reserve("r2", tokens=30)))
        await _tokens(store, 100, 0, 90, "reservations are set aside")
        await story.add(store, budget=(_settle("r1", tokens=10),))
        await _tokens(store, 100, 10, 30, "settling frees the rest of the reservation")
        await story.add(store, budget=(_settle("r2", tokens=45), _reserve("r3", tokens=45)))
        await _tokens(store, 100, 55, 45, "what was really used is booked, also above the reservation")


async def the_ceiling_is_never_passed(make_store: MakeStore, place: StorePlace) -> None:
    """Refuses exactly what does not fit, whichever kind is short."""
    async with make_store(place) as store:
        story = RecordWriter(place.tenant, "s1")
        await store.accounts({"tokens": 10, "tool_calls": 1, "cost_microusd": 0})
        await story.add(store, budget=(_reserve("r1", tokens=10, tool_calls=0, cost_microusd=0),))
        await expect_error(
            BudgetRefused, story.add(store, budget=(_reserve("r2", tokens=1),)), "a full account refuses"
        )
        await story.add(store, budget=(_settle("r1", tokens=9),))
        await expect_error(
            BudgetRefused, story.add(store, budget=(_reserve("r3", tokens=2),)), "one too much is refused"
        )
        await expect_error(
            BudgetRefused,
            story.add(store, budget=(_reserve("r4", tool_calls=1, tokens=1, cost_microusd=1),)),
            "a ceiling of zero refuses",
        )
        await story.add(store, budget=(_reserve("r5", tool_calls=1, tokens=1),))
        await _tokens(store, 10, 9, 1, "what fits exactly is reserved")


async def a_lowered_ceiling_binds_from_then_on(make_store: MakeStore, place: StorePlace) -> None:
    """Refuses new reservations after the ceiling fell under what is spent, but still settles and reserves nothing."""
    async with make_store(place) as store:
        story = RecordWriter(place.tenant, "s1")
        await story.add(store, budget=(_reserve("r1", tokens=50), _reserve("r2", tokens=50)))
        await store.accounts({"tokens": 60})
        await expect_error(
            BudgetRefused, story.add(store, budget=(_reserve("r3", tokens=1),)), "a lowered ceiling refuses"
        )
        await story.add(store, budget=(_reserve("r4", tokens=0), _settle("r1", tokens=50)))
        await _tokens(store, 60, 50, 50, "zero always fits")


async def doing_it_twice_changes_nothing(make_store: MakeStore, place: StorePlace) -> None:
    """Reserves and settles an id once, in any order of repeats."""
    async with make_store(place) as store:
        story = RecordWriter(place.tenant, "s1")
        await store.accounts({"tokens": 100})
        for _ in range(3):
            await story.add(store, budget=(_reserve("r1", tokens=60),))
        await _tokens(store, 100, 0, 60, "reserving an id again changes nothing")
        await expect_error(
            InvalidInput, story.add(store, budget=(_reserve("r1", tokens=61),)), "an id with other amounts is refused"
        )
        for used in (50, 50, 7):
            await story.add(store, budget=(_settle("r1", tokens=used),))
        await story.add(store, budget=(_reserve("r1", tokens=60),))
        await _tokens(store, 100, 50, 0, "settling again, or reserving what was settled, changes nothing")


async def settling_the_unknown_books_it_once(make_store: MakeStore, place: StorePlace) -> None:
    """Books amounts that nobody reserved as spent, once."""
    async with make_store(place) as store:
        story = RecordWriter(place.tenant, "s1")
        await store.accounts({"tokens": 10})
        for _ in range(2):
            await story.add(store, budget=(_settle("late", tokens=25),))
        await _tokens(store, 10, 25, 0, "an unknown reservation is booked as spent, once")


async def kinds_are_kept_apart(make_store: MakeStore, place: StorePlace) -> None:
    """Moves only the kinds that are named, and settles kinds that were not reserved."""
    async with make_store(place) as store:
        story = RecordWriter(place.tenant, "s1")
        await story.add(store, budget=(_reserve("r1", tokens=5, tool_calls=1),))
        await story.add(store, budget=(_settle("r1", tokens=4, cost_microusd=9),))
        found = {kind: (row.spent, row.reserved) for kind, row in (await accounts_by_kind(store)).items()}
        expect_equal(
            found, {"cost_microusd": (9, 0), "tokens": (4, 0), "tool_calls": (0, 0)}, "each kind has its account"
        )


async def malformed_amounts_are_refused(make_store: MakeStore, place: StorePlace) -> None:
    """Raises `InvalidInput` for amounts that are no whole numbers from 0 on."""
    async with make_store(place) as store:
        story = RecordWriter(place.tenant, "s1")
        for amount in (-1, 2**53, 2**70):
            bad: Mapping[str, int] = {"tokens": amount}
            for change in (Reserve(reservation_id="r", amounts=bad), Settle(reservation_id="r", amounts=bad)):
                await expect_error(InvalidInput, story.add(store, budget=(change,)), f"{amount} tokens are refused")
            await expect_error(InvalidInput, store.accounts(bad), f"a ceiling of {amount} is refused")
        expect_equal(list(await store.accounts()), [], "malformed amounts change nothing")


CHECKS = (
    ceilings_are_kept,
    reserve_then_settle,
    the_ceiling_is_never_passed,
    a_lowered_ceiling_binds_from_then_on,
    doing_it_twice_changes_nothing,
    settling_the_unknown_books_it_once,
    kinds_are_kept_apart,
    malformed_amounts_are_refused,
)
