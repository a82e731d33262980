"""Who looks at what: what every page is given, however the visitor was let in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from starlette.requests import Request

from journeyman.engine.record_reading import session_not_found
from journeyman.engine.standing import row_of
from journeyman.hosting.access import AccessScope, Caller
from journeyman.hosting.host import SessionHost
from journeyman.hosting.mission_sources import MissionSources
from journeyman.hosting.person_actions import SessionActions
from journeyman.stores.base import Store, Summary


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A request of somebody who was let in."""

    host: SessionHost
    caller: Caller
    missions: MissionSources | None = None
    """Where missions to start are found; `None` where none can be started."""
    episodes: Path | None = None
    """Folder with the logs of gym episodes; `None` where none are shown."""
    only: str = ""
    """The one session that is shown; empty for all of the tenant."""
    is_over: Callable[[], bool] = lambda: False
    """Tells whether the visit has ended while a page is still alive: the visitor may look no more, or nobody shows anything."""

    @property
    def store(self) -> Store:
        """The records."""
        return self.host.journeyman.store

    @property
    def actions(self) -> SessionActions:
        """What the caller does to sessions."""
        return SessionActions(self.host, self.caller)

    def may(self, scope: AccessScope) -> bool:
        """Tell whether the caller has a scope, to show only what would be done."""
        return scope in self.caller.scopes

    async def rows(self) -> list[Summary]:
        """The sessions that may be seen, newest first."""
        rows = await self.store.sessions()
        return [row for row in rows if self.only in ("", row.session_id)]

    async def row(self, session_id: str) -> Summary:
        """The row of a session; raises `NotFound` for one that may not be seen, too."""
        if self.only not in ("", session_id):
            raise session_not_found(session_id)
        return await row_of(self.store, session_id)


Resolve: TypeAlias = Callable[[Request], Awaitable[Visit]]
"""Finds out who asks; raises our errors for those who are not let in."""
