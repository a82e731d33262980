"""What `check` refuses, and what it warns of, before anything runs."""

from __future__ import annotations

import asyncio

import pytest

from journeyman.engine.mission_check import MissionCheck, check_tools
from journeyman.mission.files.mission_file import validate_mission
from journeyman.mission.values.canonical import Json, JsonObject
from journeyman.tools.sandbox import Sandbox
from journeyman.tools.script import ScriptRun

TOOL: JsonObject = {"name": "look", "description": "", "input_schema": {"type": "object"}, "pin": "0", "effect": "pure", "destructive": False}  # fmt: skip
CRITERION: JsonObject = {"id": "c", "kind": "metric_threshold", "metric": "n", "op": ">", "target": 0}
PLAN: Json = [{"calls": [{"tool": "look"}]}]


def checked(mission: JsonObject, tool: JsonObject) -> MissionCheck:
    """What is found of a mission that gets one tool."""
    read = validate_mission({"directive": "d", "tools": ["*"], "budget": {"iterations": 3}, **mission})

    async def scene() -> MissionCheck:
        async with Sandbox() as sandbox:
            return await check_tools(read, [tool], ScriptRun(sandbox))

    return asyncio.run(scene())


@pytest.mark.parametrize(("tool_calls", "told"), [(9, 1), (10, 0)])
def test_check_refuses_fewer_calls_than_the_probes_of_one_judgement(tool_calls: int, told: int) -> None:
    """Each of its iterations would pass without a call."""
    probes: Json = [{"tool": "look", "args": {"place": place}} for place in range(10)]
    budget: Json = {"iterations": 3, "tool_calls": tool_calls}
    found = checked({"criteria": [{**CRITERION, "probe": probes}], "budget": budget}, TOOL)
    assert sum("the probes of one judgement take 10" in str(one) for one in found.problems) == told


@pytest.mark.parametrize(
    ("effect", "mission", "told"),
    [
        ("keyed", {"plan": PLAN}, "before a pause or a crash"),
        ("keyed", {"plan": {"script": "await tools.look()"}}, "before a pause or a crash"),
        ("keyed", {"plan": PLAN, "repeat": True}, ""),
        ("keyed", {"plan": PLAN, "explore": True}, ""),
        ("keyed", {}, ""),
        ("pure", {"plan": PLAN}, ""),
    ],
)
def test_check_warns_of_a_plan_whose_evidence_nothing_can_measure_again(
    effect: str, mission: JsonObject, told: str
) -> None:
    """Killed behind its last call, such a mission has nothing left to look with."""
    found = checked({"criteria": [CRITERION], **mission}, {**TOOL, "effect": effect})
    assert any("no pure tool can measure it again" in str(one) for one in found.warnings) == bool(told)
    assert told in " ".join(map(str, found.warnings))


def test_check_warns_of_evidence_that_grows_stale_while_a_person_thinks() -> None:
    """Also where calls go on: the answer ends the waiting, and what was measured is of before."""
    approval: JsonObject = {"id": "ok", "kind": "approval", "by": "anyone", "question": "Ship it?"}
    found = checked({"criteria": [CRITERION, approval]}, {**TOOL, "effect": "keyed"})
    assert any("before a person answers is stale" in str(one) for one in found.warnings)


@pytest.mark.parametrize(
    ("metric", "told"),
    [
        ("n", ""),
        ("tests.exit_code", ""),
        ("tests.n", "under its own name: n"),
        ("tests.m", "it reports n, tests.exit_code, tests.duration_s"),
        ("other.n", ""),
    ],
)
def test_check_warns_of_a_metric_that_a_command_does_not_report(metric: str, told: str) -> None:
    """It would never be measured, and its mission end unknown."""
    command: JsonObject = {"run": ["true"], "effect": "pure", "metrics": {"n": {"regex": "(1)"}}}
    criterion = {**CRITERION, "metric": metric}
    found = checked({"criteria": [criterion], "commands": {"tests": command}}, {**TOOL, "name": "tests"})
    assert any("reports no" in str(one) for one in found.warnings) == bool(told)
    assert told in " ".join(map(str, found.warnings))


def test_check_says_nothing_of_what_a_plan_proves_where_a_probe_proves_it() -> None:
    """Its advice is taken already."""
    done: JsonObject = {"id": "done", "kind": "plan_finished"}
    probed: JsonObject = {**CRITERION, "probe": {"tool": "look"}}
    alone = checked({"criteria": [done, CRITERION], "plan": PLAN}, TOOL)
    assert any("proves that the plan's calls were made" in str(one) for one in alone.warnings)
    beside = checked({"criteria": [done, probed], "plan": PLAN}, TOOL)
    assert not any("proves that the plan's calls were made" in str(one) for one in beside.warnings)


def test_check_warns_of_what_a_shell_would_have_replaced() -> None:
    """The program is given a star."""
    command: JsonObject = {"run": "wc -l *.txt", "effect": "pure", "metrics": {"n": {"regex": "(1)"}}}
    found = checked({"criteria": [CRITERION], "commands": {"count": command}}, {**TOOL, "name": "count"})
    assert any("'*.txt' is given to the program as it stands" in str(one) for one in found.warnings)


def test_check_knows_no_metric_that_a_script_may_report() -> None:
    """Nor of tools that come from elsewhere: only what is certain is a fault."""
    criterion = {**CRITERION, "metric": "m"}
    command: JsonObject = {"run": ["true"], "effect": "pure", "metrics": {"n": {"regex": "(1)"}}}
    commands: JsonObject = {"count": command}
    tool = {**TOOL, "name": "count"}
    alone = checked({"criteria": [criterion], "commands": commands}, tool)
    assert any("reports no 'm'" in str(one) for one in alone.problems)
    script: Json = {"script": "mission.observe('m', 1)\n"}
    assert not checked({"criteria": [criterion], "commands": commands, "plan": script}, tool).problems
    assert not checked({"criteria": [criterion], "commands": commands}, {**TOOL, "name": "other"}).problems
