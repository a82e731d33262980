"""Whether a call has left us: what deciding whether it may be tried again hangs on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class SendState:
    """Whether one try of a call has left us; while it certainly has not, nothing can have happened."""

    sent: bool = False
    """It may have left. Only who sends it sets this, and only then may a call without an answer count as not sent."""
    running: str = ""
    """What is left running when nobody waits for the answer any more; empty where nothing is."""
