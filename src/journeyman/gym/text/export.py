"""Training data from the expert: what each role saw and what the expert answered, in chat form.

The expert sees only what the roles see, so its rows teach to look and to tell; the oracle's would teach clairvoyance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from journeyman.gym.actions import ALLOWED_ACTIONS, MAX_REPLICAS, Role, Topic
from journeyman.gym.arrays import Ints
from journeyman.gym.names import Names
from journeyman.gym.policies.base import Team
from journeyman.gym.policies.expert import EXPERT
from journeyman.gym.policies.role_team import RoleTeam
from journeyman.gym.rules.score import PASSED
from journeyman.gym.tasks import Task
from journeyman.gym.text.action import Arg, TextAction
from journeyman.gym.text.reading import action_to_training_target
from journeyman.gym.text.session import TextWorld
from journeyman.gym.text.specs import build_openai_messages
from journeyman.gym.text.words import ActionType, AgentRole, FailureType, TopicName

_TYPES = {int(one.number): one for one in ActionType}
_FAILURES = {int(one.number): one for one in FailureType}
_TOPICS = {int(one.number): one for one in TopicName if one is not TopicName.NOTE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One answer to learn."""

    task_id: str
    step: int
    role: str
    prompt: tuple[dict[str, str], ...]
    """System and user message."""
    chosen: str
    """The expert's action as `action_to_training_target` writes it."""
    rejected: str
    """Another legal action at the same place, for preference training."""


def expert_examples(task: Task, *, seed: int = 0) -> tuple[Example, ...]:
    """One example per role and step until the expert has closed the incident; none where it fails to.

    Args:
        task: the world; use training tasks only.
        seed: of the rejected actions.
    """
    random = np.random.Generator(np.random.Philox([seed, task.seed, int(task.tier)]))
    world, expert = TextWorld(task), RoleTeam("expert", EXPERT, 1)
    found: list[Example] = []
    while not world.done:
        step, moves = len(world.acts), team_moves(expert, world)
        for role, move in moves.items():
            found.append(
                Example(
                    task_id=task.id,
                    step=step,
                    role=role,
                    prompt=tuple(build_openai_messages(world.observe(role))),
                    chosen=action_to_training_target(move),
                    rejected=action_to_training_target(_other(move, world, random)),
                )
            )
        world.step(moves)
    return tuple(found) if world.team_reward >= PASSED else ()


def named_moves(rows: Ints, names: Names | TextWorld) -> dict[AgentRole, TextAction]:
    """A team's actions of one step, `(roles, 4)`, in words."""
    return {role: named(rows[role.number], role, names) for role in AgentRole}


def team_moves(team: Team | None, world: TextWorld) -> dict[AgentRole, TextAction]:
    """What a team does next in each role, in words; nothing without a team."""
    return {} if team is None else named_moves(team.act(world.observations)[0], world)


def named(row: Ints, role: AgentRole, names: Names | TextWorld) -> TextAction:
    """A world action in words; numbers that no word stands for are left out, as a policy may pick any."""
    kind, target, arg = _TYPES.get(int(row[0])), int(row[1]), int(row[2])
    if kind is None:
        return TextAction(role)
    suspecting = kind is ActionType.COMMUNICATE and arg == Topic.SUSPECT
    pool = names.agents if kind is ActionType.FLAG_ROGUE or suspecting else names.services
    args: dict[str, Arg] = {}
    if kind is ActionType.SCALE:
        args["replicas"] = arg
    if kind is ActionType.IDENTIFY_ROOT_CAUSE and arg in _FAILURES:
        args["failure_type"] = str(_FAILURES[arg])
    if kind is ActionType.COMMUNICATE:
        args |= {"topic": str(_TOPICS[arg])} if arg in _TOPICS else {"message": "note"}
        if 0 < row[3] <= len(Role):
            args["to"] = Role(int(row[3]) - 1).label
    return TextAction(role, kind, pool[target] if 0 <= target < len(pool) else None, args)


def _other(move: TextAction, world: TextWorld, random: np.random.Generator) -> TextAction:
    while True:
        hands = ALLOWED_ACTIONS[move.role.number]
        kind = _TYPES[int(hands[int(random.integers(len(hands)))])]
        pool = world.agents if kind is ActionType.FLAG_ROGUE else world.services
        row = np.array([int(kind.number), int(random.integers(len(pool))), 0, 0], np.int64)
        if kind is ActionType.SCALE:
            row[2] = int(random.integers(1, MAX_REPLICAS + 1))
        if kind is ActionType.IDENTIFY_ROOT_CAUSE:
            row[2] = int(random.integers(len(_FAILURES)))
        other = named(row, move.role, world)
        if other != move:
            return other
