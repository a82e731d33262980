"""Finds events of a long record by kind, text or iteration: sealed bytes are searched, and only what fits is read."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from journeyman.engine.record_reading import PAGE, newest_iterations, session_not_found
from journeyman.engine.records import NumberedEvent, numbered
from journeyman.mission.chain import Entry, Head, is_of_kind
from journeyman.mission.model.events import Proposed
from journeyman.stores.base import Store

MOST_SEARCHED: Final = 200_000
"""Events that one search looks at; where it stopped is told, and the next one begins there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """What events must have; what is left empty is not asked for."""

    kind: str = ""
    text: str = ""
    """Stands somewhere in the event, whatever its case."""
    iteration: int | None = None

    @property
    def is_empty(self) -> bool:
        """Whether every event fits."""
        return not self.kind and not self.text and self.iteration is None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundEvents:
    """A page of events, oldest first."""

    rows: list[NumberedEvent]
    older_before: int | None
    """Where to look for older ones: below this number; `None` where there are none."""
    newer_after: int | None
    """Where to look for newer ones: above this number; `None` where there are none."""


@dataclass(frozen=True, slots=True)
class _Range:
    """Numbers of events, both ends left out."""

    above: int
    below: int


async def find_events(
    store: Store,
    session_id: str,
    wanted: EventFilter,
    limit: int,
    *,
    before_seq: int | None = None,
    after_seq: int | None = None,
) -> FoundEvents:
    """The newest events that fit below `before_seq`, or with `after_seq` the first ones above it, at most `limit`.

    Raises `NotFound` where there is no such session.
    """
    newest = await store.read(session_id, 0, 1, newest=True)
    if not newest:
        raise session_not_found(session_id)
    whole = _Range(0, newest[-1].seq + 1)
    if wanted.iteration is not None:
        whole = await _range_of(store, session_id, wanted.iteration, whole)
    fits = _predicate(wanted)
    if after_seq is not None:
        return await _forwards(store, session_id, fits, limit, whole, max(after_seq, whole.above))
    below = whole.below if before_seq is None else min(before_seq, whole.below)
    return await _backwards(store, session_id, fits, limit, whole, below)


async def _backwards(
    store: Store, session_id: str, fits: Callable[[Entry], bool], limit: int, whole: _Range, below: int
) -> FoundEvents:
    rows: list[NumberedEvent] = []
    at, least = below, below - MOST_SEARCHED
    while len(rows) < limit and at > max(least, whole.above + 1):
        page = await store.read(session_id, whole.above, PAGE, before_seq=at, newest=True)
        if not page:
            at = whole.above + 1
            break
        rows = [*await numbered(store, session_id, page, fits), *rows]
        at = page[0].seq
    shown = rows[-limit:]
    oldest = shown[0].seq if len(rows) >= limit else at
    return FoundEvents(
        rows=shown,
        older_before=oldest if oldest > whole.above + 1 else None,
        newer_after=below - 1 if below < whole.below else None,
    )


async def _forwards(
    store: Store, session_id: str, fits: Callable[[Entry], bool], limit: int, whole: _Range, above: int
) -> FoundEvents:
    rows: list[NumberedEvent] = []
    at, most = above, above + MOST_SEARCHED
    while len(rows) < limit and at < min(most, whole.below - 1):
        page = await store.read(session_id, at, PAGE, before_seq=whole.below)
        if not page:
            at = whole.below - 1
            break
        rows += await numbered(store, session_id, page, fits)
        at = page[-1].seq
    shown = rows[:limit]
    newest = shown[-1].seq if len(rows) >= limit else at
    return FoundEvents(
        rows=shown,
        older_before=above + 1 if above > whole.above else None,
        newer_after=newest if newest < whole.below - 1 else None,
    )


def _predicate(wanted: EventFilter) -> Callable[[Entry], bool]:
    # In a sealed event text stands as in JSON; ASCII is compared as bytes, which is some ten times quicker.
    needle = json.dumps(wanted.text, ensure_ascii=False)[1:-1]
    low, plain = needle.lower().encode(errors="replace"), needle.isascii()

    def fits(entry: Entry) -> bool:
        if wanted.kind and not is_of_kind(entry, wanted.kind):
            return False
        if not needle:
            return True
        if plain:
            return low in entry.body.lower()
        return needle.casefold() in entry.body.decode(errors="replace").casefold()

    return fits


async def _range_of(store: Store, session_id: str, iteration: int, whole: _Range) -> _Range:
    """The events from an iteration's proposal up to the next one's; those before the first count with it, as everywhere.

    Iterations grow with the numbers of events, so halving finds both ends in some twenty small reads.
    """
    begin = whole.above if iteration == 0 else await _first_at_least(store, session_id, iteration, whole) - 1
    return _Range(begin, await _first_at_least(store, session_id, iteration + 1, whole))


async def _first_at_least(store: Store, session_id: str, iteration: int, whole: _Range) -> int:
    """The number of the first proposal of this iteration or a later one; behind the end where there is none."""
    low, high = whole.above, whole.below
    while high - low > 1:
        middle = (low + high) // 2
        newest = await newest_iterations(store, session_id, 1, Head(middle, b""))
        proposed = newest[0].event if newest else None
        if isinstance(proposed, Proposed) and proposed.iteration >= iteration:
            high = middle
        else:
            low = middle
    return high
