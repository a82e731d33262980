"""A folder for each run of an agent, outside the system's temporary one."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agents.coding_agents import INSTALLED
from tests.agents.guarded import HELD


@pytest.fixture(autouse=True)
def _held(request: pytest.FixtureRequest) -> Iterator[None]:
    """Keep with each test what hook and verifier made of its runs."""
    HELD.clear()
    yield
    request.node.user_properties += [("held", row) for row in HELD]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table of what the hook alone held, and what the verifier said."""
    ended = [report for report in terminalreporter.getreports("") if getattr(report, "when", "") == "teardown"]
    rows = [(report.nodeid, row) for report in ended for name, row in report.user_properties if name == "held"]
    if rows:
        terminalreporter.section("what the hook held")
    for node, row in sorted(rows, key=lambda pair: pair[0]):
        hook = "; ".join(row["hook"]) or "no word of it"
        terminalreporter.line(
            f"{node.rpartition('::')[2]}: {row['requests']} requests; hook: {hook}; verifier: {row['verifier']}"
        )


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
