"""A mission is parsed and validated once on its way to its record, and what is driven is what the record says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from journeyman.engine.record_reading import state_of
from journeyman.mission.files.mission_file import with_ceilings
from journeyman.mission.model import events as e
from journeyman.mission.model.events import EventRecord
from journeyman.mission.model.mission import Mission, dump
from journeyman.mission.model.state import State
from journeyman.wiring import load_mission
from tests.engine.engine_bench import bench, mission

pytestmark = pytest.mark.anyio


@pytest.fixture
def validated(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What was validated as a mission so far."""
    seen: list[object] = []
    real = BaseModel.model_validate.__func__  # type: ignore[attr-defined]  # of a class method

    def counted(cls: type[BaseModel], obj: Any, **more: Any) -> object:
        seen.append(obj)
        return real(cls, obj, **more)

    monkeypatch.setattr(Mission, "model_validate", classmethod(counted))
    return seen


async def test_a_mission_is_validated_once_on_its_way_from_its_file_to_its_end(
    tmp_path: Path, validated: list[object]
) -> None:
    """The file's reader does it; the command line, with other ceilings too, the engine and its journal take its word."""
    file = tmp_path / "mission.json"
    file.write_text(json.dumps(dump(mission("finish", budget={"iterations": 9}))))
    validated.clear()
    wanted, folder = load_mission(file)
    wanted = with_ceilings(wanted, {"iterations": 5}, "--budget")
    async with bench() as at:
        state = await at.engine.run(wanted, folder)
        assert (state.outcome, len(validated)) == ("achieved", 1)
        read = await state_of(at.store, state.session_id)
        assert len(validated) == 2, "whoever reads a record takes nobody's word"
        assert read == state
        assert repr(read.mission) == repr(state.mission) == repr(wanted)


async def test_who_listens_is_told_the_beginning_with_the_state_that_a_reader_gets() -> None:
    """A session that is driven at once is not read again first, no event goes by unseen, and none is told again."""
    told: list[tuple[EventRecord, State]] = []
    async with bench() as at:
        state = await at.engine.run(mission("finish"), on_event=lambda happened, after: told.append((happened, after)))
        assert [type(happened.event) for happened, _ in told] == [type(it) for it in await at.events(state.session_id)]
        assert isinstance(told[0][0].event, e.SessionCreated)
        again: list[State] = []
        await at.engine.drive(state.session_id, on_event=lambda _, after: again.append(after))
        assert again == [], "it had ended: nothing happened from then on"
        await at.holds(state.session_id)
