"""What a trainer loads: tasks by tier, split and number, a role's tools, and nothing that tells the truth."""
# pyright: basic, reportMissingImports=false
# verifiers lives in an environment of its own, which the checks of this project do not see.

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
import verifiers.v1 as vf
from mcp.server.mcpserver import MCPServer
from pydantic import ValidationError

from journeyman.gym.tasks import MAX_NUMBER, Split, Tier
from journeyman.gym.text.shift import Shift
from journeyman.gym.text.tools import ROLE_TOOLS
from journeyman.gym.text.words import AgentRole, FailureType
from journeyman.interfaces.verifiers.taskset import IncidentTask
from journeyman.interfaces.verifiers.tools import IncidentTools, IncidentToolsConfig, RolloutState

HANDS = {
    "sre": {"restart", "scale", "identify_root_cause"},
    "dev": {"rollback", "identify_root_cause"},
    "manager": {"escalate", "resolve"},
    "oversight": {"flag_rogue"},
}
EVERYBODY = {"wait", "look", "communicate"}


def config(**options: Any) -> Any:
    """A run's settings as verifiers reads them from a file or flags."""
    return vf.resolve_env_config({"taskset": {"id": "journeyman-gym", **options}})


def loaded(**options: Any) -> vf.Taskset:
    """A taskset as verifiers loads it by name."""
    return vf.load_taskset(config(**options).taskset)


def served(**options: Any) -> IncidentTools:
    """The tool server of a taskset, not started."""
    (tools,) = type(loaded()).toolsets(config(**options).taskset)
    assert isinstance(tools, IncidentTools)
    return tools


def test_a_split_is_endless_until_it_is_bounded_and_is_never_built_whole() -> None:
    """Four thousand million tasks cannot be listed; views and `count` say which ones a run takes."""
    endless = loaded()
    assert not endless.bounded
    assert next(iter(endless)).data.id == "easy-train-0@3"
    assert [task.data.id for task in endless.include(idx=["5:7"])] == ["easy-train-5@3", "easy-train-6@3"]
    with pytest.raises(ValueError, match="infinite"):
        endless.shuffle()
    some = loaded(tier="hard", split="held_out", first=7, count=3)
    assert some.bounded
    assert [task.data.id for task in some] == [f"hard-held_out-{number}@3" for number in (7, 8, 9)]
    assert {task.key for task in some.shuffle(seed=1)} == {task.key for task in some}
    assert [task.data.id for task in loaded(first=MAX_NUMBER)] == [f"easy-train-{MAX_NUMBER}@3"]


def test_a_task_keeps_its_key_wherever_it_stands_and_no_split_shares_one() -> None:
    """Resumed and sharded runs find their tasks again; the position is none of a task's business."""
    (late,) = loaded(first=4, count=1)
    assert (late.data.idx, late.key) == (0, "easy-train-4@3/sre/heuristic")
    assert next(iter(loaded(count=9).include(keys=[late.key]))).data.prompt == late.data.prompt
    every = [
        task.key for tier in Tier for split in Split for task in loaded(tier=tier.label, split=split.label, count=4)
    ]
    assert len(set(every)) == len(every) == 36


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"others": "wizard"}, "no team"),
        ({"tier": "fatal"}, "easy"),
        ({"split": "test"}, "held_out"),
        ({"role": "boss"}, "oversight"),
        ({"count": 0}, "greater than or equal to 1"),
        ({"first": MAX_NUMBER, "count": 2}, "smaller first"),
    ],
)
def test_wrong_options_are_refused_before_anything_runs(options: dict[str, Any], told: str) -> None:
    """The command line shows these errors with the flag's name."""
    with pytest.raises(ValidationError, match=told):
        config(**options)


def test_a_shell_beside_the_world_is_refused() -> None:
    """A model that can run Python here could ask the gym's own code what is wrong."""
    shell = {"taskset": {"id": "journeyman-gym"}, "agent": {"harness": {"id": "bash"}}}
    with pytest.raises(ValueError, match="sandbox"):
        vf.load_environment(vf.resolve_env_config(shell))


