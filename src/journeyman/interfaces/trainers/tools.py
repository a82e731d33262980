"""The roles' actions as typed tools: one method each, for every trainer that reads tools off functions."""

from __future__ import annotations

from typing import Final

from journeyman.gym.text.action import read_action
from journeyman.gym.text.render import render_observation
from journeyman.gym.text.shift import Shift
from journeyman.gym.text.words import ActionType, AgentRole

OVER: Final = "The incident is over."
"""What every tool answers from then on."""


class SeatTools:
    """What everybody may do. Public methods are tools, and there are no others.

    Args:
        shift: the incident in which the seat is taken.
    """

    def __init__(self, shift: Shift) -> None:
        self._shift = shift

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
            return OVER
        # Models send anything: what is no value of the argument is left out, and the world says what is missing.
        self._shift.act(
            read_action({"action_type": str(kind), "target": target, "args": args or {}}, self._shift.role).action
        )
        return OVER if self._shift.done else render_observation(self._shift.observe())

    def _claim(self, service: str, failure: str) -> str:
        return self._play(ActionType.IDENTIFY_ROOT_CAUSE, service, {"failure_type": failure})


class SreTools(SeatTools):
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


class DevTools(SeatTools):
    """The developer's tools."""

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


class ManagerTools(SeatTools):
    """The incident manager's tools."""

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


class OversightTools(SeatTools):
    """The overseer's tools."""

    def flag_rogue(self, agent: str) -> str:
        """Stop a fleet agent. A step passes.

        Args:
            agent: Name of the fleet agent.

        Returns:
            What you see then.
        """
        return self._play(ActionType.FLAG_ROGUE, agent)


TOOLS: Final[dict[AgentRole, type[SeatTools]]] = {
    AgentRole.SRE: SreTools,
    AgentRole.DEV: DevTools,
    AgentRole.MANAGER: ManagerTools,
    AgentRole.OVERSIGHT: OversightTools,
}
"""What each role may do."""
