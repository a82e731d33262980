"""Which tier to train on next: up when it goes well, down when it does not."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from journeyman.gym.tasks import Split, Task, Tier

_TIERS: Final = tuple(Tier)


@dataclass(slots=True)
class Curriculum:
    """Promotes at a rolling success rate, demotes at a lower one, and hands out training tasks, each once.

    Args:
        window: episodes that the rate looks back on; nothing moves before it is full, and a move empties it.
        promote: rate at or above which the next tier begins.
        demote: rate below which the tier before returns.
    """

    window: int = 50
    promote: float = 0.7
    demote: float = 0.3
    tier: Tier = Tier.EASY
    _recent: deque[bool] = field(default_factory=deque[bool], init=False)
    _next: dict[Tier, int] = field(default_factory=dict[Tier, int], init=False)

    def __post_init__(self) -> None:
        if self.window < 1 or not 0 <= self.demote < self.promote <= 1:
            raise ValueError(f"window {self.window}, demote {self.demote}, promote {self.promote} make no ladder")

    @property
    def success(self) -> float | None:
        """The rolling success rate; `None` before the first episode of a tier."""
        return sum(self._recent) / len(self._recent) if self._recent else None

    def draw(self, count: int) -> tuple[Task, ...]:
        """Give the next training tasks of the current tier."""
        first = self._next.get(self.tier, 0)
        self._next[self.tier] = first + count
        return tuple(Task(self.tier, Split.TRAIN, number) for number in range(first, first + count))

    def record(self, *, succeeded: bool) -> Tier:
        """Note an episode of the current tier and give the tier to go on with."""
        self._recent.append(succeeded)
        if len(self._recent) > self.window:
            self._recent.popleft()
        if len(self._recent) == self.window:
            rate = sum(self._recent) / self.window
            if rate >= self.promote:
                self._move(1)
            elif rate < self.demote:
                self._move(-1)
        return self.tier

    def _move(self, by: int) -> None:
        place = min(max(_TIERS.index(self.tier) + by, 0), len(_TIERS) - 1)
        if _TIERS[place] is not self.tier:
            self.tier = _TIERS[place]
            self._recent.clear()
