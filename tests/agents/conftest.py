"""A folder for each run of an agent, outside the system's temporary one."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agents.coding_agents import INSTALLED


@pytest.fixture
def anyio_backend() -> str:
    """The model server and the programs are asyncio's."""
    return "asyncio"


@pytest.fixture
def agent_folder() -> Iterator[Path]:
    """An empty folder for a home and a repository."""
    runs = INSTALLED.parent / "runs"
    runs.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=runs))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
