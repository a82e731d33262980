"""The events of a session as they come, from any one on: those that are there, then each new one until it ends."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Final

import anyio

from journeyman.engine.records import NumberedEvent, events_after
from journeyman.hosting.host import SessionHost
from journeyman.mission.model.events import Ended

PAGE: Final = 500
"""Events read at a time."""
_LOOK_S: Final = 0.5
"""How often is looked for what another process appended."""


async def follow(host: SessionHost, session_id: str, after_seq: int = 0) -> AsyncGenerator[NumberedEvent]:
    """Each event with a number above `after_seq`, in order, none left out; stops behind the one that ends the session.

    Raises `NotFound` for an unknown session.
    """
    while True:
        changed = host.changes.next(session_id)
        page = await events_after(host.journeyman.store, session_id, after_seq, PAGE)
        for item in page:
            yield item
            after_seq = item.seq
            if isinstance(item.happened.event, Ended):
                return
        if len(page) < PAGE:
            with anyio.move_on_after(_LOOK_S):
                await changed.wait()
