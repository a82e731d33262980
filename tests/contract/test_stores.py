"""Every store keeps every clause of the store contract."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from journeyman.mission.chain import Head
from journeyman.stores.base import Batch
from journeyman.stores.memory import MemoryStore
from journeyman.stores.sqlite import SqliteStore
from journeyman.testing.check_store import (
    CRASH_CHECKS,
    STORE_CHECKS,
    Check,
    StoreContractBroken,
    StorePlace,
    check_store,
)

pytestmark = pytest.mark.anyio

_IN_MEMORY: dict[tuple[Path, str], MemoryStore] = {}


@asynccontextmanager
async def make_sqlite(place: StorePlace) -> AsyncGenerator[SqliteStore]:
    """The default store."""
    async with await SqliteStore.open(place.directory, tenant=place.tenant, clock=place.clock) as store:
        yield store


@asynccontextmanager
async def make_memory(place: StorePlace) -> AsyncGenerator[MemoryStore]:
    """One memory store per place."""
    key = (place.directory, place.tenant)
    if key not in _IN_MEMORY:
        _IN_MEMORY[key] = MemoryStore(place.tenant, clock=place.clock)
    yield _IN_MEMORY[key]


def _name(check: Check) -> str:
    return getattr(check, "__name__", "")


@pytest.mark.parametrize("check", STORE_CHECKS + CRASH_CHECKS, ids=_name)
async def test_sqlite_keeps(check: Check, tmp_path: Path) -> None:
    """The default store keeps the contract, SIGKILL included."""
    await check(make_sqlite, StorePlace(tmp_path))


@pytest.mark.parametrize("check", STORE_CHECKS, ids=_name)
async def test_memory_keeps(check: Check, tmp_path: Path) -> None:
    """The reference store keeps the contract."""
    await check(make_memory, StorePlace(tmp_path))


class _Forgetful(MemoryStore):
    """Acknowledges appends that it does not keep."""

    async def append(self, batch: Batch) -> Head:
        return Head(batch.entries[-1].seq, batch.entries[-1].hash) if batch.entries else batch.head


async def test_the_kit_finds_a_store_that_forgets() -> None:
    """A kit that passes anything proves nothing."""

    @asynccontextmanager
    async def make_forgetful(place: StorePlace) -> AsyncGenerator[MemoryStore]:
        yield _Forgetful(place.tenant, clock=place.clock)

    with pytest.raises(StoreContractBroken, match="what_is_appended_is_read_back"):
        await check_store(make_forgetful, crashes=False)
