"""The gym through OpenEnv's own client, over a real server."""
# pyright: basic, reportMissingImports=false
# OpenEnv lives in an environment of its own, which the checks of this project do not see.

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import pytest
from openenv.core.env_server.serialization import deserialize_action_with_preprocessing

from journeyman.gym.policies.oracle import certify
from journeyman.gym.tasks import task
from journeyman.gym.text.export import named
from journeyman.gym.text.session import TextWorld
from journeyman.gym.text.words import AgentRole
from journeyman.interfaces.openenv.client import IncidentClient
from journeyman.interfaces.openenv.environment import IncidentEnvironment
from journeyman.interfaces.openenv.models import IncidentAction

PACKAGE = Path(__file__).parents[2] / "src" / "journeyman" / "interfaces" / "openenv"


def asked(url: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """What a route answers."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{url}{path}", data, {"Content-Type": "application/json"})  # noqa: S310  # loopback
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  # loopback
        return json.load(answer)


Seen = tuple[str, float | None, bool]
"""What a player is told: the text, the reward and whether the episode is over."""


async def episode(url: str, role: str, index: int, moves: Sequence[IncidentAction] = ()) -> list[Seen]:
    """Play moves, then noops to the end, and give what was seen."""
    async with IncidentClient(base_url=url) as client:
        result = await client.reset(split="easy-train", index=index, role=role, others="heuristic")
        seen = [(result.observation.text, result.reward, result.done)]
        for move in chain(moves, repeat(IncidentAction())):
            if result.done:
                break
            result = await client.step(move)
            seen.append((result.observation.text, result.reward, result.done))
        state = await client.state()
        assert state.step_count == len(seen) - 1
        return seen


def planned(index: int, role: AgentRole) -> list[IncidentAction]:
    """What a role does in the certified plan of an easy task."""
    one = task(f"easy-train-{index}@3")
    plan, words = certify(one), TextWorld(one)
    moves = (named(row[role.number], role, words) for row in plan.actions[: plan.steps])
    return [
        IncidentAction(action_type=str(move.action_type), target=move.target, args=dict(move.args)) for move in moves
    ]  # type: ignore[arg-type]


def test_an_episode_pays_once_and_never_tells_its_task(url: str) -> None:
    """The reward is 0 until the end: more than 0 for a role that helps, 0 for an idle one; the task stays unknown."""
    played, idle = (asyncio.run(episode(url, "sre", 2, moves)) for moves in (planned(2, AgentRole.SRE), ()))
    for seen in (played, idle):
        assert seen[0][1] is None
        assert all(reward == 0 for _, reward, _ in seen[1:-1])
        assert not any("easy-train" in text or "disk_full" in text for text, _, _ in seen)
    assert 0 < (played[-1][1] or 0) <= 1
    assert idle[-1][1] == 0


def test_many_sessions_run_apart_and_alike(url: str) -> None:
    """Eight connections at once: the same task is the same episode, another task another one."""

    async def all_of_them() -> list[Any]:
        return await asyncio.gather(*(episode(url, "oversight", index % 4) for index in range(8)))

    found = asyncio.run(all_of_them())
    assert found[:4] == found[4:]
    assert len({row[5][0] for row in found[:4]}) == 4


def test_the_oracle_reaches_its_maximum_in_the_sre_seat(url: str) -> None:
    """The wire loses nothing: the certified plan, one seat over OpenEnv after the other, scores what was certified."""
    one = next(task(f"easy-train-{n}@3") for n in range(50) if certify(task(f"easy-train-{n}@3")).score > 0.9)
    plan = certify(one)
    environment = IncidentEnvironment()
    environment.reset(split="easy-train", index=one.number, role="sre", others="nobody")
    shift = environment._shift  # the other seats play the plan, too
    assert shift is not None

    class Plan:
        name = "plan"

        def act(self, seats: Any) -> Any:
            return plan.actions[None, int(seats.manager().common.step[0])]

    shift._team = Plan()  # type: ignore[misc]
    seen = None
    for move in planned(one.number, AgentRole.SRE):
        seen = environment.step(move)
    assert seen is not None
    assert seen.done
    assert seen.reward == pytest.approx(plan.score)
    assert environment.step(IncidentAction()).reward == 0


def test_what_a_client_sends_wrongly_is_its_fault_and_the_session_lives(url: str) -> None:
    """An unknown split, a step before reset, a wrong action: an error each, then play goes on."""

    async def story() -> None:
        async with IncidentClient(base_url=url) as client:
            with pytest.raises(Exception, match="call reset first"):
                await client.step(IncidentAction())
            with pytest.raises(Exception, match="names no task"):
                await client.reset(split="easy-lost")
            with pytest.raises(Exception, match="wizard"):
                await client.reset(others="wizard")
            first = await client.reset(seed=7)
            result = await client.step(IncidentAction(action_type="resolve"))
            assert "not for sre" in result.observation.notice
            chatty = f'Let me look. {{"action_type": "noop", "target": "{first.observation.services[0]}"}}'
            result = await client.step(IncidentAction(text=chatty))
            assert "CLOSER LOOK" in result.observation.text

    asyncio.run(story())


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (IncidentAction(text="I would rather wait."), "the reply holds no JSON object with an action_type"),
        (IncidentAction(text='{"action_type": "reboot"}'), "none of noop"),
        (IncidentAction(text='{"action_type": "resolve", "role": "manager"}'), "you are sre"),
        (IncidentAction(text='{"action_type": "noop", "thought": "hm"}'), 'read without "thought"'),
        (IncidentAction(action_type="noop", args={"depth": 3}), 'read without args."depth"'),
        (IncidentAction(action_type="scale", target="web", args={"replicas": "lots"}), 'args.replicas "lots"'),
        (IncidentAction(action_type="restart", target="no-such"), 'there is no service "no-such"'),
        (IncidentAction(), ""),
    ],
)
def test_a_player_is_told_what_became_of_its_action(sent: IncidentAction, told: str) -> None:
    """In the field for programs and in the text for models, whichever way the action came."""
    environment = IncidentEnvironment()
    environment.reset(seed=3, role="sre", others="nobody")
    seen = environment.step(sent)
    assert told in seen.notice
    assert bool(seen.notice) == bool(told) == ("NOTICE" in seen.text)


def test_the_first_observation_says_how_to_play() -> None:
    """A client comes with a system prompt of its own, or none; later observations carry no more than the view."""
    environment = IncidentEnvironment()
    first = environment.reset(seed=3, role="dev", others="nobody")
    assert "You are the developer" in first.instructions
    assert "You may: noop, communicate, rollback (target)" in first.instructions
    assert environment.step(IncidentAction()).instructions == ""


def test_tasks_are_listed_by_split_and_number(url: str) -> None:
    """The Task API: nine splits, what is public of a task, and an error for what there is not."""
    splits = [row["name"] for row in asked(url, "/journeyman-gym/splits")]
    assert "hard-held_out" in splits
    assert len(splits) == 9
    number = asked(url, "/journeyman-gym/num_tasks", {"split": "easy-train"})
    assert "4294967296" in json.dumps(number)
    told = json.dumps(asked(url, "/journeyman-gym/task", {"split": "easy-train", "index": 3}))
    assert '"index": 3' in told
    with pytest.raises(urllib.error.HTTPError) as error:
        asked(url, "/journeyman-gym/task", {"split": "easy-train", "index": -1})
    with error.value as answer:
        assert answer.code in (400, 422)


def test_actions_are_mcp_tools_of_the_same_session(url: str) -> None:
    """Tools are listed and called over the session's socket, and move its world."""

    async def story() -> None:
        import websockets  # noqa: PLC0415

        async with websockets.connect(f"{url.replace('http', 'ws')}/ws") as socket:

            async def say(kind: str, data: dict[str, Any]) -> Any:
                await socket.send(json.dumps({"type": kind} | ({"data": data} if data else {})))
                return json.loads(await socket.recv())["data"]

            seen = await say("reset", {"seed": 3, "others": "nobody"})
            service = seen["observation"]["services"][0]
            listed = await say("mcp", {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}})
            names = {tool["name"] for tool in listed["result"]["tools"]}
            assert {"restart", "flag_rogue", "resolve", "look"} <= names
            call = {"name": "look", "arguments": {"target": service}}
            called = await say("mcp", {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call})
            assert "CLOSER LOOK" in json.dumps(called)
            assert (await say("state", {}))["step_count"] == 1

    asyncio.run(story())


