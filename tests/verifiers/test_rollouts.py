"""Real rollouts: verifiers' own agent loop, its OpenAI client, our tools over MCP, and a model that says what we script.

All rollouts run at once over one tool server, each with a model of its own; the tests look at what came of them.
"""
# pyright: basic, reportMissingImports=false
# verifiers lives in an environment of its own, which the checks of this project do not see.

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import verifiers.v1 as vf
from verifiers.v1.env import RunSlot

from journeyman.gym.policies.oracle import certify
from journeyman.gym.tasks import task
from journeyman.gym.text.action import TextAction
from journeyman.gym.text.export import named
from journeyman.gym.text.shift import Shift
from journeyman.gym.text.words import ActionType, AgentRole, FailureType
from journeyman.gym.world import World
from journeyman.interfaces.verifiers.taskset import MAX_TURNS
from journeyman.testing.model_server import ReceivedRequest, Script, ScriptedFault, ScriptLine, serving

CURABLE = 10
"""Number of an easy world that the SRE can mend while the others do their part, and that nobody else mends."""
BIN = Path(sys.executable).parent
SILENT = ScriptLine(text="I would rather chat.")
WAITING = Script(answers=(ScriptLine(tool="wait"),), repeat=True)


@dataclass(frozen=True)
class Played:
    """What verifiers recorded of a rollout, and what its model was asked."""

    episode: vf.Episode
    calls: list[ReceivedRequest]

    @property
    def trace(self) -> Any:
        return self.episode.traces[0]

    @property
    def seen(self) -> str:
        """All that the model was shown, but for what it said itself, and the tools, which are the same in every world."""
        messages = [row for call in self.calls for row in call.body["messages"] if row["role"] != "assistant"]
        return json.dumps([messages, [call.headers for call in self.calls]])

    @property
    def tools(self) -> list[str]:
        """The tools that the model was offered, each time."""
        return [json.dumps(call.body.get("tools"), sort_keys=True) for call in self.calls]


def call_of(move: TextAction) -> ScriptLine:
    """An action as the tool call of a model."""
    kind, target = move.action_type, move.target
    if kind is ActionType.NOOP:
        return ScriptLine(tool="look", args={"target": target}) if target else ScriptLine(tool="wait")
    if kind is ActionType.COMMUNICATE:
        return ScriptLine(tool=str(kind), args={"topic": "note", "target": target or "front-door"})
    return ScriptLine(tool=str(kind), args={"target": target or "", **move.args})


def plan(number: int) -> list[ScriptLine]:
    """The SRE's part of the oracle's plan as tool calls, then waiting."""
    one = task(f"easy-train-{number}@3")
    certificate, words = certify(one), Shift(one, AgentRole.SRE).world
    rows = certificate.actions[: certificate.steps, AgentRole.SRE.number]
    return [*(call_of(named(row, AgentRole.SRE, words)) for row in rows), ScriptLine(tool="wait", times=40)]


def silent_score(number: int) -> float:
    """What the SRE's seat earns when nobody sits in it."""
    shift = Shift(task(f"easy-train-{number}@3"), AgentRole.SRE)
    shift.leave()
    return shift.score


CLUMSY = [
    ScriptLine(tool="reboot_everything"),
    ScriptLine(tool="restart", args={"target": None}),
    ScriptLine(tool="scale", args={"target": "no-such-service", "replicas": 2}),
    ScriptLine(tool="identify_root_cause", args={"target": "front-door", "failure_type": "gremlins"}),
    SILENT,
]
ERRORS = ("refused", "garbled", "broken")


