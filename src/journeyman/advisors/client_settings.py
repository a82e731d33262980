"""`[clients.NAME]` of the settings file: how the models of connected clients are asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

DEFAULT: Final = "default"
"""The table for clients that have none of their own."""
ANSWER_WITHIN_S: Final = 300.0
"""How long people, and agents that fetch prompts, may take unless the settings say otherwise."""
Priority = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPreferences:
    """What a client is asked to choose its model by; it may choose otherwise. Source: MCP 2025-11-25, `ModelPreferences`."""

    hints: tuple[str, ...] = ()
    """Parts of model names, best first."""
    cost: float | None = None
    """How much a low price matters, 0 to 1; `None` is left out, as are the others."""
    speed: float | None = None
    intelligence: float | None = 0.8

    def params(self) -> dict[str, Any]:
        """As the protocol has them."""
        priorities = {
            "costPriority": self.cost, "speedPriority": self.speed, "intelligencePriority": self.intelligence,
        }  # fmt: skip
        found: dict[str, Any] = {name: value for name, value in priorities.items() if value is not None}
        return {**found, "hints": [{"name": name} for name in self.hints]} if self.hints else found


class ClientSettings(BaseModel):
    """One `[clients.NAME]` table; NAME is what the client calls itself, or `default`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hints: tuple[str, ...] = ()
    """Parts of model names, best first; the client may choose otherwise."""
    cost_priority: Priority | None = None
    """How much a low price matters, 0 to 1."""
    speed_priority: Priority | None = None
    intelligence_priority: Priority | None = 0.8
    answer_within_s: float = Field(default=ANSWER_WITHIN_S, gt=0, le=86_400)
    """How long its person and its model may take for one answer; the mission's deadline bounds it too."""
    attach_within_s: float = Field(default=10.0, ge=0, le=86_400)
    """How long a question waits for a client where the session has none; once in vain, it waits no more. Of the `default` table."""
    coalesce_window_s: float = Field(default=0.05, ge=0, le=60)
    """How long a question waits for others that may go in the same request."""
    coalesce_most: int = Field(default=10, ge=1, le=100)
    """Questions in one request; 1 sends each alone."""
    coalesce_tokens: int = Field(default=64_000, ge=0, le=10_000_000)
    """Estimated prompt tokens in one request."""

    @property
    def preferences(self) -> ModelPreferences:
        """What the client is asked to choose its model by."""
        return ModelPreferences(
            hints=self.hints,
            cost=self.cost_priority,
            speed=self.speed_priority,
            intelligence=self.intelligence_priority,
        )

    def describe(self) -> str:
        """What is set, for `config show`."""
        rows = self.model_dump(mode="json", exclude_defaults=True)
        return ", ".join(f"{key}={value}" for key, value in rows.items()) or "as by default"


def client_settings(tables: Mapping[str, ClientSettings], client: str) -> ClientSettings:
    """The table of a client, or the one for all."""
    return tables.get(client) or tables.get(DEFAULT) or ClientSettings()
