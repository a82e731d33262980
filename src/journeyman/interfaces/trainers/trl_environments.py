"""One seat of an incident in the form of TRL's `environment_factory`: `reset`, typed tools, `get_reward`.

A trainer makes one object per rollout and calls the methods that its model asks for: a seat's public methods are the
role's tools, and there are no others but these two. All rollouts of a group must play the same world, so rows name it
by `number`; the model sees neither it nor the truth.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from journeyman.gym.tasks import GENERATOR, Task, task
from journeyman.gym.text.prompts import load_briefing
from journeyman.gym.text.render import render_observation
from journeyman.gym.text.shift import Shift
from journeyman.gym.text.tools import RoleTool, play, tools_of, typed
from journeyman.gym.text.words import AgentRole
from journeyman.mission.values.errors import InvalidInput, Problem

OPENING: Final = "An incident begins. You see:\n"
"""What stands before a seat's first view."""


class RoleEnvironment:
    """How a trainer begins and ends an incident.

    Args:
        tier: `easy`, `medium` or `hard`.
        split: `train`, `validation` or `held_out`.
        others: the policy of the other seats, or `nobody`.
    """

    _role: AgentRole

    def __init__(self, *, tier: str = "easy", split: str = "train", others: str = "heuristic") -> None:
        self._split = f"{tier}-{split}"
        self._others = others
        self._shift = Shift(self._task(0), self._role, others=others)

    def _task(self, number: int) -> Task:
        return task(f"{self._split}-{number}@{GENERATOR}")

    def reset(self, number: int = 0, **row: Any) -> str:
        """Begin the incident that a row names and return its first view."""
        del row
        self._shift = Shift(self._task(number), self._role, others=self._others)
        return render_observation(self._shift.observe())

    def get_reward(self) -> float:
        """Return the seat's score, 0 to 1; a seat that fell silent is left empty until the others end the incident."""
        self._shift.leave()
        return self._shift.score


def _seat(role: AgentRole) -> type[RoleEnvironment]:
    methods = {tool.name: typed(tool, _method(tool), leading=("self",)) for tool in tools_of(role)}
    return type(
        f"{role.title()}Seat", (RoleEnvironment,), {"_role": role, "__doc__": f"The seat of {role}.", **methods}
    )


def _method(tool: RoleTool) -> Callable[..., str]:
    def method(self: RoleEnvironment, **given: object) -> str:
        return play(self._shift, tool, given)  # pyright: ignore[reportPrivateUsage]  # a method of its class

    return method


ENVIRONMENTS: Final[dict[str, type[RoleEnvironment]]] = {str(role): _seat(role) for role in AgentRole}
"""The environment class of each role, for `environment_factory`."""


def briefing(role: AgentRole) -> str:
    """Word a role's standing instructions for models that act by calling tools."""
    return f"{load_briefing(role)}\nAct by calling tools, one per step, until the incident is over."


def training_rows(role: str, count: int, *, first: int = 0) -> list[dict[str, Any]]:
    """Make training rows: the role's briefing as a prompt, and the number of a world."""
    if role not in ENVIRONMENTS:
        problem = Problem(where="role", message=f"{role!r} is no role", hint=f"one of {', '.join(ENVIRONMENTS)}")
        raise InvalidInput("training rows", (problem,))
    prompt = [{"role": "system", "content": briefing(AgentRole(role))}, {"role": "user", "content": OPENING}]
    return [{"prompt": prompt, "number": number} for number in range(first, first + count)]
