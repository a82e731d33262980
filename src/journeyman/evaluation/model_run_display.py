"""What a display of a run of models is told."""

from __future__ import annotations

from typing import Protocol

from journeyman.evaluation.usage import ModelUsage


class Watches(Protocol):
    """Shows how far models are."""

    def began(self, title: str, total: int, done: int) -> None:
        """Tasks of one tier are played by one policy from here on."""
        ...

    def used(self, title: str, usage: ModelUsage) -> None:
        """So much was used by now, in all."""
        ...

    def ended_one(self) -> None:
        """One more episode is over and kept."""
        ...

    def waiting(self, policy: str, reason: str, rest_s: float) -> None:
        """A provider fails and is left alone for a while; told once per reason."""
        ...
