"""What a session has done, for catalogs whose world must be brought to where the record is."""

from __future__ import annotations

from typing import cast

from journeyman.mission.model.effects import EffectState
from journeyman.mission.model.events import EventRecord, Intended, Reconciled, Settled
from journeyman.mission.model.state import State
from journeyman.mission.rules.calls import effect_key
from journeyman.mission.values.canonical import JsonObject
from journeyman.tools.base import PastCall


class CompletedCalls:
    """Gathers the calls that a record says were done and a world that lives in this process does not know yet.

    Until `due` is first asked these are all; from then on the world has played what settles here by itself, and only
    what somebody else says of an unknown effect is news to it.
    """

    def __init__(self) -> None:
        self._calls: list[PastCall] = []
        self._open: dict[str, Intended] = {}
        self._live = False

    def take(self, happened: EventRecord, state: State) -> None:
        """Take in one event of the record."""
        match happened.event:
            case Intended() as intended:
                self._open[intended.effect] = intended
            case Settled(effect=effect, state=EffectState.UNKNOWN):
                pass  # whether it happened is said later, in a `Reconciled`
            case Settled(effect=effect, state=how, metrics=metrics):
                intended = self._open.pop(effect, None)
                if intended is not None and how is EffectState.DONE and not self._live:
                    self._calls.append(_call(intended, state, metrics))
            case Reconciled(effect=effect, state=how):
                intended = self._open.pop(effect, None)
                if intended is not None and how is EffectState.DONE:
                    self._calls.append(_call(intended, state, {}))
            case _:
                pass

    def not_replayed(self) -> list[PastCall]:
        """The calls that the world has yet to play, in the record's order, once."""
        self._live = True
        calls, self._calls = self._calls, []
        return calls


def _call(intended: Intended, state: State, metrics: JsonObject) -> PastCall:
    args = intended.args if isinstance(intended.args, dict) else cast("JsonObject", {})
    return PastCall(tool=intended.tool, args=args, key=effect_key(state, intended), metrics=metrics)
