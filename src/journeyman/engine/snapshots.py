"""When a session's folded state is kept beside its record, so that readers are spared what stands before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from journeyman.mission.chain import Entry, Head, is_of_kind, open_entry, seal
from journeyman.mission.model.events import SnapshotTaken, encode
from journeyman.mission.model.state import SessionStatus, State
from journeyman.mission.record.snapshot import snapshot_event, snapshot_of

EVERY_EVENTS: Final = 500
"""Events behind a snapshot after which the next one is due: folding them takes some tens of milliseconds."""
AT_END_EVENTS: Final = 64
"""The same at the end of the session: fewer are read as quickly as a snapshot."""
SHARE: Final = 4
"""How many times the bytes of a snapshot stand between it and the next at least: a large state costs no more disk."""
_KIND: Final = SnapshotTaken.__name__


class SnapshotSchedule:
    """Counts what a reader must fold, and makes the snapshot that ends it."""

    def __init__(self) -> None:
        self._events = 0
        self._bytes = 0
        self._snapshot_bytes = 0

    def count(self, entries: Sequence[Entry]) -> None:
        """Take in entries that are durable."""
        for entry in entries:
            if is_of_kind(entry, _KIND):
                state = open_entry(entry).data.get("state")
                size = state.get("bytes") if isinstance(state, dict) else 0
                self._events, self._bytes, self._snapshot_bytes = 0, 0, size if isinstance(size, int) else 0
            else:
                self._events += 1
                self._bytes += len(entry.body)

    def due(self, entries: Sequence[Entry], state: State) -> bool:
        """Tell whether a snapshot should follow `entries`, after which the state is `state`."""
        least = AT_END_EVENTS if state.status is SessionStatus.ENDED else EVERY_EVENTS
        if self._events + len(entries) < least:
            return False
        return self._bytes + sum(len(entry.body) for entry in entries) >= SHARE * self._snapshot_bytes


def make_snapshot(head: Head, at: str, state: State) -> tuple[Entry, str, bytes]:
    """The event behind `head` that holds the snapshot of a state, and the blob's digest and bytes."""
    data = snapshot_of(state)
    event = snapshot_event(state, data)
    return seal(head, at=at, actor="engine", kind=_KIND, data=encode(event)), str(event.state["$blob"]), data