@pytest.mark.parametrize("role", HANDS)
def test_each_role_is_served_its_own_tools_with_types(role: str) -> None:
    """Names, descriptions and schemas as an MCP client lists them."""

    async def listed() -> Any:
        server = MCPServer("gym")
        served(role=role).register(server)
        return await server.list_tools()

    tools = {tool.name: tool for tool in asyncio.run(listed())}
    assert set(tools) == EVERYBODY | HANDS[role]
    assert all((tool.description or "").count(".") > 1 for tool in tools.values())
    assert tools["look"].input_schema["required"] == ["target"]
    assert "self" not in json.dumps([tool.input_schema for tool in tools.values()])


@pytest.mark.parametrize("role", HANDS)
def test_no_first_view_names_its_task_or_a_failure(role: str) -> None:
    """The id of a task is enough to build its world with the truth revealed."""
    for tier in ("easy", "medium", "hard"):
        for task in loaded(tier=tier, role=role, count=8):
            told = f"{task.data.system_prompt}{task.data.prompt}"
            assert f"ROLE {role}" in told
            assert task.data.id not in told
            assert f"{tier}-train" not in told
            assert not [name for name in FailureType if "_" in name and name in told]


def test_a_server_that_forgot_a_world_goes_on_where_it_was() -> None:
    """The state of a rollout is all there is: a fresh server shows what the first one would have shown."""
    steps = [
        ("look", {"target": "front-door"}),
        ("communicate", {"topic": "note", "target": "front-door"}),
        ("wait", {}),
        ("wait", {}),
    ]

    def views(*, forget: bool) -> list[str]:
        state = RolloutState(rollout="one", task_id="easy-train-1@3")
        server = IncidentTools(IncidentToolsConfig(role=AgentRole.SRE))
        seen: list[str] = []
        for name, given in steps:
            seen.append(server._play(state, ROLE_TOOLS[name], given))
            if forget:
                server = IncidentTools(IncidentToolsConfig(role=AgentRole.SRE))
        assert len(state.moves) == len(steps)
        return seen

    assert views(forget=True) == views(forget=False)
    assert len(set(views(forget=False))) == len(steps)


def begun() -> tuple[IncidentTask, Any]:
    """A task and the trace of a rollout of it that has just begun."""
    env = vf.load_environment(config(count=1))
    one = next(iter(env.taskset))
    assert isinstance(one, IncidentTask)
    row: Any = vf.TraceTask(type="IncidentTask", data=one.data)
    trace: Any = vf.Trace(task=row, agent=vf.AgentInfo(config=env.config.agent), state=RolloutState())
    asyncio.run(one.setup(trace))
    return one, trace


def test_a_world_that_breaks_is_a_fault_of_the_rollout_and_no_play_to_score(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model is told no detail, the rollout stops, and its end raises instead of giving a reward."""
    one, trace = begun()
    server = served()

    def burst(*_: object) -> str:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(IncidentTools, "state", trace.state)
    assert "STEP 1" in server._served(ROLE_TOOLS["wait"])()
    monkeypatch.setattr(Shift, "act", burst)
    assert server._served(ROLE_TOOLS["wait"])() == "The incident broke off."
    monkeypatch.undo()
    assert asyncio.run(one.incident_over(trace))
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        asyncio.run(one.finalize(trace))
    assert trace.info == {}


def test_scoring_needs_what_the_role_did() -> None:
    """A trace without the moves was never finished; a guess would be a reward of 0 for a fault of ours."""
    one, trace = begun()
    with pytest.raises(vf.TaskError, match="moves"):
        asyncio.run(one.score(trace))
    assert trace.rewards == {"role_score": None}
    asyncio.run(one.finalize(trace))
    asyncio.run(one.score(trace))
    assert 0 <= trace.reward <= 1
    assert trace.metrics["moves"] == 0
