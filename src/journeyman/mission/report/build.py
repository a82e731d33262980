"""The final report: everything that was done, what it cost and how it ended, from the record alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from journeyman.mission.chain import Head
from journeyman.mission.fold.fold import fold
from journeyman.mission.model import events as e
from journeyman.mission.model.events import EventRecord
from journeyman.mission.model.state import State
from journeyman.mission.report.gather import Gathered, effect_row, gather, gather_rest, gather_snapshot
from journeyman.mission.report.headline import headline
from journeyman.mission.report.model import Report, assemble
from journeyman.mission.report.retention import FIRST_ITERATIONS
from journeyman.mission.values.value import replace

SILENT: Final = frozenset({e.Evaluated, e.Decided, e.ScriptAdvanced, e.Checked, e.SnapshotTaken})
"""Kinds of which nothing is told between both ends."""


class ReportBuilder:
    """Makes a report from events as they pass, in memory that does not grow with them."""

    def __init__(self) -> None:
        self._gathered = Gathered()

    def take(self, happened: EventRecord, state: State) -> None:
        """Take in an event; `state` is as it was right after it."""
        gather(self._gathered, state, happened)

    def tells_first(self, iteration: int) -> bool:
        """Tell whether an iteration that begins now is one of the first, which are told whole."""
        first = self._gathered.rows.first
        return iteration in first or len(first) < FIRST_ITERATIONS

    def pass_by(self, happened: EventRecord) -> None:
        """Take in an event of the middle, of which only counts are told; kinds in `SILENT` may be left out."""
        event = happened.event
        if type(event) in SILENT:
            return
        match event:
            case e.Proposed():
                for name in self._gathered.looks:
                    self._gathered.rows.effects.pop(name, None)
                self._gathered.looks.clear()
                self._gathered.rows.begin(event.iteration, None)
            case e.Intended():
                self._gathered.rows.intend(event.effect, None)
            case _:
                gather_rest(self._gathered, happened)

    def pass_snapshot(self, happened: EventRecord, state: State) -> None:
        """Take in a snapshot of the middle with its state."""
        gather_snapshot(self._gathered, state, happened.at)

    def finish(self, state: State, head: Head) -> Report:
        """The report of a record that ends at `head` in `state`."""
        for effect in state.unknown:
            name = effect.intended.effect
            if name not in self._gathered.rows.effects:
                row = effect_row(effect.intended, effect.state, error=effect.error)
                self._gathered.rows.effects[name] = row
        report = assemble(state, self._gathered, head)
        return replace(report, summary=headline(report))


def build_report(events: Iterable[EventRecord], head: Head) -> Report:
    """The report of a session: the same events always give the same bytes as JSON.

    Values that the record keeps as blobs stay references. Works for sessions that go on: `ended_at` is null then. Of a
    long mission both ends are told, with the counts of what is `left_out` between; see `retention`.
    """
    builder = ReportBuilder()
    state: State | None = None
    for happened in events:
        state = fold(state, happened)
        builder.take(happened, state)
    if state is None:
        raise ValueError("a report needs at least one event")
    return builder.finish(state, head)
