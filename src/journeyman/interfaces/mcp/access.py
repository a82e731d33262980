"""What a request of a client reaches: the host of its tenant, and what it may do there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from mcp.server.context import ServerRequestContext

from journeyman.hosting.access import AccessScope, Caller
from journeyman.hosting.host import SessionHost
from journeyman.hosting.mission_sources import MissionSources
from journeyman.hosting.person_actions import SessionActions

RequestContext: TypeAlias = ServerRequestContext[Any, Any]
"""A request with the connection that it came over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class McpAccess:
    """Who asks, and what they reach."""

    host: SessionHost
    caller: Caller
    sources: MissionSources
    asks_person: bool = True
    """Whether what a client says that its person answered counts as a person's word, where the caller has no scope for it."""

    is_over: Callable[[], bool] = lambda: False
    """Tells whether the caller was let in and is no more: what is open then ends, and nobody is asked for them any more."""

    @property
    def actions(self) -> SessionActions:
        """What the caller does to sessions."""
        return SessionActions(self.host, self.caller)

    @property
    def as_person(self) -> SessionActions:
        """What the person in front of the client does, who was asked."""
        scopes = self.caller.scopes | {AccessScope.PERSON}
        return SessionActions(self.host, Caller(name=self.caller.name, tenant=self.caller.tenant, scopes=scopes))


AccessOf: TypeAlias = Callable[[RequestContext], Awaitable[McpAccess]]
"""Finds what a request reaches."""
