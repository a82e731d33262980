"""What the expert team knows and how it reads: its numbers, the looks at a service, and what all four have heard."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

from journeyman.gym.actions import READING, Action, ActionType, Role, Topic
from journeyman.gym.catalog import CATALOG, GROUPS, PROBES_PER_ROLE, Failure, FailureSpec, Group
from journeyman.gym.observe.observation import DevObservation, Message, SreObservation

_NONE: Final = -1
"""In place of a probe: none is high."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """The expert's numbers, tuned on training tasks."""

    errors: float = 4.0
    slowness: float = 0.3
    memory: float = 1.0
    """Weights of a service's own errors, own slowness and full memory in its suspicion."""
    suspicious: float = 0.35
    """Suspicion from which a service is looked at."""
    unseen: float = 0.3
    """The same for one that was never looked at, so that what is mild is scanned while all is calm."""
    easing: float = 0.05
    """By how much suspicion may have fallen since the last step."""
    least_looks: float = 2.0
    most_looks: float = 5.0
    margin: float = 0.2
    """Lead of the highest mean reading over the next from which no more looks are needed."""
    signal: float = 0.55
    """Mean reading that is believed."""
    spread: float = 0.5
    """Mean reading of retries at a caller that is believed to be a cascade's."""
    spread_looks: float = 3.0
    """Looks at each caller for it."""
    patience_steps: float = 8.0
    """Steps before a treated service is suspected again."""
    doubt_steps: float = 2.0
    """The same where the readings fit no cause."""
    clear_steps: float = 3.0
    """Healthy steps before the all-clear, and calm ones before closing on it."""
    none_steps: float = 8.0
    """Steps before it is said that nothing is wrong."""
    misfit: float = 0.0
    """How much lower a probe is read that no failure with the service's symptoms raises ..."""
    unchanged: float = 0.0
    """... and one that only a change raises, where nothing changed lately."""
    ticketed: float = 0.3
    """Suspicion of an agent per harmful action with a ticket at a service that it could have broken; 1 without."""
    flag_at: float = 0.9


BY_HAND: Final = Tuning()
_SRE_PROBES: Final = {group: {int(row.sre_probe) for row in CATALOG[1:] if row.group is group} for group in Group}
OF_CHANGES: Final = frozenset(range(PROBES_PER_ROLE)) - {
    int(row.dev_probe) - PROBES_PER_ROLE for row in CATALOG[1:] if not GROUPS[row.group].after_change
}
"""Probes of the developer, by place, that only failures after a change raise."""
_FULL: Final = 0.75
_SLOW: Final = 1.4
_FAILING: Final = 0.1
"""Where memory, latency over the usual one and errors of a service show in its symptoms."""
LATELY: Final = 30
"""Steps for which a change counts as late."""
LEFT: Final = frozenset(row.leaves for row in CATALOG if row.leaves)
"""What another failure may have brought about, so that it is no root cause: the SRE alone can tell."""
CAUSES: Final[dict[tuple[int, int], tuple[FailureSpec, ...]]] = {
    pair: tuple(row for row in CATALOG[1:] if (row.sre_probe, row.dev_probe) == pair)
    for pair in {(int(row.sre_probe), int(row.dev_probe)) for row in CATALOG[1:]}
}
"""What the SRE's and the developer's high probes together stand for."""


def say(topic: int, about: int) -> Action:
    """Tell everybody."""
    return Action(ActionType.COMMUNICATE, about, topic)


def claim(failure: Failure, service: int) -> Action:
    """Name a root cause."""
    return Action(ActionType.IDENTIFY_ROOT_CAUSE, service, int(failure))


@dataclass(slots=True)
class Notes:
    """What all four know, since all hear the same: which probe each looker found high at each service."""

    found: dict[int, dict[int, int]] = field(default_factory=dict[int, dict[int, int]])
    asked: deque[int] = field(default_factory=deque[int])
    cleared_at: int = -99
    suspects: list[int] = field(default_factory=list[int])
    heard: int = -1

    def hear(self, step: int, messages: Sequence[Message]) -> list[tuple[int, tuple[FailureSpec, ...]]]:
        """Take in what is new, and tell which services' causes are known by it."""
        known: list[tuple[int, tuple[FailureSpec, ...]]] = []
        for said_at, sender, _, topic, about in messages:
            if said_at <= self.heard:
                continue
            if topic == Topic.SYMPTOM:
                self.found[about] = {}
                self.asked.append(about)
            elif topic == Topic.SUSPECT:
                self.suspects.append(about)
            elif topic == Topic.ALL_CLEAR and about < 0:
                self.cleared_at = step
            elif topic == Topic.ALL_CLEAR or topic >= READING:
                pair = self.found.setdefault(about, {})
                pair[sender] = topic - READING if topic >= READING else _NONE
                if len(pair) == 2:
                    known.append((about, CAUSES.get((pair[Role.SRE], pair[Role.DEV]), ())))
        self.heard = step - 1
        return known


class Looks:
    """The looks at one service, and what their mean says."""

    def __init__(self, tuning: Tuning, service: int) -> None:
        self.service = service
        self.count = 0
        self._tuning = tuning
        self._sums = [0.0] * PROBES_PER_ROLE

    def take(self, seen: SreObservation | DevObservation) -> None:
        """Take a look in, if what is seen is a new one at this service."""
        if seen.focus == self.service and seen.look_age == 1:
            self._sums = [before + reading for before, reading in zip(self._sums, seen.probes, strict=True)]
            self.count += 1

    def mean(self, probe: int) -> float:
        """Mean reading of a probe, by its place among its role's."""
        return self._sums[probe] / max(self.count, 1)

    def enough(self, unlikely: Collection[int], by: float) -> bool:
        """Whether one probe leads clearly, those that are `unlikely` read so much lower, or there were many looks."""
        (first, _), (second, _) = self._leaders(unlikely, by)
        sure = self.count >= self._tuning.least_looks and first - second >= self._tuning.margin
        return sure or self.count >= max(int(self._tuning.most_looks), 1)

    def report(self, first_probe: int, unlikely: Collection[int], by: float) -> Action:
        """Say which probe is high there, or that none is."""
        (mean, best), _ = self._leaders(unlikely, by)
        high = mean >= self._tuning.signal
        return say(READING + first_probe + best if high else Topic.ALL_CLEAR, self.service)

    def _leaders(self, unlikely: Collection[int], by: float) -> list[tuple[float, int]]:
        means = ((self.mean(probe) - (by if probe in unlikely else 0.0), probe) for probe in range(PROBES_PER_ROLE))
        return sorted(means, reverse=True)[:2]


def unlikely(seen: SreObservation, service: int) -> frozenset[int]:
    """The probes that no failure with a service's symptoms raises; none where the symptoms fit several groups."""
    slow = seen.latency[service] / max(seen.usual_latency[service], 1.0)
    shown = {
        Group.MEMORY: seen.memory[service] > _FULL,
        Group.SLOW: slow > _SLOW and seen.errors[service] < _FAILING,
        Group.ERRORS: slow < _SLOW and seen.errors[service] > _FAILING,
    }
    groups = [group for group, fits in shown.items() if fits]
    return frozenset(range(PROBES_PER_ROLE)) - _SRE_PROBES[groups[0]] if len(groups) == 1 else frozenset()
