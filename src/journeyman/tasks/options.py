"""What a person says about a task besides its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from journeyman.mission.values.canonical import Json, JsonObject

MOST_ATTEMPTS: Final = 5
"""Where nobody says how many."""


class MentorMode(StrEnum):
    """Who reviews attempts besides the checks."""

    model_assisted = "model-assisted"
    expert_led = "expert-led"
    hybrid = "hybrid"

    @property
    def asks_person(self) -> bool:
        """Whether a person is asked before each attempt and at the end."""
        return self is not MentorMode.model_assisted

    @property
    def asks_model(self) -> bool:
        """Whether a model is asked what the next attempt shall be told."""
        return self is not MentorMode.expert_led


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOptions:
    """What was said on the command line."""

    agent: str
    source: Path | None
    assets: Sequence[Path] = ()
    checks: Sequence[str] = ()
    files: Sequence[str] = ()
    protect: Sequence[str] = ()
    mounts: Sequence[str] = ()
    attempts: int = MOST_ATTEMPTS
    timeout_s: float = 1800
    tokens: int | None = None
    cost_usd: float | None = None
    mentor: MentorMode | None = None
    mentor_advisor: str = ""
    output: Path | None = None
    who: str = ""
    """The person whose yes the modes with a person need."""
    follows: JsonObject = field(default_factory=dict[str, Json])
    criteria: Sequence[Json] = ()
    """Criteria that hold already, of a task that this one follows."""
