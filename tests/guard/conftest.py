"""A guarded folder, and an engine that checks it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from journeyman.agents import HOSTS, StopRequest
from journeyman.guard.checking import CheckOrder, CheckOutcome, check_folder
from journeyman.guard.contract import Contract, load_guard_file, pin, protected_patterns
from journeyman.guard.contract_lookup import GuardPlace, place_of
from journeyman.guard.stop_hook import StopHook
from journeyman.mission.model.state import State
from journeyman.workspaces.digest import read_workspace
from tests.engine.engine_bench import EngineBench

CHECK = """
import pathlib
count = pathlib.Path("{log}")
with count.open("a") as file:
    file.write("x")
assert "done" in pathlib.Path("src/main.txt").read_text(), "main is not done"
"""
GUARD = """
criteria:
  - {id: tests, kind: command, run: [python3, tests/check.py], paths: [src/**, tests/**]}
  - {id: notes, kind: artifact, path: NOTES}
protect: [tests/**]
"""


async def at_once(session: str, drive: Callable[[], Awaitable[State]]) -> State:
    """Nobody was killed here."""
    del session
    return await drive()


@dataclass
class GuardedFolder:
    """A folder whose tests ask for a word in a file, and count how often they ran."""

    root: Path
    records: Path
    log: Path

    @property
    def place(self) -> GuardPlace:
        """As commands find it."""
        return place_of(str(self.root), str(self.records))

    def pin(self) -> Contract:
        """Confirm what is there."""
        guard = load_guard_file(self.place)
        files = read_workspace(self.root, also=protected_patterns(guard))
        return pin(self.place, guard, files, datetime(2026, 1, 1, tzinfo=UTC))

    def write(self, path: str, text: str) -> None:
        """Write a file."""
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    @property
    def runs(self) -> int:
        """How often its tests ran."""
        return len(self.log.read_text()) if self.log.exists() else 0

    def order(
        self, contract: Contract, asker: str = "person", checks: int = 1, *, verified: bool = False
    ) -> CheckOrder:
        """A check of it."""
        return CheckOrder(place=self.place, contract=contract, asker=asker, checks=checks, verified=verified)

    async def check(self, at: EngineBench, order: CheckOrder) -> CheckOutcome:
        """Check it."""
        return await check_folder(at.engine, at.store, order, at_once)

    def hook(self, host: str = "claude-code", session: str = "abc", **more: object) -> StopHook:
        """An agent of it that wants to stop."""
        request = StopRequest(session=session, folder=str(self.root), **more)  # pyright: ignore[reportArgumentType]  # of tests
        return StopHook(host=HOSTS[host], request=request, place=self.place)


@pytest.fixture
def folder(tmp_path: Path) -> GuardedFolder:
    """A folder that is not finished."""
    made = GuardedFolder(tmp_path / "work", tmp_path / "data" / "default", tmp_path / "runs")
    made.write("tests/check.py", CHECK.format(log=made.log))
    made.write("src/main.txt", "begun")
    made.write("NOTES", "some")
    made.write("guard.yaml", GUARD)
    return made


@pytest.fixture
def anyio_backend() -> str:
    """Run on asyncio only."""
    return "asyncio"
