"""Training data from the oracle: what each role saw and what it should have answered, in chat form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from journeyman.gym.actions import HANDS, MAX_REPLICAS, Action, ActionType, Role
from journeyman.gym.arrays import Ints
from journeyman.gym.policies.oracle import certify
from journeyman.gym.tasks import Task
from journeyman.gym.text.action import FAILURE_NAMES, Arg, TextAction, action_to_training_target
from journeyman.gym.text.session import TextWorld
from journeyman.gym.text.specs import build_openai_messages

_FAILURE_OF = {int(failure): name for name, failure in FAILURE_NAMES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One answer to learn."""

    task_id: str
    step: int
    role: str
    prompt: tuple[dict[str, str], ...]
    """System and user message."""
    chosen: str
    """The oracle's action as `action_to_training_target` writes it."""
    rejected: str
    """Another legal action at the same place, for preference training."""


def oracle_examples(task: Task, *, seed: int = 0) -> tuple[Example, ...]:
    """Give one example per role and step until the oracle has closed the incident.

    Args:
        task: the world; use training tasks only.
        seed: of the rejected actions.
    """
    random = np.random.Generator(np.random.Philox([seed, task.seed, int(task.tier)]))
    certificate = certify(task)
    world = TextWorld(task)
    found: list[Example] = []
    for step in range(certificate.steps):
        moves = {role: named(certificate.actions[step, role], role, world) for role in Role}
        for role, move in moves.items():
            found.append(
                Example(
                    task_id=task.id,
                    step=step,
                    role=role.label,
                    prompt=tuple(build_openai_messages(world.observe(role))),
                    chosen=action_to_training_target(move),
                    rejected=action_to_training_target(_other(move, world, random)),
                )
            )
        world.step(moves)
    return tuple(found)


def named(row: Ints, role: Role, world: TextWorld) -> TextAction:
    """Give a world action in words."""
    action = Action(ActionType(int(row[0])), int(row[1]), int(row[2]), int(row[3]))
    pool = world.agents if action.type is ActionType.FLAG_ROGUE else world.services
    args: dict[str, Arg] = {}
    if action.type is ActionType.SCALE:
        args["replicas"] = action.arg
    if action.type is ActionType.IDENTIFY_ROOT_CAUSE:
        args["failure_type"] = _FAILURE_OF[action.arg]
    if action.type is ActionType.COMMUNICATE:
        args["message"] = "note"
    return TextAction(role, action.type, pool[action.target] if 0 <= action.target < len(pool) else None, args)


def _other(move: TextAction, world: TextWorld, random: np.random.Generator) -> TextAction:
    while True:
        kind = HANDS[move.role][int(random.integers(len(HANDS[move.role])))]
        pool = world.agents if kind is ActionType.FLAG_ROGUE else world.services
        row = np.array([int(kind), int(random.integers(len(pool))), 0, 0], np.int64)
        if kind is ActionType.SCALE:
            row[2] = int(random.integers(1, MAX_REPLICAS + 1))
        if kind is ActionType.IDENTIFY_ROOT_CAUSE:
            row[2] = int(random.integers(len(_FAILURE_OF)))
        other = named(row, move.role, world)
        if other != move:
            return other
