"""Worlds that are watched: what each role sees in three forms, and the truth beside it, at chosen steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from journeyman.gym.actions import ROLES, Action, ActionType, Role, Topic
from journeyman.gym.policies.base import no_actions
from journeyman.gym.tasks import Split, Tier, tasks
from journeyman.gym.text.action import TextAction
from journeyman.gym.text.render import render_observation
from journeyman.gym.text.session import TextWorld
from journeyman.gym.text.words import ActionType as WordAction
from journeyman.gym.text.words import AgentRole
from journeyman.gym.world import Truth, World

STEPS: Final = {"first": (0, 1), "early": (3, 6), "late": (10, 14)}
"""Steps that are looked at, by the name of their range."""
LAST: Final = max(step for some in STEPS.values() for step in some)
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """One role's observation of every world at one step, as arrays whose last axis is the worlds."""

    role: Role
    span: str
    step: int
    arrays: Arrays


def watched(
    tier: Tier, worlds: int, roles: Sequence[Role] = tuple(Role), last: int = LAST
) -> tuple[list[Watched], list[Truth]]:
    """Worlds in which the roles look and talk at random and cure nothing, so that all that comes will come."""
    batch = World(tier, worlds, reveal=True)
    batch.play(tasks(tier, Split.TRAIN, worlds))
    chance = np.random.default_rng(0)
    seen: list[Watched] = []
    for step in range(last + 1):
        for span in (span for span, some in STEPS.items() if step in some):
            observed = batch.observe()
            seen += [
                Watched(role=role, span=span, step=step, arrays=dict(_arrays(getattr(observed, role.label)())))
                for role in roles
            ]
        batch.step(_wandering(chance, worlds, tier))
    return seen, [batch.truth(index) for index in range(worlds)]


def _wandering(chance: np.random.Generator, worlds: int, tier: Tier) -> NDArray[np.int64]:
    """Looks at a service, and now and then a message about one: what is out of range is looked at by nobody."""
    actions = no_actions(worlds)
    services = 4 + 2 * int(tier)
    for role in Role:
        actions[:, role] = Action(ActionType.NOOP).row()
        actions[:, role, 1] = chance.integers(0, services, worlds)
        talks = chance.random(worlds) < 0.2
        actions[talks, role, 0] = ActionType.COMMUNICATE
        actions[talks, role, 2] = Topic.SYMPTOM
        actions[talks, role, 3] = chance.integers(0, 1 + ROLES, talks.sum())
    return actions


def _arrays(view: Any, prefix: str = "") -> Iterator[tuple[str, NDArray[Any]]]:
    for field in fields(view):
        value = getattr(view, field.name)
        if is_dataclass(value):
            yield from _arrays(value, f"{prefix}{field.name}.")
        elif isinstance(value, np.ndarray):
            yield prefix + field.name, np.moveaxis(cast("NDArray[Any]", value), 0, -1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One role's observation of one world in words."""

    world: int
    role: Role
    span: str
    step: int
    text: str
    services: Sequence[str]
    agents: Sequence[str]


def told(tier: Tier, worlds: int, roles: Sequence[Role] = tuple(Role), last: int = LAST) -> list[Told]:
    """The same worlds in words; every role looks somewhere in each step."""
    rows: list[Told] = []
    chance = np.random.default_rng(1)
    for index, task in enumerate(tasks(tier, Split.TRAIN, worlds)):
        world = TextWorld(task)
        steps = {span: int(chance.choice(some)) for span, some in STEPS.items()}
        for step in range(last + 1):
            for span in (span for span, wanted in steps.items() if wanted == step):
                rows += [
                    Told(
                        world=index,
                        role=role,
                        span=span,
                        step=step,
                        text=render_observation(world.observe(AgentRole(role.label))),
                        services=world.services,
                        agents=world.agents,
                    )
                    for role in roles
                ]
            target = str(chance.choice(list(world.services)))
            world.step({role: TextAction(role=role, action_type=WordAction.NOOP, target=target) for role in AgentRole})
    return rows
