"""An incident under a mission: what its tools may say, and that the record alone brings it back."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from journeyman.engine.engine import Engine
from journeyman.engine.records import read_record
from journeyman.engine.runtime import Runtime
from journeyman.evaluation.incident_tools import MissionIncident
from journeyman.gym.text.words import ActionType
from journeyman.mission.files.mission_file import validate_mission
from journeyman.mission.model import events as e
from journeyman.mission.model.mission import Gym, Mission
from journeyman.mission.values.canonical import Json
from journeyman.mission.values.errors import InvalidInput, NotAllowed, Unavailable
from journeyman.stores.memory import MemoryStore
from journeyman.testing.crash_sweep import MISSIONS
from journeyman.tools.base import CallRequest, CallStatus, Catalog, ForwardingCatalog, PastCall, Replayable, Result
from journeyman.tools.deadline import Deadline
from journeyman.tools.predicate import Predicates
from journeyman.tools.sandbox import Sandbox
from journeyman.tools.script import ScriptRun
from journeyman.wiring import mission_catalog

PLAIN: dict[str, Any] = {
    "directive": "Calm it.",
    "gym": {"task": "easy-train-24@3"},
    "tools": ["incident.*"],
    "criteria": [{"id": "calm", "kind": "metric_threshold", "metric": "alerts_firing", "op": "==", "target": 0}],
    "budget": {"iterations": 5},
}


def metric(seen: Mapping[str, Json], name: str) -> int:
    """One measured number."""
    return cast("dict[str, int]", seen["metrics"])[name]


def restarted(incident: MissionIncident, count: int) -> list[Mapping[str, Json]]:
    """Restart the services in turn and give what was seen."""
    names = incident.services
    return [incident.act(ActionType.RESTART, {"target": names[n % len(names)]}, f"key-{n}") for n in range(count)]


def test_the_same_key_passes_one_step() -> None:
    """A call that is sent again after a crash or a timeout is not another action."""
    incident = MissionIncident(Gym(task="easy-train-24@3"))
    first = restarted(incident, 1)
    assert restarted(incident, 1) == first
    assert metric(restarted(incident, 2)[1], "step") == metric(first[0], "step") + 1


def test_a_player_is_told_what_became_of_its_action() -> None:
    """Why it was not carried out, and what of it was not used; nothing where all of it was."""
    incident = MissionIncident(Gym(task="easy-train-9@3"))
    service = incident.services[0]
    refused = incident.act(ActionType.RESTART, {"target": "no-such"}, "a")
    assert refused["notice"] == 'not carried out: there is no service "no-such"'
    part = incident.act(ActionType.COMMUNICATE, {"topic": "symptom", "target": service, "message": "x" * 400}, "b")
    assert part["notice"] == "read without what is beyond 300 characters of message"
    assert "notice" not in incident.act(ActionType.NOOP, {"target": service}, "c")


def test_an_alert_is_told_by_name_and_in_detail() -> None:
    """Planners take values by name; whoever reads wants to know how bad it is and since when."""
    seen = cast("dict[str, Any]", MissionIncident(Gym(task="easy-train-9@3")).measure()["view"])
    assert seen["alerts"] == [one["service"] for one in seen["alert_details"]]
    assert {"service", "severity", "message", "triggered_at_step"} == set(seen["alert_details"][0])


def test_the_record_brings_the_world_back() -> None:
    """Another process that plays the recorded calls sees what the first one saw, also later."""
    first = MissionIncident(Gym(task="easy-train-24@3"))
    before = restarted(first, 6)
    second = MissionIncident(Gym(task="easy-train-24@3"))
    args: list[dict[str, Json]] = [{"target": second.services[n % len(second.services)]} for n in range(4)]
    observed = PastCall(tool="incident.observe", args={}, key="look")
    second.replay([observed, *(PastCall(tool="incident.restart", args=args[n], key=f"key-{n}") for n in range(4))])
    assert restarted(second, 6) == before


@pytest.mark.parametrize("role", ["sre", "dev", "manager", "oversight"])
def test_no_result_holds_the_truth_or_a_reward(role: str) -> None:
    """Until the end and after it: only what the role sees and customers feel, and nothing can be done after it."""
    incident = MissionIncident(Gym.model_validate({"task": "medium-train-4@3", "role": role, "others": "nobody"}))
    seen = [incident.act(ActionType.NOOP, {}, "0")]
    while not metric(seen[-1], "over"):
        seen.append(incident.act(ActionType.NOOP, {}, str(len(seen))))
    with pytest.raises(NotAllowed, match="over"):
        incident.act(ActionType.NOOP, {}, "late")
    text = json.dumps(seen)
    assert not any(word in text for word in ("reward", "score", "succeeded", "retry_storm", "rogue_deploy_bot"))
    assert {"name": "incident_closed"} in cast("list[Json]", seen[-1]["events"])


@pytest.mark.anyio
async def test_tools_are_the_hands_of_the_role_and_nothing_else(tmp_path: Path) -> None:
    """Each role has its own; names are an enumeration, so a planner can choose."""
    for role, own in {"sre": "restart", "dev": "rollback", "manager": "escalate", "oversight": "flag_rogue"}.items():
        mission = validate_mission({**PLAIN, "gym": {"task": "easy-train-24@3", "role": role}}, what="test")
        async with mission_catalog(mission, tmp_path) as catalog:
            assert isinstance(catalog, Replayable)
            tools = {tool.name: tool for tool in await catalog.tools()}
            assert f"incident.{own}" in tools
            assert (
                len({"incident.restart", "incident.rollback", "incident.escalate", "incident.flag_rogue"} & set(tools))
                == 1
            )
            assert tools["incident.observe"].effect == "pure"
            assert tools[f"incident.{own}"].effect == "keyed"
            refused = await catalog.call(f"incident.{own}", {"target": "no such thing"}, key="k")
            assert (refused.status, refused.error_class) == (CallStatus.FAILED, "invalid_arguments")
            looked = await catalog.call("incident.look", {"target": "inbox"}, key="k")
            assert looked.status is CallStatus.FAILED or looked.metrics["step"]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"task": "easy-train"}, "names no task"),
        ({"task": "easy-train-1@3", "others": "wizard"}, "'wizard' is no team"),
    ],
)
async def test_a_wrong_gym_is_refused_with_what_to_write(tmp_path: Path, wanted: dict[str, str], said: str) -> None:
    """The mission file's faults are the file's, not the world's."""
    mission = validate_mission({**PLAIN, "gym": wanted}, what="test")
    with pytest.raises(InvalidInput, match=said):
        async with mission_catalog(mission, tmp_path):
            pass


