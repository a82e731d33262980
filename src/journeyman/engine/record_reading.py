"""Reads records without reading all of them: page by page, backwards, or from the newest snapshot on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final, cast

from journeyman.mission.chain import Entry, Head, check_chain, genesis, head_of, is_of_kind
from journeyman.mission.fold.fold import fold
from journeyman.mission.model.events import CatalogPinned, EventRecord, Proposed, SnapshotTaken, read
from journeyman.mission.model.state import State
from journeyman.mission.record import snapshot
from journeyman.mission.report import retention
from journeyman.mission.values.canonical import JsonObject, parsed
from journeyman.mission.values.errors import NotFound, RecordBroken
from journeyman.stores.base import HeadLookup, Store

PAGE: Final = 1_000
"""Events read at a time: long records are read in flat memory."""
_FIRST_LOOK: Final = 64
"""Events first read from the end; twice as many each time, since most tails are short."""
_SNAPSHOT: Final = SnapshotTaken.__name__
_PROPOSED: Final = Proposed.__name__


@dataclass(frozen=True, slots=True, kw_only=True)
class RestorePoint:
    """Where reading a record can start."""

    state: State | None
    """As of `head`; `None` at the start of the record."""
    head: Head
    tail: tuple[Entry, ...]
    """What comes behind `head`, its chain checked."""
    at: tuple[Entry, ...] = ()
    """The event of the snapshot, where there is one."""


def session_not_found(session_id: str) -> NotFound:
    """The error for a session that is not there."""
    return NotFound(f"no session {session_id!r}; `journeyman list` shows the sessions there are")


async def restore(store: Store, session_id: str, before_seq: int | None = None) -> RestorePoint:
    """The newest snapshot that holds, with the events behind it, up to the one before `before_seq`.

    The snapshot's event must follow the one before it, its blob must have the digest that the event names, and the
    chain behind it must end where the store says. Where a blob is damaged, or written by a version whose states have
    other fields, the snapshot before it serves: `verify` names the damage, and the events alone say the same at more
    cost.

    Raises `RecordBroken` where the chain does not hold.
    """
    tail: tuple[Entry, ...] = ()
    start = genesis(store.tenant, session_id)
    end = await store.head(session_id) if before_seq is None and isinstance(store, HeadLookup) else None
    before, count = before_seq if end is None else end.seq + 1, _FIRST_LOOK
    while page := await store.read(session_id, 0, count, before_seq=before, newest=True):
        tail = (*page, *tail)
        for index in range(len(page) - 1, 0, -1):  # the first has nothing before it here: it is in the next page too
            found = await snapshot_state(store, page[index]) if is_of_kind(page[index], _SNAPSHOT) else None
            if found is not None:
                check_chain(head_of(page[index - 1]), tail[index:], end)
                return RestorePoint(state=found, head=head_of(page[index]), tail=tail[index + 1 :], at=(page[index],))
        if len(page) < count:
            break
        before = page[0].seq + 1
        tail = tail[1:]
        count *= 2
    check_chain(start, tail, end)
    return RestorePoint(state=None, head=start, tail=tail)


async def snapshot_state(store: Store, entry: Entry) -> State | None:
    """The state that a snapshot's event names; `None` where it is damaged or of another version."""
    event = cast("SnapshotTaken", read(entry).event)
    if event.form != snapshot.form():
        return None
    try:
        return snapshot.restored(await store.blob(str(event.state.get("$blob"))))
    except (NotFound, RecordBroken):
        return None


async def with_tool_specs(store: Store, happened: EventRecord) -> EventRecord:
    """The event with tool definitions that are kept as a blob put in place."""
    event = happened.event
    if not isinstance(event, CatalogPinned) or not isinstance(event.tools, dict):
        return happened
    rows = cast("list[JsonObject]", parsed(await store.blob(str(event.tools["$blob"]))))
    return EventRecord(happened.at, happened.actor, CatalogPinned(tools=rows))


async def state_of(store: Store, session_id: str) -> State:
    """The state of a session, from its newest snapshot and what came after; raises `NotFound` when there is none."""
    found = await restore(store, session_id)
    state = found.state
    for entry in found.tail:
        state = fold(state, await with_tool_specs(store, read(entry)))
    if state is None:
        raise session_not_found(session_id)
    return state


async def read_pages(
    store: Store, session_id: str, head: Head | None = None, start: Head | None = None
) -> AsyncIterator[Sequence[Entry]]:
    """The record behind `start` page by page with its chain checked, up to `head`, or else to where the store says it ends.

    Raises:
        NotFound: There is no such session.
        RecordBroken: The first event that does not fit, or is missing at the end.
    """
    at = begin = genesis(store.tenant, session_id) if start is None else start
    end = await store.head(session_id) if head is None and isinstance(store, HeadLookup) else head
    while page := await store.read(session_id, at.seq, PAGE, before_seq=None if end is None else end.seq + 1):
        at = check_chain(at, page)
        yield page
    if end is not None and at != end:
        check_chain(at, (), end)
    if at == begin and start is None:
        raise session_not_found(session_id)


async def read_events(store: Store, session_id: str, head: Head | None = None) -> AsyncIterator[EventRecord]:
    """Every event of a session, decoded, with tool definitions in place; see `pages`."""
    async for page in read_pages(store, session_id, head):
        for entry in page:
            yield await with_tool_specs(store, read(entry))


async def report_start_seq(store: Store, session_id: str) -> int:
    """The number of the first event that the newest iterations of a report may need.

    Context calls of the oldest one that is told stand behind the proposal of the one before it.
    """
    first = 1
    async for entry in read_backwards(store, session_id, retention.NEWEST_ITERATIONS + 1):
        first = entry.seq
    return first


async def newest_iterations(store: Store, session_id: str, count: int, head: Head | None = None) -> list[EventRecord]:
    """The events since the `count`-newest proposal, up to `head`; all of them where there are fewer."""
    rows = [entry async for entry in read_backwards(store, session_id, count, head)]
    return [read(entry) for entry in reversed(rows)]


async def read_backwards(store: Store, session_id: str, count: int, head: Head | None = None) -> AsyncIterator[Entry]:
    """The entries from the newest one back to the `count`-newest proposal, or to the start."""
    left, before = count, None if head is None else head.seq + 1
    while left > 0 and (page := await store.read(session_id, 0, PAGE // 4, before_seq=before, newest=True)):
        before = page[0].seq
        for entry in reversed(page):
            yield entry
            left -= is_of_kind(entry, _PROPOSED)
            if left == 0:
                return
