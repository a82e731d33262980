"""Tool calls at random: what a model that knows nothing may copy to learn the form of a call, and only that."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, get_args

from journeyman.gym.actions import MAX_REPLICAS
from journeyman.gym.tasks import GENERATOR, task
from journeyman.gym.text.render import render_observation
from journeyman.gym.text.session import TextWorld
from journeyman.gym.text.tools import Argument, Named, tools_of
from journeyman.gym.text.words import AgentRole


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCallExample:
    """One call to copy."""

    seen: str
    """The end of a view, cut anywhere."""
    tool: str
    arguments: dict[str, object]


_MESSAGES: Final = ("which services are sick?", "all is well here", "I look closer")


def tool_call_examples(role: str, tier: str, numbers: Sequence[int], count: int, *, seed: int) -> list[ToolCallExample]:
    """Draw calls evenly over worlds and tools, each argument over its values: right ones no more than wrong ones.

    Args:
        role: whose tools.
        tier: of the training worlds.
        numbers: the worlds whose names are used.
        count: how many calls.
        seed: of the draw.
    """
    draw = random.Random(seed)  # noqa: S311  # a repeatable draw, no secret
    tools = tools_of(AgentRole(role))
    worlds = [TextWorld(task(f"{tier}-train-{number}@{GENERATOR}")) for number in numbers]
    seen = [render_observation(world.observe(AgentRole(role))) for world in worlds]
    drills: list[ToolCallExample] = []
    for _ in range(count):
        place, tool = draw.randrange(len(worlds)), draw.choice(tools)
        arguments = {one.name: draw.choice(_values(one, worlds[place])) for one in tool.arguments}
        view = seen[place][: draw.randint(len(seen[place]) // 2, len(seen[place]))]
        drills.append(ToolCallExample(seen=view, tool=tool.name, arguments=arguments))
    return drills


def _values(argument: Argument, world: TextWorld) -> Sequence[object]:
    match argument.named:
        case Named.SERVICE:
            return world.services
        case Named.AGENT:
            return world.agents
        case None:
            known = {"replicas": range(1, MAX_REPLICAS + 1), "message": _MESSAGES}
            return known.get(argument.name) or get_args(argument.form)