def test_the_page_shows_the_view_and_buttons() -> None:
    """What the web interface draws is escaped and playable."""
    environment = IncidentEnvironment()
    seen = environment.reset(seed=1, role="manager").model_dump()
    assert ">STEP 0" in environment.render_web(seen)
    assert environment.render_web({"text": "<b>"}).endswith(">&lt;b&gt;</pre>")
    buttons = dict(environment.web_actions(seen))
    assert buttons["resolve"] == {"action_type": "resolve"}
    assert any(name.startswith("look at ") for name in buttons)


@pytest.mark.parametrize(
    ("tool", "arguments", "action_type", "target", "args"),
    [
        ("wait", {}, "noop", None, {}),
        ("look", {"target": "web"}, "noop", "web", {}),
        ("scale", {"target": "web", "replicas": 3}, "scale", "web", {"replicas": 3}),
        ("flag_rogue", {"target": "bot-1"}, "flag_rogue", "bot-1", {}),
        ("communicate", {"message": "hi", "to": "dev"}, "communicate", None, {"message": "hi", "to": "dev"}),
    ],
)
def test_the_forms_of_the_page_send_tool_calls_that_are_actions(
    tool: str, arguments: dict[str, Any], action_type: str, target: str | None, args: dict[str, Any]
) -> None:
    """The web interface calls tools where an environment has some, whatever its action type."""
    sent = {"type": "call_tool", "tool_name": tool, "arguments": arguments}
    action = deserialize_action_with_preprocessing(sent, IncidentAction)
    assert isinstance(action, IncidentAction)
    assert (action.action_type, action.target, action.args) == (action_type, target, args)


def test_openenv_validate_passes() -> None:
    """The framework's own static checks of the package, and its probe of a running server is in the next test."""
    argv = [str(Path(sys.executable).parent / "openenv"), "validate", str(PACKAGE), "--level", "static", "--skip-build"]
    ended = subprocess.run([*argv, "--json"], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_openenv_validates_the_running_server(url: str) -> None:
    """The framework's probe of a live server finds every route."""
    argv = [str(Path(sys.executable).parent / "openenv"), "validate", "--url", url]
    ended = subprocess.run([*argv, "--json"], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert json.loads(ended.stdout)["passed"] is True
