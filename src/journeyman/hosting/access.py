"""Who calls and what they may do: a name, a tenant and scopes. Interfaces find the caller; operations ask for the scope."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from journeyman.mission.values.errors import NotAllowed


class AccessScope(StrEnum):
    """What a caller may do."""

    READ = "read"
    """See sessions, records and reports."""
    RUN = "run"
    """Start missions that the host offers, pause and resume them, and answer prompts as a model."""
    AUTHOR = "author"
    """Start missions of the caller's own, whose commands run on this machine."""
    PERSON = "person"
    """Speak for a person: approve, deny, amend, end, abort, settle what is unknown."""

    @property
    def about(self) -> str:
        """In one line, for help texts and token lists."""
        return _ABOUT[self]


_ABOUT = {
    AccessScope.READ: "see sessions, records and reports",
    AccessScope.RUN: "start the missions that the host offers, pause and resume, answer prompts as a model",
    AccessScope.AUTHOR: "start missions of one's own: their commands run on this machine",
    AccessScope.PERSON: "speak for a person: approve, amend, end, abort, settle what is unknown",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Somebody who was let in."""

    name: str
    """Stands in the record of what they do as `person:NAME`."""
    tenant: str
    scopes: frozenset[AccessScope]
    """Whoever may do anything may read, too: each act answers with where the session stands."""

    def __post_init__(self) -> None:
        if self.scopes:
            object.__setattr__(self, "scopes", self.scopes | {AccessScope.READ})

    def require(self, scope: AccessScope) -> None:
        """Raise `NotAllowed` where the caller lacks a scope."""
        if scope not in self.scopes:
            has = ", ".join(sorted(self.scopes)) or "none"
            raise NotAllowed(
                f"this needs the scope {scope.value!r} ({scope.about}), and {self.name!r} has: {has}",
                code="scope_missing",
            )
