"""Sessions hosted in one process: driven in the background, followed, put down and taken up again."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from journeyman.config import Settings
from journeyman.engine.record_reading import state_of
from journeyman.engine.records import NumberedEvent
from journeyman.engine.standing import Standing, row_of, standing_of
from journeyman.hosting.access import AccessScope, Caller
from journeyman.hosting.following import Follower
from journeyman.hosting.host import MARK, SessionHost, hosted
from journeyman.hosting.mission_sources import MissionSources, WantedMission
from journeyman.hosting.person_actions import SessionActions
from journeyman.mission.files.mission_file import validate_mission
from journeyman.mission.model.events import Intended
from journeyman.mission.model.mission import Mission
from journeyman.mission.model.reasons import Outcome, SessionStatus
from journeyman.mission.values.errors import InvalidInput, NotAllowed, NotFound
from journeyman.tools.functions import tool
from journeyman.wiring import opened

PERSON = Caller(name="ada", tenant="default", scopes=frozenset(AccessScope))
AGENT = Caller(name="robot", tenant="default", scopes=frozenset({AccessScope.READ, AccessScope.RUN}))


@tool(effect="pure")
async def count_up() -> dict[str, object]:
    """Tell a number."""
    return {"metrics": {"number": 1}}


@tool(effect="pure")
async def wait_long() -> dict[str, object]:
    """Take longer than any test."""
    await anyio.sleep(600)
    return {}


def _mission(name: str, **more: object) -> Mission:
    return validate_mission(
        {
            "name": name,
            "directive": "Tell a number.",
            "tools": ["count_up", "wait_long"],
            "criteria": [{"id": "told", "kind": "metric_threshold", "metric": "number", "op": "==", "target": 1}],
            "plan": [{"calls": [{"tool": "count_up", "args": {}}]}],
            "budget": {"iterations": 3},
            **more,
        }
    )


SLOW = {"plan": [{"calls": [{"tool": "wait_long", "args": {}}]}]}


@asynccontextmanager
async def _host(folder: Path) -> AsyncGenerator[SessionHost]:
    settings = Settings(data_dir=folder, lease_ttl_s=2.0)
    async with (
        opened(settings, functions=[count_up, wait_long], driver_mark=MARK) as journeyman,
        hosted(journeyman) as host,
    ):
        yield host


async def follow(host: SessionHost, session_id: str, after_seq: int = 0) -> AsyncGenerator[NumberedEvent]:
    """Each event, until the one that ends the session."""
    follower = Follower(host, session_id, after_seq)
    while not follower.has_ended:
        for item in await follower.page(5.0):
            yield item


@pytest.mark.anyio
async def test_a_session_is_driven_in_the_background_to_its_end(tmp_path: Path) -> None:
    """Whoever starts it need not wait, and can."""
    async with _host(tmp_path) as host:
        session = await SessionActions(host, AGENT).start(_mission("quick"), tmp_path)
        assert await host.rest(session, 60)
        state = await state_of(host.journeyman.store, session)
        assert state.outcome is Outcome.ACHIEVED
        assert host.driving == 0


@pytest.mark.anyio
async def test_followers_see_each_event_once_from_wherever_they_begin(tmp_path: Path) -> None:
    """None is left out between what was there and what comes."""
    async with _host(tmp_path) as host:
        session = await host.start(_mission("followed"), tmp_path)
        with anyio.fail_after(60):
            seen = [item.seq async for item in follow(host, session)]
            later = [item.seq async for item in follow(host, session, 3)]
    assert seen == list(range(1, len(seen) + 1))
    assert later == seen[3:]


@pytest.mark.anyio
async def test_a_stopped_host_is_followed_by_one_that_takes_its_sessions_up(tmp_path: Path) -> None:
    """Those that a host drove, and no others."""
    async with _host(tmp_path) as host:
        session = await host.start(_mission("long", **SLOW), tmp_path)
        other = await host.journeyman.engine.create(_mission("of nobody"), tmp_path)

        with anyio.fail_after(60):
            async for item in follow(host, session):
                if isinstance(item.happened.event, Intended):
                    break
    async with _host(tmp_path) as host:
        assert standing_of(await row_of(host.journeyman.store, session)) is Standing.STOPPED
        assert await host.take_up() == [session]
        assert host.is_driving(session)
        assert not host.is_driving(other)
        await SessionActions(host, PERSON).end(session, abort=True)
        assert await host.rest(session, 60)
        assert (await state_of(host.journeyman.store, session)).status is SessionStatus.ENDED
        assert await host.take_up() == []


@pytest.mark.anyio
async def test_a_host_that_was_killed_before_it_could_drive_is_followed_too(tmp_path: Path) -> None:
    """Between the record of a session and the first event of its driver, with and without the lease."""
    async with _host(tmp_path) as host:
        engine, store = host.journeyman.engine, host.journeyman.store
        wanted = await engine.create(_mission("wanted"), tmp_path, actor="person:ada")
        claimed = await engine.create(_mission("claimed"), tmp_path)
        await store.claim(claimed, f"{MARK}somewhere else", 0.5)
        of_another = await engine.create(_mission("of a command"), tmp_path)
        await store.claim(of_another, "p1", 0.5)
    async with _host(tmp_path) as host:
        assert set(await host.take_up()) == {wanted, claimed}
        for session in (wanted, claimed):
            assert await host.rest(session, 60)
            assert (await state_of(host.journeyman.store, session)).outcome is Outcome.ACHIEVED


@pytest.mark.anyio
async def test_a_question_is_answered_and_the_session_goes_on(tmp_path: Path) -> None:
    """Only by who may speak for a person."""
    async with _host(tmp_path) as host:
        session = await host.start(_mission("asks", approve="always"), tmp_path)
        assert await host.rest(session, 60)
        state = await state_of(host.journeyman.store, session)
        assert state.people.pending is not None
        with pytest.raises(NotAllowed, match="person"):
            await SessionActions(host, AGENT).answer(session, granted=True)
        await SessionActions(host, PERSON).answer(session, granted=True)
        with anyio.fail_after(60):
            async for item in follow(host, session):
                assert item.seq
        assert (await state_of(host.journeyman.store, session)).outcome is Outcome.ACHIEVED


@pytest.mark.anyio
async def test_a_paused_session_stays_until_it_is_resumed(tmp_path: Path) -> None:
    """Also when a new host looks for work."""
    async with _host(tmp_path) as host:
        acts = SessionActions(host, AGENT)
        session = await host.start(_mission("long", **SLOW), tmp_path)
        await acts.pause(session, "lunch")
        assert await host.take_up() == []
        with pytest.raises(NotAllowed, match="paused already"):
            await acts.pause(session)
        await acts.resume(session)
        assert host.is_driving(session)


def test_missions_lie_below_one_folder_and_own_ones_need_a_scope(tmp_path: Path) -> None:
    """Nothing outside can be named, by links either."""
    inside = tmp_path / "missions"
    inside.mkdir()
    (tmp_path / "secret.yaml").write_text("directive: x\ncriteria: []\n")
    (inside / "good.yaml").write_text(
        "name: good\ndirective: Do it.\ncriteria: [{id: a, kind: plan_finished}]\nbudget: {iterations: 1}\ntools: []\n"
        "plan: []\n"
    )
    (inside / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    sources = MissionSources(folder=inside, settings=Settings(data_dir=tmp_path / "data"))
    for name in ("../secret.yaml", "link.yaml", "/etc/passwd", "none.yaml", "a\0b", "."):
        with pytest.raises(NotFound, match="no mission file"):
            sources.read(WantedMission(file=name), AGENT)
    for wanted in (WantedMission(), WantedMission(file="good.yaml", mission={})):
        with pytest.raises(InvalidInput, match="name a mission"):
            sources.read(wanted, AGENT)
    with pytest.raises(NotAllowed, match="author"):
        sources.read(WantedMission(mission={"directive": "x"}), AGENT)
    assert "good.yaml" in sources.files()
