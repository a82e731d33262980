"""A budget that can never pay for one judgement's probes is refused before anything runs."""

from __future__ import annotations

import asyncio

import pytest

from journeyman.engine.mission_check import check_tools
from journeyman.mission.files.mission_file import validate_mission
from journeyman.mission.values.canonical import JsonObject
from journeyman.tools.sandbox import Sandbox
from journeyman.tools.script import ScriptRun

TOOL: JsonObject = {"name": "look", "description": "", "input_schema": {"type": "object"}, "pin": "0", "effect": "pure", "destructive": False}  # fmt: skip


@pytest.mark.parametrize(("tool_calls", "told"), [(9, 1), (10, 0)])
def test_check_refuses_fewer_calls_than_the_probes_of_one_judgement(tool_calls: int, told: int) -> None:
    """Each of its iterations would pass without a call."""
    probes = [{"tool": "look", "args": {"place": place}} for place in range(10)]
    criterion = {"id": "c", "kind": "metric_threshold", "metric": "n", "op": ">", "target": 0, "probe": probes}
    budget = {"iterations": 3, "tool_calls": tool_calls}
    mission = validate_mission({"directive": "d", "criteria": [criterion], "tools": ["*"], "budget": budget})

    async def scene() -> list[str]:
        async with Sandbox() as sandbox:
            return [str(one) for one in (await check_tools(mission, [TOOL], ScriptRun(sandbox))).problems]

    found = asyncio.run(scene())
    assert len([text for text in found if "the probes of one judgement take 10" in text]) == told
