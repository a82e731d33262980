"""Every route of the server's document with another tenant's ids and tokens."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.serving.in_process import served_app
from benchmarks.tenants import measured

pytestmark = pytest.mark.anyio


async def test_nothing_of_another_tenant_is_seen_or_told_apart(tmp_path: Path) -> None:
    """An id of another tenant is answered as one that nobody has."""
    async with served_app(tmp_path, tenants=("victim", "other")) as served:
        tally = await measured(served, tmp_path)
    assert (tally.leaks, tally.let_in, tally.faults) == ([], [], [])
    assert len(tally.routes) >= 25
