"""Replays a session's record, whole or the part behind a snapshot: parts may be replayed side by side.

A snapshot's event names the digest of the state that it keeps, and a replay derives that event again. So where the part
before a snapshot follows, ends at its event, and the part behind it follows from its state, the whole follows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from journeyman.engine.record_reading import read_pages, restore, with_tool_specs
from journeyman.engine.runtime import PredicateEvaluator, expression_result
from journeyman.mission.chain import Head, genesis
from journeyman.mission.criteria.evidence import ExpressionResult
from journeyman.mission.model.events import CatalogPinned, read
from journeyman.mission.model.state import State
from journeyman.mission.record.replay import Replayer, ReplayResult
from journeyman.mission.values.canonical import Json, JsonObject, parsed
from journeyman.stores.base import HeadLookup, Store

LEAST_EVENTS: Final = 20_000
"""Shorter records are replayed in one piece: another process takes longer to start than it would save."""
_FIRST_SHARE: Final = 0.55
"""The part of a record that the other process takes, while this one takes the rest and makes the report."""


@dataclass(frozen=True, slots=True)
class SplitPoint:
    """A snapshot at which a record can be replayed in two parts."""

    head: Head
    state: State


async def split_point(store: Store, session_id: str) -> SplitPoint | None:
    """Where a long record is best cut in two; `None` where it is short, or has no snapshot of this version there."""
    if not isinstance(store, HeadLookup):
        return None
    head = await store.head(session_id)
    if head.seq < LEAST_EVENTS:
        return None
    found = await restore(store, session_id, int(head.seq * _FIRST_SHARE))
    return SplitPoint(found.head, found.state) if found.state is not None else None


async def replay_of(
    store: Store,
    session_id: str,
    predicates: PredicateEvaluator,
    *,
    behind: SplitPoint | None = None,
    until: Head | None = None,
) -> ReplayResult:
    """What replaying a session's record finds; of the part behind a cut, or up to a head, where these are given.

    Raises `RecordBroken` where the chain or the end does not hold.
    """

    async def ask(expression: str, obs: JsonObject) -> ExpressionResult:
        result = await predicates.evaluate(expression, obs)
        return expression_result(result)

    async def read_blob(name: str) -> Json:
        return parsed(await store.blob(name))

    start = genesis(store.tenant, session_id) if behind is None else behind.head
    replaying = Replayer(ask, read_blob, state=behind.state if behind is not None else None, before=start.seq)
    async for page in read_pages(store, session_id, until, None if behind is None else start):
        for entry in page:
            happened = read(entry)
            if isinstance(happened.event, CatalogPinned):
                happened = await with_tool_specs(store, happened)
            if not await replaying.take(happened):
                return replaying.result()
    return replaying.result()


def joined(first: ReplayResult, rest: ReplayResult) -> ReplayResult:
    """What two parts found together; of two differences the first counts, and nothing behind it does."""
    if first.difference is not None:
        return first
    return ReplayResult(
        events=first.events + rest.events,
        derived=first.derived + rest.derived,
        difference=rest.difference,
        state=rest.state,
    )
