"""Checks a record and everything that is derived from it: snapshots of the state, and the row that lists show."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Final

from journeyman.engine.journal import summary_of
from journeyman.engine.record_reading import read_pages, with_tool_specs
from journeyman.mission.chain import Entry, Head
from journeyman.mission.fold.fold import fold
from journeyman.mission.model.events import SnapshotTaken, encode, read
from journeyman.mission.model.state import State
from journeyman.mission.record.snapshot import form, snapshot_event
from journeyman.mission.values.errors import NotFound, RecordBroken
from journeyman.stores.base import Store, Summary
from journeyman.stores.verify import VerifyResult, verify_session

_LOOKED_UP: Final = frozenset({"seq", "head_holds", "lease_owner", "lease_held"})
"""What a row tells of the store and not of the events."""


async def check_record(store: Store, session_id: str, head: Head | None = None) -> VerifyResult:
    """What a check of one session finds: the chain and blobs, then whatever was derived from the events.

    Takes the arguments of `verify_session` and raises what it raises.
    """
    found = await verify_session(store, session_id, head)
    if not found.holds:
        return found
    seq, problem = await _derived_fault(store, session_id, found.head)
    return replace(found, bad_seq=seq, problem=problem, events=min(found.events, (seq or found.events + 1) - 1))


async def _derived_fault(store: Store, session_id: str, head: Head) -> tuple[int | None, str]:
    state: State | None = None
    seq, at = 0, ""
    try:
        async for page in read_pages(store, session_id, head):
            for entry in page:
                seq = entry.seq
                problem, state, at = await _folded(store, state, entry)
                if problem:
                    return seq, problem
    except (RecordBroken, NotFound) as error:
        return max(seq, 1), str(error)
    if state is not None and (problem := await _row_fault(store, replace(summary_of(state, at), seq=seq))):
        return seq, problem
    return None, ""


async def _folded(store: Store, state: State | None, entry: Entry) -> tuple[str, State, str]:
    happened = await with_tool_specs(store, read(entry))
    event = happened.event
    if isinstance(event, SnapshotTaken) and state is not None and event.form == form():
        derived = snapshot_event(state)
        if encode(derived) != encode(event):
            text = f"event {entry.seq} names a snapshot that is not the state folded from the events before it"
            return text, state, happened.at
    return "", fold(state, happened), happened.at


async def _row_fault(store: Store, derived: Summary) -> str:
    """Say how the row of the session differs from what its events say."""
    name = derived.session_id
    row = next((row for row in await store.sessions() if row.session_id == name), None)
    if row is None:
        return f"session {name} is not in the list"
    if row.seq > derived.seq:
        return ""  # somebody drives it on: the row is of events that came after these were read
    kept, wanted = asdict(row), asdict(derived)
    wrong = [key for key in wanted if key not in _LOOKED_UP and kept[key] != wanted[key]]
    if not wrong:
        return ""
    told = ", ".join(f"{key} is {kept[key]!r} instead of {wanted[key]!r}" for key in wrong)
    return f"the row that lists show is not what the events say: {told}"
