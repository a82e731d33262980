"""One seat of an incident in the form of TRL's `environment_factory`: `reset`, typed tools, `get_reward`.

A trainer makes one object per rollout and calls the methods that its model asks for. All rollouts of a group must play
the same world, so rows name it by `number`; the model sees neither it nor the truth.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from journeyman.gym.tasks import Task, task
from journeyman.gym.text.action import TextAction, read_action
from journeyman.gym.text.prompts import load_role_prompt
from journeyman.gym.text.render import render_observation
from journeyman.gym.text.shift import Shift
from journeyman.gym.text.words import ActionType, AgentRole
from journeyman.mission.errors import InvalidInput, Problem

_BRIEFING_ENDS: Final = "Answer with one JSON"
"""From here on a role's prompt is about answers in text; here the answers are tool calls."""


class _Seat:
    """What all seats can do.

    Args:
        tier: `easy`, `medium` or `hard`.
        split: `train`, `validation` or `held_out`.
        others: the policy of the other seats, or `nobody`.
    """

    _role = AgentRole.SRE

    def __init__(self, *, tier: str = "easy", split: str = "train", others: str = "heuristic") -> None:
        self._split = f"{tier}-{split}"
        self._others = others
        self._shift = Shift(self._task(0), self._role, others=others)

    def _task(self, number: int) -> Task:
        return task(f"{self._split}-{number}")

    def reset(self, number: int = 0, **row: Any) -> str:
        """Begin the incident that a row names and give its first view."""
        del row
        self._shift = Shift(self._task(number), self._role, others=self._others)
        return render_observation(self._shift.observe())

    def get_reward(self) -> float:
        """Give the seat's score, 0 to 1; a seat that fell silent is left empty until the others end the incident."""
        while not self._shift.done:
            self._shift.act(TextAction(self._role))
        return self._shift.score

    def wait(self) -> str:
        """Let a step pass without acting.

        Returns:
            What you see then.
        """
        return self._play(ActionType.NOOP)

    def look(self, service: str) -> str:
        """Look closer at a service: its measurements and logs that your role can read. A step passes.

        Args:
            service: Name of the service.

        Returns:
            What you see then.
        """
        return self._play(ActionType.NOOP, service)

    def tell(self, message: str, to: str = "all") -> str:
        """Tell the other roles something. A step passes.

        Args:
            message: What to say.
            to: Who shall hear it: all, sre, dev, manager or oversight.

        Returns:
            What you see then.
        """
        return self._play(ActionType.COMMUNICATE, None, {"message": message, "to": to})

    def _play(self, kind: ActionType, target: object = None, args: dict[str, object] | None = None) -> str:
        if self._shift.done:
            return "The incident is over."
        # Models send anything: what is no value of the argument is left out, and the world says what is missing.
        self._shift.act(
            read_action({"action_type": str(kind), "target": target, "args": args or {}}, self._role).action
        )
        return "The incident is over." if self._shift.done else render_observation(self._shift.observe())

    def _claim(self, service: str, failure: str) -> str:
        return self._play(ActionType.IDENTIFY_ROOT_CAUSE, service, {"failure_type": failure})


class SreSeat(_Seat):
    """The site reliability engineer's tools."""

    def restart(self, service: str) -> str:
        """Restart a service. A step passes.

        Args:
            service: Name of the service.

        Returns:
            What you see then.
        """
        return self._play(ActionType.RESTART, service)

    def scale(self, service: str, replicas: int) -> str:
        """Set a service's number of replicas. A step passes.

        Args:
            service: Name of the service.
            replicas: From 1 to 16.

        Returns:
            What you see then.
        """
        return self._play(ActionType.SCALE, service, {"replicas": replicas})

    def identify_root_cause(self, service: str, failure: str) -> str:
        """Name a root cause. A step passes.

        Args:
            service: Name of the service.
            failure: What is wrong with it, such as disk_full; none where nothing is wrong.

        Returns:
            What you see then.
        """
        return self._claim(service, failure)


class DevSeat(_Seat):
    """The developer's tools."""

    _role = AgentRole.DEV

    def rollback(self, service: str) -> str:
        """Undo a service's last change. A step passes.

        Args:
            service: Name of the service.

        Returns:
            What you see then.
        """
        return self._play(ActionType.ROLLBACK, service)

    def identify_root_cause(self, service: str, failure: str) -> str:
        """Name a root cause. A step passes.

        Args:
            service: Name of the service.
            failure: What is wrong with it, such as bad_canary; none where nothing is wrong.

        Returns:
            What you see then.
        """
        return self._claim(service, failure)


class ManagerSeat(_Seat):
    """The incident manager's tools."""

    _role = AgentRole.MANAGER

    def escalate(self, service: str) -> str:
        """Call outside specialists for a service. A step passes.

        Args:
            service: Name of the service.

        Returns:
            What you see then.
        """
        return self._play(ActionType.ESCALATE, service)

    def resolve(self) -> str:
        """Close the incident, for good.

        Returns:
            That it is over.
        """
        return self._play(ActionType.RESOLVE)


class OversightSeat(_Seat):
    """The overseer's tools."""

    _role = AgentRole.OVERSIGHT

    def flag_rogue(self, agent: str) -> str:
        """Stop a fleet agent. A step passes.

        Args:
            agent: Name of the fleet agent.

        Returns:
            What you see then.
        """
        return self._play(ActionType.FLAG_ROGUE, agent)


SEATS: Final[dict[str, Callable[..., _Seat]]] = {
    "sre": SreSeat,
    "dev": DevSeat,
    "manager": ManagerSeat,
    "oversight": OversightSeat,
}
"""The environment class of each role, for `environment_factory`."""


def rows(role: str, count: int, *, first: int = 0) -> list[dict[str, Any]]:
    """Give training rows: the role's briefing as a prompt, and the number of a world."""
    if role not in SEATS:
        problem = Problem(where="role", message=f"{role!r} is no role", hint=f"one of {', '.join(SEATS)}")
        raise InvalidInput("training rows", (problem,))
    briefing = load_role_prompt(AgentRole(role)).partition(_BRIEFING_ENDS)[0].strip()
    prompt = [
        {"role": "system", "content": f"{briefing}\n\nAct by calling tools, one per step, until the incident is over."},
        {"role": "user", "content": "An incident begins. You see:\n"},
    ]
    return [{"prompt": prompt, "number": number} for number in range(first, first + count)]
