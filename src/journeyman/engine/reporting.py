"""Makes reports from stored records: all events folded where there are few, both ends and the snapshots between else."""

from __future__ import annotations

from typing import Final, cast

from journeyman.engine.record_reading import (
    RestorePoint,
    read_pages,
    report_start_seq,
    restore,
    snapshot_state,
    state_of,
    with_tool_specs,
)
from journeyman.mission.chain import Entry, Head, genesis, head_of, kind_of
from journeyman.mission.fold.fold import fold
from journeyman.mission.model.events import EVENT_TYPES, Proposed, SnapshotTaken, read
from journeyman.mission.model.state import State
from journeyman.mission.report import retention
from journeyman.mission.report.build import SILENT, ReportBuilder
from journeyman.mission.report.model import Report
from journeyman.stores.base import Store

_SILENT: Final = frozenset(name for name, kind in EVENT_TYPES.items() if kind in SILENT and kind is not SnapshotTaken)
_SNAPSHOT: Final = SnapshotTaken.__name__
_PROPOSED: Final = Proposed.__name__
_MARGIN: Final = 100
"""Iterations that a mission must have more than are told, before leaving out the middle is worth its looks."""


async def report_of(store: Store, session_id: str) -> Report:
    """The report of a session as it stands; raises `NotFound` when there is none."""
    told = retention.FIRST_ITERATIONS + retention.NEWEST_ITERATIONS
    if (await state_of(store, session_id)).usage.iterations > told + _MARGIN:
        report = await _in_parts(store, session_id)
        if report is not None:
            return report
    builder = ReportBuilder()
    state: State | None = None
    head = genesis(store.tenant, session_id)
    async for page in read_pages(store, session_id):
        for entry in page:
            happened = await with_tool_specs(store, read(entry))
            state = fold(state, happened)
            builder.take(happened, state)
            head = head_of(entry)
    return builder.finish(cast("State", state), head)


def reported_head(report: Report) -> Head:
    """Where the record ended that a report was made of."""
    return Head(report.events, bytes.fromhex(report.head_hash))


async def _in_parts(store: Store, session_id: str) -> Report | None:
    """The report without folding its middle; `None` where a snapshot there cannot be used."""
    parts = _PartialFold(store, await restore(store, session_id, await report_start_seq(store, session_id)))
    async for page in read_pages(store, session_id):
        for entry in page:
            if not await parts.take(entry):
                return None
    return parts.builder.finish(cast("State", parts.state), parts.head)


class _PartialFold:
    """Walks through a record: folds the first iterations, passes the middle by, and folds the newest ones."""

    def __init__(self, store: Store, tail: RestorePoint) -> None:
        self.builder = ReportBuilder()
        self.state: State | None = None
        self.head = Head(0, b"")
        self._store = store
        self._tail = tail
        self._first = True

    async def take(self, entry: Entry) -> bool:
        """Take the next entry; give False where its snapshot cannot be used."""
        self.head = head_of(entry)
        kind = kind_of(entry)
        if self._first and kind == _PROPOSED:
            event = read(entry).event
            self._first = isinstance(event, Proposed) and self.builder.tells_first(event.iteration)
        if not self._first and entry.seq <= self._tail.head.seq:
            return kind in _SILENT or await self._pass_by(entry, kind)
        if entry.seq == self._tail.head.seq + 1:
            self.state = self._tail.state
        happened = await with_tool_specs(self._store, read(entry))
        self.state = fold(self.state, happened)
        self.builder.take(happened, self.state)
        return True

    async def _pass_by(self, entry: Entry, kind: str) -> bool:
        if kind == _SNAPSHOT:
            state = await snapshot_state(self._store, entry)
            if state is not None:
                self.builder.pass_snapshot(read(entry), state)
            return state is not None
        self.builder.pass_by(read(entry))
        return True
