"""The role's actions as MCP tools with typed arguments."""
# pyright: basic, reportMissingImports=false, reportUntypedBaseClass=false
# OpenEnv lives in an environment of its own, which the checks of this project do not see.

from __future__ import annotations

from typing import Annotated, Any, Protocol

from fastmcp import FastMCP
from pydantic import Field


class Acts(Protocol):
    """Plays actions."""

    def act(self, action: dict[str, Any]) -> Any:
        """Play one and give what is seen then."""
        ...


def add_tools(server: FastMCP, environment: Acts) -> None:  # noqa: C901  # ten short functions
    """Register every action; one that is not the role's passes a step and says so."""

    def play(kind: str, target: str | None = None, **args: Any) -> dict[str, Any]:
        seen = environment.act({"action_type": kind, "target": target, "args": args})
        return {"text": seen.text, "done": seen.done, "reward": seen.reward, "notice": seen.notice}

    def wait() -> dict[str, Any]:
        """Let a step pass."""
        return play("noop")

    def look(service: str) -> dict[str, Any]:
        """Look closer at a service: its measurements and logs that your role can read."""
        return play("noop", service)

    def communicate(message: Annotated[str, Field(min_length=1, max_length=500)], to: str = "all") -> dict[str, Any]:
        """Tell everybody, or one role, something."""
        return play("communicate", message=message, to=to)

    def restart(service: str) -> dict[str, Any]:
        """Restart a service (sre)."""
        return play("restart", service)

    def scale(service: str, replicas: Annotated[int, Field(ge=1, le=16)]) -> dict[str, Any]:
        """Set a service's number of replicas (sre)."""
        return play("scale", service, replicas=replicas)

    def rollback(service: str) -> dict[str, Any]:
        """Undo a service's last change (dev)."""
        return play("rollback", service)

    def identify_root_cause(service: str, failure_type: str) -> dict[str, Any]:
        """Name a root cause, or failure type none where nothing is wrong (sre, dev)."""
        return play("identify_root_cause", service, failure_type=failure_type)

    def escalate(service: str) -> dict[str, Any]:
        """Call outside specialists for a service (manager)."""
        return play("escalate", service)

    def flag_rogue(agent: str) -> dict[str, Any]:
        """Stop a fleet agent (oversight)."""
        return play("flag_rogue", agent)

    def resolve() -> dict[str, Any]:
        """Close the incident for good (manager)."""
        return play("resolve")

    for function in (
        wait, look, communicate, restart, scale, rollback, identify_root_cause, escalate, flag_rogue, resolve
    ):  # fmt: skip
        server.tool(function)
