"""`[agents.NAME]` in the settings file: how an agent is started, where that is not as usual."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator


class DriverKind(StrEnum):
    """How an agent is spoken to."""

    HEADLESS = "headless"
    """One run for each order; lines of JSON on its output, in the format of the agent that it is named after."""
    ACP = "acp"
    """The Agent Client Protocol, which many agents speak: one driver for all of them, which asks before each call."""
    COMMAND = "command"
    """Any program: its exit code is all that it says."""


class ConfineMode(StrEnum):
    """Whether an agent is confined (with bubblewrap)."""

    AUTO = "auto"
    """Where that is possible; what held is told with each attempt."""
    REQUIRE = "require"
    """Or it is not started."""
    OFF = "off"


class NetworkAccess(StrEnum):
    """What a confined agent can reach."""

    HOST = "host"
    """What this machine can, its own programs included: most agents ask a model outside."""
    NONE = "none"
    """Nothing at all."""


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
    model_url: str = ""
    """Where its model is asked, such as a server of one's own; empty: where it always is. For agents that can be told."""
    environment: tuple[str, ...] = Field(default=())
    """Names of variables that it sees besides its own keys and addresses; never values."""
    confine: ConfineMode = ConfineMode.AUTO
    """Whether files and processes are confined: `auto` where that is possible, `require` or it is not started, `off`."""
    network: NetworkAccess = NetworkAccess.HOST
    """What it can reach: all that this machine can (`host`), or nothing (`none`), which takes `confine`."""
    home: tuple[str, ...] = ()
    """Files and folders of the home folder that it may read and write, when confined, besides those where it keeps its login and
    sessions: such as `.config/mine`."""

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

    @field_validator("home")
    @classmethod
    def _below_home(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if not name or name.startswith(("/", "~")) or ".." in name.split("/"):
                raise ValueError("holds paths below the home folder, such as .config/mine")
        return value

    @model_validator(mode="after")
    def _confined_network(self) -> AgentSettings:
        if self.network is NetworkAccess.NONE and self.confine is ConfineMode.OFF:
            raise ValueError('network = "none" takes confine = "auto" or "require"')
        return self

    def describe(self) -> str:
        """What is set, for `config show`."""
        rows = self.model_dump(mode="json", exclude_defaults=True)
        return ", ".join(f"{key}={value}" for key, value in rows.items()) or "defaults"
