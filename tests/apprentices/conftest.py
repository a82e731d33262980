"""Drivers work on asyncio: agents are programs."""

from __future__ import annotations

import pytest


@pytest.fixture
def anyio_backend() -> str:
    """The drivers' processes are asyncio's."""
    return "asyncio"