async def play_all() -> dict[str, Played]:
    """Run every rollout of this file at the same time."""
    env = vf.load_environment(vf.resolve_env_config({"taskset": {"id": "journeyman-gym", "count": CURABLE + 1}}))
    tasks = {one.data.id: one for one in env.taskset}
    curable = tasks[f"easy-train-{CURABLE}@3"]
    stories: dict[str, tuple[vf.Task, Script | Sequence[ScriptLine]]] = {
        "plan": (curable, plan(CURABLE)),
        "plan again": (curable, plan(CURABLE)),
        "silent": (tasks["easy-train-7@3"], [SILENT]),
        "clumsy": (tasks["easy-train-3@3"], CLUMSY),
        "waiting": (tasks["easy-train-5@3"], WAITING),
        "lost in errors": (tasks["easy-train-2@3"], Script(answers=(CLUMSY[0],), repeat=True)),
        "refused": (curable, [ScriptLine(fault=ScriptedFault.AUTH)]),
        "garbled": (curable, Script(answers=(ScriptLine(fault=ScriptedFault.GARBLED),), repeat=True)),
        "broken": (curable.with_data(id="easy-lost-10"), WAITING),
    }

    async def play(one: vf.Task, script: Script | Sequence[ScriptLine]) -> Played:
        async with serving(script) as server:
            client = vf.EvalClientConfig(base_url=f"{server.url}/v1", api_key_var="NO_KEY_IS_NEEDED")
            context = vf.ModelContext(client=client, model="scripted", sampling=vf.SamplingConfig())
            return Played(await env.run_slot(RunSlot(one), context), server.calls)

    async with env.serving():
        found = await asyncio.gather(*(play(*story) for story in stories.values()))
    return dict(zip(stories, found, strict=True))


@pytest.fixture(scope="module")
def played() -> dict[str, Played]:
    """All rollouts by name."""
    with pytest.MonkeyPatch.context() as patch:
        # The loop that verifiers starts is a script; it is set up with uv, which is installed beside Python here.
        patch.setenv("PATH", f"{BIN}{os.pathsep}{os.environ['PATH']}")
        return asyncio.run(play_all())


def test_a_model_that_cures_the_incident_is_paid_by_the_world(played: dict[str, Played]) -> None:
    """The oracle's plan, as tool calls over the wire, earns a high score where an empty seat earns nothing."""
    trace = played["plan"].trace
    assert trace.ok
    assert trace.rewards.keys() == {"role_score"}
    assert trace.reward >= 0.9
    assert silent_score(CURABLE) == 0
    assert trace.stop_condition == "incident_over"
    told = trace.metrics
    assert (told["success"], told["failures"], told["wrong_acts"], told["refused_moves"]) == (1, 1, 0, 0)
    assert told["moves"] == told["steps"] == len(played["plan"].calls)  # not asked again after the end
    assert told["team_score"] == pytest.approx(trace.reward)


def test_a_silent_model_gets_what_the_others_earn(played: dict[str, Played]) -> None:
    """One answer in plain text ends its part; the seat is then empty until the incident ends."""
    silent = played["silent"].trace
    assert silent.ok
    assert silent.reward == silent_score(7) > 0.5
    assert (silent.num_turns, silent.metrics["moves"]) == (1, 0)
    assert silent.metrics["steps"] > 5


def test_wrong_calls_are_told_to_the_model_and_end_nothing(played: dict[str, Played]) -> None:
    """A tool that there is not, a null, a name that does not exist, a failure nobody knows."""
    clumsy = played["clumsy"]
    results = [row["content"] for row in clumsy.calls[-1].body["messages"] if row["role"] == "tool"]
    assert "unknown tool" in results[0]
    assert "valid string" in results[1]
    assert "NOTICE" in results[2]
    assert "gremlins" in results[3]
    assert (clumsy.trace.ok, clumsy.trace.reward) == (True, silent_score(3))
    assert (clumsy.trace.metrics["moves"], clumsy.trace.metrics["refused_moves"]) == (1, 1)