def test_a_world_that_is_another_than_the_records_is_refused() -> None:
    """A gym that changed between two processes would go on with a world that nobody has seen: the record says so."""
    first = MissionIncident(Gym(task="easy-train-24@3"))
    (seen,) = restarted(first, 1)
    recorded = cast("dict[str, Json]", seen["metrics"])
    target: Json = first.services[0]
    call = PastCall(tool="incident.restart", args={"target": target}, key="key-0", metrics=recorded)
    MissionIncident(Gym(task="easy-train-24@3")).replay([call])
    with pytest.raises(Unavailable, match="cannot be brought back"):
        MissionIncident(Gym(task="easy-train-9@3")).replay(
            [replace(call, args={"target": MissionIncident(Gym(task="easy-train-9@3")).services[0]})]
        )


@pytest.mark.anyio
@pytest.mark.parametrize("policy", ["assume_done", "assume_failed"])
async def test_the_world_follows_what_is_assumed_of_an_unknown_action(policy: str, tmp_path: Path) -> None:
    """After a crash in mid-call: what counts as done has passed its step, what counts as failed is tried once more."""
    mission = validate_mission(
        {
            **PLAIN,
            "effects": {"incident.wait": "unsafe"},
            "plan": [{"calls": [{"tool": "incident.wait"}]}, {"calls": [{"tool": "incident.observe"}]}],
            "approve": "never",
            "explore": False,
            "on_unknown": policy,
            "budget": {"iterations": 3},
        },
        what="test",
    )
    store = MemoryStore()
    async with Sandbox(1) as sandbox:
        world = Runtime(
            store=store, open_catalog=mission_catalog, predicates=Predicates(sandbox), scripts=ScriptRun(sandbox)
        )
        engine = Engine(replace(world, open_catalog=_dying))
        session = await engine.create(mission, tmp_path)
        with pytest.raises(KilledHere):
            await engine.drive(session)
        await Engine(world).drive(session)
        events = (await read_record(store, session)).events
    seen = [item.event for item in events if isinstance(item.event, e.Settled) and item.event.state == "done"]
    start = metric(MissionIncident(Gym(task="easy-train-24@3")).act(ActionType.NOOP, {}, "k"), "step") - 1
    assert cast("int", seen[-1].metrics["step"]) == start + 1
    assert [item.event.tool for item in events if isinstance(item.event, e.Intended)].count("incident.wait") == (
        1 if policy == "assume_done" else 2
    )


@pytest.mark.anyio
@pytest.mark.parametrize("name", [name for name, mission in MISSIONS.items() if mission.gym is not None])
async def test_the_incidents_of_the_crash_sweep_can_be_calmed(name: str, tmp_path: Path) -> None:
    """A sweep over one that cannot proves little; other rules draw other worlds, whose services the plan must name."""
    async with Sandbox(1) as sandbox:
        world = Runtime(
            store=MemoryStore(),
            open_catalog=mission_catalog,
            predicates=Predicates(sandbox),
            scripts=ScriptRun(sandbox),
        )
        state = await Engine(world).run(MISSIONS[name], tmp_path)
    assert state.outcome == "achieved"
    assert {tool: memory.failed for tool, memory in state.memory.tools.items() if memory.failed} == {}


class KilledHere(Exception):
    """Stands for a process that dies in mid-call."""


@asynccontextmanager
async def _dying(mission: Mission, folder: Path, deadline: Deadline, session: str) -> AsyncGenerator[Catalog]:
    async with mission_catalog(mission, folder, deadline) as catalog:
        yield _Dying(catalog)


class _Dying(ForwardingCatalog):
    async def handle(self, request: CallRequest) -> Result:
        raise KilledHere(request)
