"""The events of a session as they come, from any one on: those that are there, then each new one until it ends."""

from __future__ import annotations

from typing import Final

import anyio

from journeyman.engine.records import NumberedEvent, events_after
from journeyman.engine.standing import row_of
from journeyman.hosting.host import SessionHost
from journeyman.mission.model.events import Ended
from journeyman.mission.model.reasons import SessionStatus

PAGE: Final = 500
"""Events read at a time."""
_LOOK_S: Final = 0.5
"""How often is looked for what another process appended."""
_LOOK_DRIVEN_S: Final = 5.0
"""The same for a session that is driven here, whose driver tells of each event."""


class Follower:
    """Reads on in a session, page by page, none left out; `has_ended` behind the event that ends the session."""

    def __init__(self, host: SessionHost, session_id: str, after_seq: int = 0) -> None:
        self._host = host
        self._session_id = session_id
        self._looked = False
        self.after_seq = after_seq
        self.has_ended = False

    async def page(self, wait_s: float) -> list[NumberedEvent]:
        """The next events; none where nothing happened for so many seconds, or all is read of a session that has ended.

        Raises `NotFound` for an unknown session.
        """
        host = self._host
        changed = host.changes.next(self._session_id)
        found = await self._read()
        if found or self.has_ended:
            return found
        with anyio.move_on_after(min(wait_s, _LOOK_DRIVEN_S if host.is_driving(self._session_id) else _LOOK_S)):
            await changed.wait()
        return await self._read()

    async def _read(self) -> list[NumberedEvent]:
        store = self._host.journeyman.store
        found = await events_after(store, self._session_id, self.after_seq, PAGE)
        for index, item in enumerate(found):
            self.after_seq = item.seq
            if isinstance(item.happened.event, Ended):
                self.has_ended = True
                return found[: index + 1]
        if not found and not self._looked:  # where it began behind the last event, nothing comes that tells of the end
            row = await row_of(store, self._session_id)
            self._looked = True
            self.has_ended = row.status == SessionStatus.ENDED.value and row.seq <= self.after_seq
        return found
