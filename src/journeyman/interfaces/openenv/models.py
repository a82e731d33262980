"""What goes over the wire: actions, observations and state."""
# pyright: basic, reportMissingImports=false, reportUntypedBaseClass=false
# OpenEnv lives in an environment of its own, which the checks of this project do not see.

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from journeyman.gym.text.tools import ROLE_TOOLS
from journeyman.gym.text.words import ActionType

try:
    from openenv.core.env_server.types import Action, Observation, State
except ImportError as error:
    raise ImportError(
        "the gym's OpenEnv server and client need the extra: pip install 'journeyman[openenv]'"
    ) from error

ActionName: Any = Literal[tuple(map(str, ActionType))]
"""An enumeration in the field's own schema, as the page at `/web` needs it."""


class IncidentAction(Action):
    """One action of the client's role: its parts, or a model's whole answer as `text`."""

    action_type: ActionName = Field(default="noop", description="What to do.")  # pyright: ignore[reportInvalidTypeForm]
    target: str | None = Field(
        default=None, description="A service; for flag_rogue a fleet agent; for noop the service to look at closely."
    )
    args: dict[str, Any] = Field(
        default_factory=dict, description="replicas, failure_type, message, to or topic, as the action needs."
    )
    text: str | None = Field(
        default=None, description="A model's answer to read the action from, instead of the other fields."
    )

    @model_validator(mode="before")
    @classmethod
    def _tool_call(cls, given: Any) -> Any:
        """Read a call of one of our tools: the forms of the page at `/web` send nothing else."""
        if not isinstance(given, dict) or given.get("type") != "call_tool":
            return given
        name, args = str(given.get("tool_name")), dict(given.get("arguments") or {})
        tool = ROLE_TOOLS.get(name)
        kind = name if tool is None else str(tool.action_type)
        return {"action_type": kind, "target": args.pop("target", None), "args": args}


class IncidentObservation(Observation):
    """What the client's role sees; never which task it is, what is wrong, or whether an action helped."""

    text: str = Field(default="", description="The view, for models.")
    role: str = "sre"
    step: int = 0
    horizon: int = 0
    services: tuple[str, ...] = ()
    agents: tuple[str, ...] = Field(default=(), description="Fleet agents; empty unless the role sees them.")
    notice: str = Field(
        default="", description="Why the last action was not carried out, or what of it was not used; empty otherwise."
    )
    instructions: str = Field(
        default="", description="In the first observation: the role's briefing and how to answer in text."
    )


class IncidentState(State):
    """Where the episode stands."""

    role: str = "sre"
    done: bool = False
