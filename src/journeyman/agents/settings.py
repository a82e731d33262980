"""`[agents.NAME]` in the settings file: how an agent is started, where that is not as usual."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, field_validator


class DriverKind(StrEnum):
    """How an agent is spoken to."""

    HEADLESS = "headless"
    """One run for each order; lines of JSON on its output, in the format of the agent that it is named after."""
    ACP = "acp"
    """The Agent Client Protocol, which many agents speak: one driver for all of them, which asks before each call."""
    COMMAND = "command"
    """Any program: its exit code is all that it says."""


class AgentSettings(BaseModel):
    """One agent; whatever is not given is as usual for the agent of this name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    driver: DriverKind | None = None
    """How it is spoken to: `headless` for the agents whose lines are known, `acp` for others that are known to speak it,
    else what is given here: `acp` or `command`."""
    command: tuple[str, ...] = ()
    """Its program and the arguments that come first, as a list: never a shell. `{workspace}` and `{prompt_file}` stand for
    folder and file with `driver = "command"`."""
    arguments: tuple[str, ...] = ()
    """Further options."""
    model: str = ""
    """The model that it is told to use; empty: its own choice."""
    environment: tuple[str, ...] = Field(default=())
    """Names of variables that it sees besides its own keys and addresses; never values."""

    @field_validator("command", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value

    @field_validator("environment")
    @classmethod
    def _names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if "=" in name or not name:
                raise ValueError("holds the names of variables, not their values")
        return value

    def describe(self) -> str:
        """What is set, for `config show`."""
        rows = self.model_dump(mode="json", exclude_defaults=True)
        return ", ".join(f"{key}={value}" for key, value in rows.items()) or "defaults"
