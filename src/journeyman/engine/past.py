"""What a session has done, for catalogs whose world must be brought to where the record is."""

from __future__ import annotations

from typing import cast

from journeyman.engine.world import PastCall
from journeyman.mission.events import Happened, Intended, Settled
from journeyman.mission.record.canonical import JsonObject
from journeyman.mission.state import State
from journeyman.mission.steps import effect_key


class Past:
    """Gathers the done calls of a mission in the gym from its events; of no other, since they may be very many."""

    def __init__(self) -> None:
        self.calls: list[PastCall] = []
        self._open: dict[str, Intended] = {}

    def take(self, happened: Happened, state: State) -> None:
        """Take in one event of the record."""
        if state.mission.gym is None:
            return
        event = happened.event
        if isinstance(event, Intended):
            self._open[event.effect] = event
        elif isinstance(event, Settled) and (intended := self._open.pop(event.effect, None)) and event.state == "done":
            args = intended.args if isinstance(intended.args, dict) else cast("JsonObject", {})
            self.calls.append(PastCall(tool=intended.tool, args=args, key=effect_key(state, intended.effect)))