def test_rollouts_at_the_same_time_do_not_touch_each_other(played: dict[str, Played]) -> None:
    """A group on one world sees the same and earns the same; each world is the one that its task names."""
    shown = [[row["content"] for row in played[name].calls[-1].body["messages"]] for name in ("plan", "plan again")]
    assert shown[0] == shown[1]
    assert played["plan"].trace.metrics == played["plan again"].trace.metrics
    shift = Shift(task("easy-train-5@3"), AgentRole.SRE)
    shift.leave()
    waiting = played["waiting"].trace
    assert waiting.reward == shift.score > 0
    assert waiting.metrics["moves"] == shift.observe().step


@pytest.mark.parametrize("name", ERRORS)
def test_a_fault_is_an_error_and_never_a_reward(name: str, played: dict[str, Played]) -> None:
    """Neither a model that cannot be reached nor a world that breaks may teach that the play was bad."""
    episode = played[name].episode
    assert not episode.ok
    assert not played[name].trace.ok
    assert not [reward for reward in played[name].trace.rewards.values() if reward is not None]
    expected = {"broken": "TaskError"}.get(name, "ProviderError")
    assert expected in [error.type for error in played[name].trace.errors]


def test_a_model_that_only_calls_wrongly_comes_to_an_end(played: dict[str, Played]) -> None:
    """Calls that reach no tool pass no step, so turns are counted, too."""
    lost = played["lost in errors"].trace
    assert (lost.stop_condition, lost.num_turns, lost.ok) == ("max_turns", MAX_TURNS, True)
    assert lost.metrics["moves"] == 0


def test_no_model_ever_sees_its_task_or_the_truth(played: dict[str, Played]) -> None:
    """Everything sent to the model is searched: prompts, tools, results of calls, headers."""
    for name in ("plan", "silent", "waiting", "lost in errors"):
        one = played[name]
        task_id = one.trace.task.data.id
        world = World(task(task_id).tier, reveal=True, seeds=[task(task_id).seed])
        causes = {cause.failure.name.lower() for cause in world.truth().causes}
        briefing = json.dumps(one.calls[0].body["messages"])
        hidden = {word for word in (*FailureType, *causes) if "_" in word and word not in briefing}
        assert len(hidden) > 10
        assert causes
        assert not [word for word in hidden if word in one.seen], name
        assert task_id not in one.seen
        assert "easy-train" not in one.seen
        assert set(one.tools) == {played["plan"].tools[0]}
    assert "easy-lost" not in played["broken"].seen


def test_vf_eval_runs_the_taskset_by_name(tmp_path: Path) -> None:
    """As users start it: two tasks, options as flags, results on disk with keys and metrics."""

    async def evaluated() -> tuple[int, str]:
        async with serving(WAITING) as server:
            process = await asyncio.create_subprocess_exec(
                *(str(BIN / "vf-eval"), "journeyman-gym", "-n", "2", "-m", "scripted", "--no-push", "--no-rich"),
                *("--env.taskset.tier", "medium", "--env.taskset.split", "validation", "--env.taskset.first", "4"),
                *("--env.taskset.role", "oversight", "--env.taskset.others", "heuristic"),
                *("--client.base-url", f"{server.url}/v1", "-o", str(tmp_path), "--run.name", "run"),
                env=os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"},
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
            )  # fmt: skip
            _, said = await process.communicate()
            return process.returncode or 0, said.decode()

    code, said = asyncio.run(evaluated())
    assert code == 0, said[-3000:]
    rows = [json.loads(line) for line in (tmp_path / "run" / "traces.jsonl").read_text("utf-8").splitlines()]
    traces = [trace for row in rows for trace in row["traces"]]
    assert sorted(trace["task"]["key"] for trace in traces) == [
        f"medium-validation-{number}@3/oversight/heuristic" for number in (4, 5)
    ]
    for trace in traces:
        shift = Shift(task(trace["task"]["data"]["id"]), AgentRole.OVERSIGHT)
        shift.leave()
        assert trace["rewards"]["role_score"]["score"] == shift.score
        assert trace["metrics"]["moves"] == trace["metrics"]["steps"]
