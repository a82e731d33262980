"""Lays two stored sessions beside each other, event by event, in memory that does not grow with them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from operator import itemgetter

from journeyman.engine.records import NumberedEvent, numbered_events
from journeyman.engine.reporting import report_of
from journeyman.mission.model.events import Settled
from journeyman.mission.report.comparison import Comparison, FirstDifference, compare, difference_of, is_compared
from journeyman.stores.base import Store


async def comparison_of(store: Store, left: str, right: str) -> Comparison:
    """How two sessions compare; raises `NotFound` where there is none of them."""
    difference, same = await _first_difference(store, left, right)
    return compare(await report_of(store, left), await report_of(store, right), difference, same)


async def _first_difference(store: Store, left: str, right: str) -> tuple[FirstDifference | None, int]:
    """The first difference, and how many events are alike before it."""
    sides, same = (_compared(store, left), _compared(store, right)), 0
    while True:
        one, other = await anext(sides[0], None), await anext(sides[1], None)
        found = difference_of(one and one.happened, other and other.happened)
        if found is None:
            if one is None:
                return None, same
            same += 1
            continue
        at, seen, seen_other = found
        return FirstDifference(
            iteration=min(row.iteration for row in (one, other) if row is not None),
            left_seq=one and one.seq,
            right_seq=other and other.seq,
            left_kind=_kind(one),
            right_kind=_kind(other),
            at=at,
            left=seen,
            right=seen_other,
        ), same


async def _compared(store: Store, session_id: str) -> AsyncIterator[NumberedEvent]:
    """The events that tell what happened; calls that ran side by side in the order in which they were made."""
    settled: list[tuple[str, NumberedEvent]] = []
    async for row in numbered_events(store, session_id):
        event = row.happened.event
        if isinstance(event, Settled):
            settled.append((event.effect, row))
        elif is_compared(event):
            for ended in _in_order(settled):
                yield ended
            settled.clear()
            yield row
    for ended in _in_order(settled):
        yield ended


def _in_order(settled: list[tuple[str, NumberedEvent]]) -> list[NumberedEvent]:
    return [ended for _, ended in sorted(settled, key=itemgetter(0))]


def _kind(row: NumberedEvent | None) -> str:
    return "" if row is None else type(row.happened.event).__name__
