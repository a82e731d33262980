"""What a report keeps of a long mission: both ends whole, and of what is between counts and the points of snapshots.

A report must not grow with history any more than a state may. And whoever writes it need not fold the middle: all that is
told of it can be had from events and snapshots alone (`ReportBuilder.pass_by`), byte for byte as from a whole fold.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import Final, Generic, TypeVar

from journeyman.mission.model.effects import EffectState
from journeyman.mission.report.rows import EffectRow, IterationRow
from journeyman.mission.values.value import replace

FIRST_ITERATIONS: Final = 100
NEWEST_ITERATIONS: Final = 900
MOST_ROWS: Final = 1_000
"""Newest words of people, and as many questions to models."""
MOST_BETWEEN: Final = 500
"""Points of snapshots in a line; where there are more, every second one is left out, and again."""
Point = TypeVar("Point")


class IterationRows:
    """Iterations and their effects, the middle of a long mission left out."""

    def __init__(self) -> None:
        self.iterations: dict[int, IterationRow] = {}
        self.effects: dict[str, EffectRow] = {}
        self.first: set[int] = set()
        """Indexes of the iterations at the start that are told whole."""
        self._states: Counter[EffectState] = Counter()
        self._open: dict[str, EffectState] = {}
        self._begun = 0
        self._newest = -1

    def begin(self, index: int, row: IterationRow | None) -> None:
        """Count an iteration, and add its row; the oldest one behind the first ones makes room."""
        if index != self._newest:
            self._begun, self._newest = self._begun + 1, index
        if row is None:
            return
        self.iterations[index] = row
        if len(self.first) < FIRST_ITERATIONS:
            self.first.add(index)
        while len(self.iterations) > FIRST_ITERATIONS + NEWEST_ITERATIONS:
            for name in self.iterations.pop(self._oldest()).effects:
                self.effects.pop(name, None)

    @property
    def next_index(self) -> int:
        """The iteration that begins next."""
        return self._newest + 1

    def _oldest(self) -> int:
        return next((index for index in self.iterations if index not in self.first), self._newest)

    def intend(self, name: str, row: EffectRow | None) -> None:
        """Count an effect that is about to happen, and add its row where its iteration is told."""
        self._states[EffectState.INTENDED] += 1
        self._open[name] = EffectState.INTENDED
        if row is not None:
            self.effects[name] = row

    def settle(self, name: str, state: EffectState, *, reconciled: bool = False) -> EffectRow | None:
        """Move an effect to the state it ended in, as the fold does; give its row where it is told."""
        before = self._open.get(name)
        if before is None or (before is EffectState.UNKNOWN and not reconciled):
            return None
        self._states[before] -= 1
        self._states[state] += 1
        del self._open[name]
        if state is EffectState.UNKNOWN:
            self._open[name] = state
        row = self.effects.get(name)
        if row is not None:
            row = self.effects[name] = replace(row, state=state)
        return row

    def by_state(self) -> dict[str, int]:
        """How many effects are in each state, of all iterations."""
        return {state.value: self._states[state] for state in sorted(self._states) if self._states[state]}

    def left_out(self) -> tuple[int, int]:
        """How many iterations and effects are not told."""
        effects = self._states.total() - len(self.effects)
        return max(0, self._begun - len(self.iterations)), max(0, effects)

    def newest_from(self) -> int | None:
        """The oldest of the newest iterations that are told; `None` where all are."""
        return self._oldest() if self._begun > len(self.iterations) else None


class MeasureSeries(Generic[Point]):
    """A measure over the iterations: every point of those that are told, and one for each snapshot between."""

    def __init__(self) -> None:
        self._first: list[tuple[int, Point]] = []
        self._between: list[tuple[int, Point]] = []
        self._newest: deque[tuple[int, Point]] = deque()
        self._seen = 0
        self._every = 1

    def add(self, index: int, point: Point, rows: IterationRows) -> None:
        """Add the point of an iteration; a second one takes the place of the first."""
        kept = self._first if index in rows.first else self._newest
        if kept and kept[-1][0] == index:
            kept.pop()
        kept.append((index, point))
        self._trim(rows)

    def pass_by(self, index: int, point: Point) -> None:
        """Add the point of a snapshot."""
        if self._seen % self._every == 0:
            self._between.append((index, point))
            if len(self._between) > MOST_BETWEEN:
                self._every *= 2
                self._between = self._between[::2]
        self._seen += 1

    def _trim(self, rows: IterationRows) -> None:
        oldest = rows.newest_from()
        while oldest is not None and self._newest and self._newest[0][0] < oldest:
            self._newest.popleft()

    def points(self, rows: IterationRows) -> list[Point]:
        """The points in order."""
        self._trim(rows)
        start, end = max(rows.first, default=-1), rows.newest_from()
        between: list[Point] = []
        last = start
        for index, point in self._between if end is not None else []:
            if last < index < (end or 0):
                between.append(point)
                last = index
        return [*(point for _, point in self._first), *between, *(point for _, point in self._newest)]
