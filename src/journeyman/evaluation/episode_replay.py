"""An episode played again, to be looked at: its world is made from the task's name, what was done from a policy or a trace."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from journeyman.evaluation.episode_frames import StepFrame, caused, played
from journeyman.evaluation.options import is_built_in
from journeyman.evaluation.policies import team_for
from journeyman.gym.actions import FIELDS, ROLES, Role
from journeyman.gym.evaluate import MakeTeam, Replay
from journeyman.gym.tasks import Task, task
from journeyman.gym.world import World
from journeyman.mission.values.errors import InvalidInput, NotAllowed, Problem

MOST_TRACE_BYTES: Final = 50_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeReplay:
    """A whole episode."""

    task_id: str
    policy: str
    services: tuple[str, ...]
    calls: tuple[tuple[int, ...], ...]
    """Whom each service calls, by number."""
    frames: tuple[StepFrame, ...]
    """Before the first step, and after each."""
    causes: tuple[str, ...]
    """What was wrong, in words."""
    score: float
    roles: dict[str, float]
    succeeded: bool
    availability: float


def replay_policy(task_id: str, policy: str) -> EpisodeReplay:
    """What a policy of ours does in a public task; one that draws may do otherwise in a batch. Computes for seconds.

    Raises:
        InvalidInput: There is no such task or policy.
        NotAllowed: The policy is none of ours.
    """
    if not is_built_in(policy):
        raise NotAllowed(f"{policy!r} is not played for a look; open the trace that `gym eval --traces DIR` kept of it")
    one = task(task_id)
    return _played(one, policy, team_for(policy)([one], 0))


def replay_trace(path: Path) -> EpisodeReplay:
    """What a model did, by its trace; raises `InvalidInput` where the file is none."""
    try:
        with path.open("rb") as file:
            lines = file.read(MOST_TRACE_BYTES).splitlines()
        head: dict[str, Any] = json.loads(lines[0])
        last: dict[str, Any] = json.loads(lines[-1])
        one, acts = task(str(head["task_id"])), np.array(last["acts"], np.int64).reshape(-1, ROLES, FIELDS)
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise InvalidInput(path.name, (Problem(where="", message=f"is no trace of an episode: {error}"),)) from None
    return _played(one, str(head["policy"]), lambda _: Replay(acts))


def _played(one: Task, policy: str, team: MakeTeam) -> EpisodeReplay:
    world = World(one.tier, 1, reveal=True)
    world.play([one])
    calls = world.observe().each_sre()[0].calls
    causes = caused(world)
    frames = tuple(played(world, team(1)))
    results = world.results()
    return EpisodeReplay(
        task_id=one.id,
        policy=policy,
        services=tuple(world.names().services),
        calls=tuple(tuple(int(other) for other in called) for called in calls),
        frames=frames,
        causes=tuple(causes),
        score=float(results.score[0]),
        roles={role.label: float(results.roles[0][role]) for role in Role},
        succeeded=bool(results.succeeded[0]),
        availability=float(results.availability[0]),
    )
