"""The taskset: incidents by tier, split and number, one open seat in each, scored by the world after the end."""
# pyright: basic, reportMissingImports=false, reportUntypedBaseClass=false
# verifiers lives in an environment of its own, which the checks of this project do not see.

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, Final, Literal

from pydantic import Field, field_validator, model_validator

from journeyman.gym.evaluate import graded, team_named
from journeyman.gym.policies.oracle import certify
from journeyman.gym.rules.score import FLOORS
from journeyman.gym.tasks import GENERATOR, MAX_NUMBER, task
from journeyman.gym.text.render import render_observation
from journeyman.gym.text.shift import NOBODY, Shift
from journeyman.gym.text.words import AgentRole
from journeyman.interfaces.trainers.trl_environments import OPENING, briefing
from journeyman.interfaces.verifiers.tools import IncidentTools, IncidentToolsConfig, RolloutState, replay_moves

try:
    import verifiers.v1 as vf
    from verifiers.v1.harnesses.null import NullHarnessConfig
except ImportError as error:
    raise ImportError("the gym's taskset needs the extra: pip install 'journeyman[verifiers]'") from error

MAX_TURNS: Final = 100
"""Twice the longest incident: a model that only calls tools wrongly comes to an end, too."""


class IncidentConfig(vf.TasksetConfig):
    """Which incidents, and who plays them."""

    tier: Literal["easy", "medium", "hard"] = "easy"
    split: Literal["train", "validation", "held_out"] = "train"
    role: Literal["sre", "dev", "manager", "oversight"] = "sre"
    """The seat that the model takes."""
    others: str = "heuristic"
    """The policy of the other seats, or `nobody`."""
    first: int = Field(0, ge=0, le=MAX_NUMBER)
    """Number of the first task in its split."""
    count: int | None = Field(None, ge=1)
    """How many tasks; without it the taskset is endless, bound it with `-n`."""

    @field_validator("others")
    @classmethod
    def _known(cls, name: str) -> str:
        if name != NOBODY:
            try:
                team_named(name)
            except KeyError as error:
                raise ValueError(f"{error.args[0]}, {NOBODY}") from None
        return name

    @model_validator(mode="after")
    def _within_the_split(self) -> IncidentConfig:
        if self.first + (self.count or 1) > MAX_NUMBER + 1:
            raise ValueError(f"a split's tasks go from 0 to {MAX_NUMBER}; choose a smaller first or count")
        return self


class IncidentData(vf.TaskData):
    """One incident: its id names the world, its prompt is the briefing and the first view."""

    id: str
    role: AgentRole
    others: str


class IncidentTask(vf.Task[IncidentData, RolloutState]):
    """How an incident is begun, ended and scored."""

    @property
    def key(self) -> str:
        """The same for ever, wherever the task stands in a run."""
        return f"{self.data.id}/{self.data.role}/{self.data.others}"

    async def setup(self, trace: vf.Trace) -> None:  # type: ignore[override]  # hooks name what they need
        """Say to the tools which world this rollout plays."""
        trace.state.rollout = trace.id
        trace.state.task_id = self.data.id

    @vf.stop
    async def incident_over(self, trace: vf.Trace) -> bool:
        """End the rollout with the incident, before the model is asked again."""
        return trace.state.over or bool(trace.state.fault)

    async def finalize(self, trace: vf.Trace) -> None:  # type: ignore[override]  # hooks name what they need
        """Write down what the role did, for scoring now or later.

        Raises:
            RuntimeError: the world broke; the rollout is an error and gets no reward.
        """
        if trace.state.fault:
            raise RuntimeError(f"the world broke: {trace.state.fault}")
        trace.info["moves"] = list(trace.state.moves)

    @vf.reward
    async def role_score(self, trace: vf.Trace) -> float:
        """The role's score, 0 to 1; a seat that fell silent is left empty until the others end the incident."""
        shift, _ = self._ended(trace)
        return shift.score

    @vf.metric
    async def outcome(self, trace: vf.Trace) -> dict[str, float]:
        """What the world tells of the episode."""
        shift, refused = self._ended(trace)
        episode = graded(shift.world.task, shift.world.acts)
        return {
            "team_score": episode.score,
            "success": float(episode.succeeded),
            "steps": float(episode.steps),
            "availability": episode.availability,
            "failures": float(episode.failures),
            "rogues": float(episode.rogues),
            "caught": float(episode.caught),
            "false_flags": float(episode.false_flags),
            "wrong_acts": float(episode.wrong_acts),
            "moves": float(len(trace.info["moves"])),
            "refused_moves": float(refused),
        }

    def _ended(self, trace: vf.Trace) -> tuple[Shift, int]:
        data = self.data
        shift = Shift(task(data.id), data.role, others=data.others)
        refused = replay_moves(shift, trace.info["moves"])
        shift.leave()
        return shift, refused

    async def validate(self, runtime: Any) -> bool:
        """Tell whether search finds a plan that handles this incident."""
        del runtime
        one = task(self.data.id)
        certificate = await asyncio.to_thread(certify, one)
        return certificate.score > FLOORS[one.tier]


class IncidentTaskset(vf.Taskset[IncidentTask, IncidentConfig]):
    """The gym's tasks, one after the other, made when they are asked for."""

    INFINITE = True

    def __init__(self, config: IncidentConfig) -> None:
        super().__init__(config)
        self.INFINITE = config.count is None

    def load(self) -> Iterator[IncidentTask]:
        """The tasks from the first on."""
        config = self.config
        end = MAX_NUMBER + 1 if config.count is None else config.first + config.count
        for number in range(config.first, end):
            yield self._task(f"{config.tier}-{config.split}-{number}@{GENERATOR}", AgentRole(config.role))

    def _task(self, task_id: str, role: AgentRole) -> IncidentTask:
        others = self.config.others
        view = render_observation(Shift(task(task_id), role, others=others).observe())
        data = IncidentData(
            id=task_id, name=task_id, role=role, others=others, system_prompt=briefing(role), prompt=OPENING + view
        )
        return IncidentTask(data, self.config.task)

    @classmethod
    def toolsets(cls, config: IncidentConfig) -> list[vf.Toolset]:
        """The server of the role's tools."""
        return [IncidentTools(IncidentToolsConfig(role=AgentRole(config.role), others=config.others))]


class IncidentEnvConfig(vf.SingleAgentEnvConfig):
    """The model acts through the role's tools alone: no shell, so no sandbox."""

    agent: vf.AgentConfig = vf.AgentConfig(
        harness=NullHarnessConfig(id="null"), runtime=vf.SubprocessConfig(), max_turns=MAX_TURNS
    )


class IncidentEnv(vf.SingleAgentEnv, vf.Env[IncidentEnvConfig]):
    """One model in one seat.

    Raises:
        ValueError: the model would get a shell on this machine, where it could look the truth up.
    """

    def __init__(self, config: IncidentEnvConfig) -> None:
        super().__init__(config)
        agent = config.agent
        harness = vf.load_harness(agent.harness or vf.default_agent_harness(config.taskset.id))
        if harness.EXECUTES_CODE and isinstance(agent.runtime, vf.SubprocessConfig):
            raise ValueError(
                f"harness {harness.config.id!r} gives the model a shell, and with it the gym's own code: "
                "run it in a sandbox (--env.agent.runtime.type docker or prime), or use harness null"
            )
