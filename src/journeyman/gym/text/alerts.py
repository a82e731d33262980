"""Which alerts fire, since when and for what: what the arrays say of an alert is only whether it does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from journeyman.gym.observe.observation import Observations, SreObservation
from journeyman.gym.text.observation import Alert

_FAILING_RATIO: Final = 0.05
_SLOW: Final = 2.0
_FULL_RATIO: Final = 0.85
_BUSY_RATIO: Final = 0.97
"""Beyond these an alert says that requests fail or are slow, that memory runs full or processors are busy."""


class AlertTracker:
    """Follows a world's alerts from step to step.

    An alert says in words what was over its limit when it began to fire, never a number: who sees alerts alone must ask
    for the rest.
    """

    def __init__(self, services: Sequence[str]) -> None:
        self._services: Final = services
        self._firing: dict[int, Alert] = {}

    @property
    def firing(self) -> tuple[Alert, ...]:
        """The alerts that fire, by service."""
        return tuple(self._firing.values())

    def watch(self, observations: Observations, step: int) -> None:
        """Take note of what fires after a step in a world alone."""
        firing = observations.firing()
        if firing == list(self._firing):
            return
        (seen,) = observations.each_sre()
        self._firing = {number: self._firing.get(number) or self._alert(number, seen, step) for number in firing}

    def _alert(self, number: int, seen: SreObservation, step: int) -> Alert:
        failing = seen.errors[number] > _FAILING_RATIO
        slow = seen.latency[number] > _SLOW * seen.usual_latency[number]
        found = {
            "requests fail": failing,
            "requests are slow": slow,
            "memory runs full": seen.memory[number] > _FULL_RATIO,
            "processors are busy": seen.cpu[number] > _BUSY_RATIO,
        }
        why = ", ".join(what for what, holds in found.items() if holds) or "not healthy"
        return Alert(self._services[number], "page" if failing or slow else "warn", why, step)
