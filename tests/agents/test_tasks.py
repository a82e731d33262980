"""Real agents under a task's contract, offline: told what failed, judged by the checks, counted to the token."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from journeyman.config import Settings
from journeyman.mission.files.mission_file import validate_mission
from journeyman.mission.model.reasons import Outcome
from journeyman.testing.model_server import serving
from journeyman.wiring import opened
from tests.agents.coding_agents import CodingAgent
from tests.agents.driven import BROKEN, DONE, FIX, TEST, nothing_left, reported, script, settings_of
from tests.agents.test_drivers import EVERY

pytestmark = [pytest.mark.agents, pytest.mark.anyio, pytest.mark.timeout(300)]
CHEAT = "echo 'print(1)' > test_calc.py"


@EVERY
async def test_what_failed_makes_the_second_attempt_do_the_work(
    agent: CodingAgent, agent_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one edits the test and says that all is well."""
    source = agent_folder / "source"
    source.mkdir()
    (source / "calc.py").write_text(BROKEN)
    (source / "test_calc.py").write_text(TEST.replace("== 5", "== 5, 'two and three are five'"))
    mission = validate_mission(
        {
            "directive": "Make the tests pass.",
            "task": {
                "agent": agent.name,
                "source": "source",
                "protect": ["test_calc.py"],
                "limits": {"wall_clock_s": 100},
            },
            "criteria": [{"id": "tests", "kind": "command", "run": ["python3", "-B", "test_calc.py"]}],
            "budget": {"iterations": 3, "tokens": 10_000_000},
        }
    )
    async with serving(script([agent.runs(CHEAT), DONE, agent.runs(FIX), DONE])) as server:
        settings, variables = settings_of(agent, server, agent_folder)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        ours = Settings(data_dir=agent_folder / "data", agents={agent.name: settings})
        async with opened(ours) as journeyman:
            state = await journeyman.engine.run(mission, agent_folder, session_id="t1")
        sent, received = reported(server)
        told = [json.dumps(call.body) for call in server.calls if call.body.get("tools")]
    assert state.outcome is Outcome.ACHIEVED, state
    assert (state.task.best, state.usage.iterations) == (2, 2)
    assert state.usage.tokens == sent + received
    assert any("two and three are five" in body and "attempt 2" in body for body in told)
    place = agent_folder / "data" / "default" / "tasks" / "t1" / "attempts"
    first, second = (json.loads((place / name / "attempt.json").read_text()) for name in ("001", "002"))
    assert (first["ended"], first["touched"], first.get("changed", [])) == ("finished", ["test_calc.py"], [])
    assert (second["ended"], second["changed"]) == ("finished", ["calc.py"])
    await nothing_left(agent_folder)
