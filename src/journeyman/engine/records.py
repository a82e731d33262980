"""What is read of a session: its events and its prompt. Long records pass by; they are not held."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import cast

from journeyman.engine.journal import summary_of
from journeyman.engine.recent_iterations import RecentIterations
from journeyman.engine.record_reading import (
    newest_iterations,
    read_pages,
    session_not_found,
    state_of,
)
from journeyman.mission.advice import StrategyAdvice
from journeyman.mission.chain import Entry, Head, head_of, is_of_kind
from journeyman.mission.fold.fold import fold_all
from journeyman.mission.model.events import EventRecord, Proposed, read
from journeyman.mission.model.state import State
from journeyman.mission.prompt import RECENT, Prompt, references, strategy_prompt
from journeyman.mission.values.canonical import JsonObject, parsed
from journeyman.stores.base import Store, Summary


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A session's events, read and decoded."""

    session_id: str
    events: tuple[EventRecord, ...]
    entries: tuple[Entry, ...]
    head: Head


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberedEvent:
    """An event with its place."""

    seq: int
    iteration: int
    """The newest one proposed up to here."""
    happened: EventRecord


async def read_record(store: Store, session_id: str) -> Record:
    """A session's whole record, held in memory; raises `NotFound` when there is none."""
    entries = tuple([entry async for page in read_pages(store, session_id) for entry in page])
    decoded = tuple(read(entry) for entry in entries)
    return Record(session_id=session_id, events=decoded, entries=entries, head=head_of(entries[-1]))


async def numbered_events(store: Store, session_id: str, *, kind: str = "") -> AsyncIterator[NumberedEvent]:
    """All events in order, or those of one kind; others are passed over unread."""
    iteration = 0
    async for page in read_pages(store, session_id):
        for entry in page:
            is_proposed = is_of_kind(entry, Proposed.__name__)
            if is_proposed or not kind or is_of_kind(entry, kind):
                happened = read(entry)
                if isinstance(happened.event, Proposed):
                    iteration = happened.event.iteration
                if not kind or is_of_kind(entry, kind):
                    yield NumberedEvent(seq=entry.seq, iteration=iteration, happened=happened)


async def events_after(store: Store, session_id: str, after_seq: int, limit: int) -> list[NumberedEvent]:
    """The first events with a number above `after_seq`, at most so many; raises `NotFound` where there are none at all."""
    entries = await store.read(session_id, after_seq, limit)
    if not entries:
        if not await store.read(session_id, 0, 1):
            raise session_not_found(session_id)
        return []
    return await numbered(store, session_id, entries)


async def newest_events(
    store: Store, session_id: str, count: int, before_seq: int | None = None
) -> list[NumberedEvent]:
    """The newest events, oldest first; raises `NotFound` where there are none at all."""
    entries = await store.read(session_id, 0, count, before_seq=before_seq, newest=True)
    if not entries:
        if not await store.read(session_id, 0, 1):
            raise session_not_found(session_id)
        return []
    return await numbered(store, session_id, entries)


async def numbered(
    store: Store, session_id: str, entries: Sequence[Entry], wanted: Callable[[Entry], bool] = lambda _: True
) -> list[NumberedEvent]:
    """Those `wanted` of some entries that follow each other; others are passed over unread."""
    before = await newest_iterations(store, session_id, 1, Head(entries[0].seq - 1, b""))
    first = before[0].event if before else None
    iteration = first.iteration if isinstance(first, Proposed) else 0
    rows: list[NumberedEvent] = []
    for entry in entries:
        chosen = wanted(entry)
        if not chosen and not is_of_kind(entry, Proposed.__name__):
            continue
        happened = read(entry)
        if isinstance(happened.event, Proposed):
            iteration = happened.event.iteration
        if chosen:
            rows.append(NumberedEvent(seq=entry.seq, iteration=iteration, happened=happened))
    return rows


def summarized(entries: Sequence[Entry]) -> Summary:
    """The list row of a record that is taken in from a file."""
    decoded = [read(entry) for entry in entries]
    state = cast("State", fold_all(None, decoded))
    return summary_of(state, decoded[-1].at)


async def prompt_of(store: Store, session_id: str) -> Prompt:
    """The prompt that a model would see next for a session."""
    state, recent = await state_of(store, session_id), RecentIterations()
    for happened in await newest_iterations(store, session_id, RECENT):
        recent.take(happened)
    values = {name: parsed(await store.blob(name)) for name in (*recent.references(), *references(state))}
    schema = cast("JsonObject", StrategyAdvice.model_json_schema())
    return strategy_prompt(state, recent.resolved(values), schema, values=values)
