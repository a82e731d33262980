"""Where sessions stand: the record's word and the lease's, joined in one place."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from journeyman.engine.engine import Engine
from journeyman.engine.process_identity import owner_name, process_of
from journeyman.engine.standing import Standing, is_driven, row_of, standing_of
from journeyman.mission.model.mission import Mission
from journeyman.mission.values.errors import CouldNotStart, Unavailable
from journeyman.stores.base import Summary
from journeyman.tools.base import Catalog
from journeyman.tools.deadline import Deadline
from tests.engine.engine_bench import bench, mission

HERE = owner_name("0")
GONE = HERE.replace(f".{os.getpid()}.", ".4194305.")  # beyond the largest number that Linux gives a process
FAR = "pelsewhere"


def row(status: str, owner: str = "", *, held: bool = False, verdict: str = "") -> Summary:
    """A row as a store lists it."""
    return Summary(
        session_id="s", name="m", status=status, verdict=verdict, outcome="", iteration=0, created_at="", updated_at="",
        lease_owner=owner, lease_held=held,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("found", "standing", "driven"),
    [
        (row("open"), Standing.STOPPED, False),
        (row("open", HERE, held=True), Standing.RUNNING, True),
        (row("open", FAR, held=True), Standing.RUNNING, True),
        (row("open", GONE, held=True), Standing.INTERRUPTED, False),
        (row("open", FAR), Standing.INTERRUPTED, False),
        (row("paused"), Standing.STOPPED, False),
        (row("paused", HERE, held=True), Standing.RUNNING, True),
        (row("waiting"), Standing.WAITING, False),
        (row("waiting", HERE, held=True), Standing.WAITING, True),
        (row("ended", verdict="complete/criteria_met"), Standing.ENDED, False),
        (row("ended", GONE, held=True, verdict="terminate/could_not_start"), Standing.COULD_NOT_START, False),
    ],
)
def test_only_what_a_living_process_holds_is_running(found: Summary, standing: Standing, driven: bool) -> None:  # noqa: FBT001
    """A lease that was not given back names a process that ended without a word."""
    assert (standing_of(found), is_driven(found)) == (standing, driven)


def test_a_process_is_known_while_it_lives() -> None:
    """On this machine, and nowhere else."""
    assert [process_of(name) for name in (HERE, GONE, FAR, "")] == [os.getpid(), None, None, None]


@pytest.mark.anyio
async def test_a_session_whose_server_cannot_start_has_ended_so() -> None:
    """Nothing of it was done, so nothing of it is open; the error still says what to repair."""

    @asynccontextmanager
    async def refuses(mission: Mission, folder: Path, deadline: Deadline, session: str) -> AsyncGenerator[Catalog]:
        raise Unavailable("server 'x' cannot be started", retry_after_s=2)
        yield

    async with bench() as at:
        engine = Engine(replace(at.engine._world, open_catalog=refuses))
        session = await engine.create(mission("finish"))
        with pytest.raises(CouldNotStart, match="'x' cannot be started") as raised:
            await engine.drive(session)
        assert (raised.value.code, raised.value.retry_after_s) == ("unavailable", 2)
        assert standing_of(await row_of(at.store, session)) is Standing.COULD_NOT_START


@pytest.mark.anyio
async def test_a_session_that_had_its_tools_stays_open_when_they_are_gone() -> None:
    """It has done something: whoever repairs the server goes on with it."""

    @asynccontextmanager
    async def refuses(mission: Mission, folder: Path, deadline: Deadline, session: str) -> AsyncGenerator[Catalog]:
        raise Unavailable("server 'x' cannot be started")
        yield

    async with bench() as at:
        goal = {"id": "ok", "kind": "approval", "question": "Good?", "by": "ada"}
        state = await at.engine.run(mission("finish", criteria=[goal]))
        await at.tell(state.session_id, "answer", granted=True)
        with pytest.raises(CouldNotStart):
            await Engine(replace(at.engine._world, open_catalog=refuses)).drive(state.session_id)
        assert standing_of(await row_of(at.store, state.session_id)) is Standing.STOPPED
