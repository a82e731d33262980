"""Tests of the test kits run on asyncio."""

from __future__ import annotations

import pytest


@pytest.fixture
def anyio_backend() -> str:
    """Run on asyncio only."""
    return "asyncio"
