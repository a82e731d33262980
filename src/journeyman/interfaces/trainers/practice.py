"""Tool calls at random: what a model that knows nothing may copy to learn the form of a call, and only that."""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from journeyman.gym.tasks import task
from journeyman.gym.text.render import render_observation
from journeyman.gym.text.session import TextWorld
from journeyman.gym.text.words import AgentRole, FailureType
from journeyman.interfaces.trainers.seats import SEATS


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """One call to copy."""

    seen: str
    """The end of a view, cut anywhere."""
    tool: str
    arguments: dict[str, object]


_MESSAGES: Final = ("which services are sick?", "all is well here", "I look closer")


def tools(role: str) -> dict[str, Callable[..., str]]:
    """Give the tools of a role's seat by name, as a trainer finds them."""
    found = inspect.getmembers(SEATS[role], inspect.isfunction)
    return {name: method for name, method in found if not name.startswith("_") and name not in ("reset", "get_reward")}


def practice(role: str, tier: str, numbers: Sequence[int], count: int, *, seed: int) -> list[Drill]:
    """Give calls drawn evenly over worlds and tools, each argument over its values: right ones no more than wrong ones.

    Args:
        role: whose tools.
        tier: of the training worlds.
        numbers: the worlds whose names are used.
        count: how many calls.
        seed: of the draw.
    """
    draw = random.Random(seed)  # noqa: S311  # a repeatable draw, no secret
    offered = tools(role)
    worlds = [TextWorld(task(f"{tier}-train-{number}")) for number in numbers]
    seen = [render_observation(world.observe(AgentRole(role))) for world in worlds]
    values = [_values(world) for world in worlds]
    drills: list[Drill] = []
    for _ in range(count):
        place, tool = draw.randrange(len(worlds)), draw.choice(sorted(offered))
        wanted = [one for one in inspect.signature(offered[tool]).parameters if one != "self"]
        arguments = {one: draw.choice(values[place][one]) for one in wanted}
        view = seen[place][: draw.randint(len(seen[place]) // 2, len(seen[place]))]
        drills.append(Drill(seen=view, tool=tool, arguments=arguments))
    return drills


def _values(world: TextWorld) -> dict[str, Sequence[object]]:
    return {
        "service": world.services,
        "agent": world.agents,
        "replicas": range(1, 17),
        "failure": [str(one) for one in FailureType],
        "message": _MESSAGES,
        "to": ["all", *map(str, AgentRole)],
    }
