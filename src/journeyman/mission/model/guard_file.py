"""The guard's file: a mission that only judges, with what is protected and how patient the guard is."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StrictInt, field_validator

from journeyman.mission.criteria.schema import Name, Seconds
from journeyman.mission.model.mission import Budget, Mission, dump
from journeyman.mission.values.canonical import JsonObject, digest_of

_OWN = ("protect", "mount", "max_blocks", "timeout_s", "subagents")
_LEAST = frozenset({".", "./", "**", "**/*", "*"})


class GuardFile(Mission):
    """What must hold before a coding agent may call its work done."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}$")] = "guard"
    directive: Annotated[str, Field(min_length=1, max_length=8192)] = "Finish the work so that every criterion holds."
    mode: Literal["check"] = "check"  # pyright: ignore[reportIncompatibleVariableOverride]  # frozen: never set to anything else
    budget: Budget = Budget(iterations=1)
    """`iterations` is set for each session: one for a check by hand, one more than `max_blocks` for a host's."""
    protect: Annotated[list[Name], Field(max_length=200)] = Field(default_factory=list[str])
    """Files that are judged as they were pinned, as patterns: tests, checkers, settings of the host."""
    mount: Annotated[list[Name], Field(max_length=20)] = Field(default_factory=list[str])
    """Folders that git ignores and checks need, such as `node_modules`: copied beside the files, and read-only."""
    max_blocks: Annotated[StrictInt, Field(ge=1, le=100)] = 6
    """How often an agent is kept from stopping in one go; below the caps of hosts, behind which they let it go in silence."""
    timeout_s: Annotated[Seconds, Field(gt=0, le=86_400)] = 1800
    """Seconds that one check may take in all."""
    subagents: bool = False
    """Whether agents that an agent starts are guarded, too."""

    @field_validator("protect")
    @classmethod
    def _leaves_something(cls, patterns: list[str]) -> list[str]:
        if _LEAST.intersection(patterns):
            raise ValueError(
                "protects every file: nothing that an agent does would count; name the tests and the checkers"
            )
        for pattern in patterns:
            if pattern != pattern.strip() or ".." in pattern.split("/") or "\\" in pattern:
                raise ValueError(
                    f"{pattern!r} fits no file: a pattern counts from the folder, with / between names, no .. and no space around it"
                )
        return patterns

    def mission(self, checks: int) -> Mission:
        """The mission of a session in which it is checked at most so often."""
        data: dict[str, Any] = {key: value for key, value in contract_of(self).items() if key not in _OWN}
        budget = {**self.budget.model_dump(exclude_none=True), "iterations": checks}
        return Mission.model_validate({**data, "budget": budget})


def contract_of(guard: GuardFile) -> JsonObject:
    """The file as JSON, what it is by default included where a mission has another default: the form that is pinned."""
    return {**dump(guard), "name": guard.name, "directive": guard.directive, "mode": "check"}


def contract_digest(guard: GuardFile) -> str:
    """The SHA-256 hex that names exactly this contract."""
    return digest_of(contract_of(guard))
