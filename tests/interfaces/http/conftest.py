"""One server in this process for each test."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from benchmarks.serving.in_process import ServedApp, served_app


@pytest.fixture
def anyio_backend() -> str:
    """What the server runs on."""
    return "asyncio"


@pytest.fixture
async def served(tmp_path: Path) -> AsyncGenerator[ServedApp]:
    """A server with two tenants, each with missions of its own."""
    async with served_app(tmp_path, tenants=("default", "other")) as server:
        yield server
