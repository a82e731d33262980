"""A driver that is asked for so many iterations puts the session down after them."""

from __future__ import annotations

from pathlib import Path

import pytest

from journeyman.config import Settings
from journeyman.engine.record_reading import state_of
from journeyman.mission.files.mission_file import validate_mission
from journeyman.mission.model.reasons import SessionStatus
from journeyman.tools.functions import tool
from journeyman.wiring import opened


@tool(effect="pure")
async def count_up() -> dict[str, object]:
    """Tell a number."""
    return {"metrics": {"number": 1}}


@pytest.mark.anyio
async def test_as_many_iterations_are_finished_as_were_asked_for_and_no_more(tmp_path: Path) -> None:
    """None is begun that is not finished; an ending may come before."""
    step = {"calls": [{"tool": "count_up", "args": {}}]}
    mission = validate_mission(
        {
            "name": "steps",
            "directive": "Tell a number that never comes.",
            "tools": ["count_up"],
            "criteria": [{"id": "told", "kind": "metric_threshold", "metric": "number", "op": "==", "target": 2}],
            "plan": [step] * 5,
            "stagnation": {"threshold": 50},
            "budget": {"iterations": 6},
        }
    )
    async with opened(Settings(data_dir=tmp_path), functions=[count_up]) as journeyman:
        session = await journeyman.engine.create(mission, tmp_path)
        for most, had in ((1, 1), (2, 3)):
            state = await journeyman.engine.drive(session, most_iterations=most)
            assert (state.status, state.usage.iterations) == (SessionStatus.OPEN, had)
            assert not state.in_flight
        state = await journeyman.engine.drive(session, most_iterations=50)
        assert state.status is SessionStatus.ENDED
        assert (await state_of(journeyman.store, session)).usage.iterations <= 6
