"""What a report keeps of a long mission: both ends whole, what went wrong, and lines with fewer points.

A report must not grow with history any more than a state may: its reader wants the beginning, the end and the trouble,
and finds everything else in the record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final

from journeyman.mission.values.canonical import Json, JsonObject

FIRST_ITERATIONS: Final = 100
NEWEST_ITERATIONS: Final = 900
MOST_TROUBLES: Final = 1_000
"""Effects between both ends that are told since they did not simply succeed; the first ones."""
MOST_ROWS: Final = 1_000
"""Newest words of people, and as many questions to models."""
MOST_POINTS: Final = 1_000
"""Points of a line; where there are more, every second one is left out, and again."""


class Line:
    """Points in order, thinned evenly; the newest is always there."""

    def __init__(self, index: Callable[[JsonObject | list[Json]], int]) -> None:
        self._index = index
        self._points: list[JsonObject | list[Json]] = []
        self._newest: JsonObject | list[Json] | None = None
        self._every = 1

    def add(self, point: JsonObject | list[Json]) -> None:
        """Add a point; a second one of the same iteration takes the place of the first."""
        at = self._index(point)
        if self._newest is not None and self._index(self._newest) == at and self._points:
            if self._points[-1] is self._newest:
                self._points[-1] = point
        elif at % self._every == 0:
            self._points.append(point)
            if len(self._points) > MOST_POINTS:
                self._every *= 2
                self._points = [row for row in self._points if self._index(row) % self._every == 0]
        self._newest = point

    def points(self) -> list[Json]:
        """Give the points."""
        tail = [] if self._newest is None or (self._points and self._points[-1] is self._newest) else [self._newest]
        return [*self._points, *tail]


class Rows:
    """Iterations and their effects, the middle of a long mission left out."""

    def __init__(self) -> None:
        self.iterations: dict[int, JsonObject] = {}
        self.effects: dict[str, JsonObject] = {}
        self.states: Counter[str] = Counter()
        """Effects by state, of all iterations."""
        self.iterations_left_out = 0
        self.effects_left_out = 0
        self._troubles = 0

    def begin(self, index: int, row: JsonObject) -> None:
        """Add an iteration; the oldest one behind the first ones makes room."""
        self.iterations[index] = row
        if len(self.iterations) > FIRST_ITERATIONS + NEWEST_ITERATIONS:
            oldest = next(key for place, key in enumerate(self.iterations) if place == FIRST_ITERATIONS)
            gone = self.iterations.pop(oldest)
            self.iterations_left_out += 1
            names = gone.get("effects")
            for name in names if isinstance(names, list) else []:
                self._leave(str(name))

    def _leave(self, name: str) -> None:
        state = self.effects[name]["state"]
        if state in ("unknown", "intended"):
            return
        if state != "done" and self._troubles < MOST_TROUBLES:
            self._troubles += 1
            return
        del self.effects[name]
        self.effects_left_out += 1

    def intend(self, name: str, row: JsonObject) -> None:
        """Add an effect that is about to happen."""
        self.effects[name] = row
        self.states["intended"] += 1

    def settle(self, name: str, state: str) -> JsonObject | None:
        """Move an effect to another state and give its row; `None` where it is not kept, as it had ended before."""
        row = self.effects.get(name)
        if row is None:
            return None
        self.states[str(row["state"])] -= 1
        self.states[state] += 1
        row["state"] = state
        return row

    def by_state(self) -> JsonObject:
        """Give how many effects are in each state."""
        return {name: self.states[name] for name in sorted(self.states) if self.states[name]}
