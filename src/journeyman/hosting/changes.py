"""Wakes those who follow sessions when something was appended here."""

from __future__ import annotations

from collections import defaultdict

import anyio


class Changes:
    """One event per session that somebody waits for."""

    def __init__(self) -> None:
        self._waited: defaultdict[str, anyio.Event] = defaultdict(anyio.Event)

    def notify(self, session_id: str) -> None:
        """Wake who waits for a session, and who waits for any."""
        for name in (session_id, ""):
            if (event := self._waited.pop(name, None)) is not None:
                event.set()

    def next(self, session_id: str) -> anyio.Event:
        """Set when something happens to a session here from now on; an empty id means any session.

        Taken before looking, so that nothing is missed in between. What other processes append sets nothing.
        """
        return self._waited[session_id]
