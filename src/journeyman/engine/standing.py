"""Where a session stands: what its record says, and whether anybody drives it. The one place where the two are joined."""

from __future__ import annotations

from enum import StrEnum

from journeyman.engine.process_identity import is_gone
from journeyman.engine.record_reading import session_not_found
from journeyman.mission.model.reasons import SessionStatus, VerdictReason
from journeyman.stores.base import Store, Summary


class Standing(StrEnum):
    """Where a session stands, in the words that every list and view shows."""

    RUNNING = "running"
    """Somebody drives it at this moment."""
    WAITING = "waiting"
    """A person must act."""
    STOPPED = "stopped"
    """It was put down in order, and goes on when somebody resumes it."""
    INTERRUPTED = "interrupted"
    """The process that drove it ended without a word."""
    COULD_NOT_START = "could_not_start"
    """It ended before it began: its tools could not be had."""
    ENDED = "ended"

    @property
    def words(self) -> str:
        """As people read it."""
        return "waiting for you" if self is Standing.WAITING else self.value.replace("_", " ")


def standing_of(row: Summary) -> Standing:
    """Where the session of a row stands, with the lease as the store found it."""
    if row.status == SessionStatus.ENDED.value:
        never_began = row.verdict.endswith(f"/{VerdictReason.COULD_NOT_START.value}")
        return Standing.COULD_NOT_START if never_began else Standing.ENDED
    if row.status == SessionStatus.WAITING.value:
        return Standing.WAITING
    if is_driven(row):
        return Standing.RUNNING
    return Standing.INTERRUPTED if row.lease_owner else Standing.STOPPED


def is_driven(row: Summary) -> bool:
    """Tell whether a process holds the session; one of this machine that has died does not, whatever its lease says."""
    return row.lease_held and not is_gone(row.lease_owner)


async def row_of(store: Store, session_id: str) -> Summary:
    """The row of one session as lists show it; raises `NotFound`."""
    found = await store.sessions(session_id) if session_id else ()
    if not found:
        raise session_not_found(session_id)
    return found[0]
