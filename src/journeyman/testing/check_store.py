"""Prove a store: every clause of `journeyman.stores.base.Store`, races and SIGKILL included.

A third party writes one function at the top level of a module and runs all checks on it with pytest (and anyio, which
brings the plugin):

```python
import pytest
from contextlib import asynccontextmanager
from journeyman.testing.check_store import CRASH_CHECKS, STORE_CHECKS, Check, Place

@asynccontextmanager
async def make_store(place: Place):
    store = await MyStore.connect(place.directory, tenant=place.tenant, clock=place.clock)
    yield store
    await store.aclose()

@pytest.mark.anyio
@pytest.mark.parametrize("check", STORE_CHECKS + CRASH_CHECKS, ids=lambda check: check.__name__)
async def test_my_store(check: Check, tmp_path) -> None:
    await check(make_store, Place(tmp_path))
```

Two stores made for the same place must share what they keep, as two processes on one database would. `CRASH_CHECKS`
are for stores that outlive their process: they start another Python, which loads `make_store` from its file by name,
and kill it. Without pytest, `await check_store(make_store)` runs all and reports every clause that is not kept.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from journeyman.testing.store_kit import budgets, crashes, leases, races, records, removal
from journeyman.testing.store_kit.fixtures import Check, MakeStore, StoreContractBroken, StorePlace

__all__ = ["CRASH_CHECKS", "STORE_CHECKS", "Check", "MakeStore", "StoreContractBroken", "StorePlace", "check_store"]

STORE_CHECKS: tuple[Check, ...] = (*records.CHECKS, *leases.CHECKS, *budgets.CHECKS, *races.CHECKS, *removal.CHECKS)
"""What every store must keep."""
CRASH_CHECKS: tuple[Check, ...] = crashes.CHECKS
"""What a store on disk or behind a server must keep besides."""


async def check_store(make_store: MakeStore, *, crashes: bool = True) -> None:
    """Run every check, each at a fresh place; raise `StoreContractBroken` with all clauses that the store does not keep.

    Args:
        make_store: Gives a store at a place; see above.
        crashes: Whether the store outlives its process, so that the crash checks apply.
    """
    broken: list[str] = []
    for check in STORE_CHECKS + CRASH_CHECKS if crashes else STORE_CHECKS:
        with tempfile.TemporaryDirectory() as directory:
            try:
                await check(make_store, StorePlace(Path(directory)))
            except Exception as error:  # noqa: BLE001  whatever a store raises is a finding
                broken.append(f"{getattr(check, '__name__', check)}: {error}")
    if broken:
        raise StoreContractBroken("\n".join(broken))
