"""Which calls of an iteration are still to be made: those of a turn wait for the turns before it."""

from __future__ import annotations

from typing import Final

from journeyman.mission.model.effects import EffectState
from journeyman.mission.model.state import State

MAX_NOT_DONE: Final = 3
"""How often a call is made again in place after it was found not to have happened; crashes are not counted."""


def is_due(state: State, place: str) -> bool:
    """Tell whether the call of a place is still to be made: never yet, or it was found not to have happened."""
    mine = [effect for effect in state.of_iteration() if effect.intended.place == place and effect.is_call]
    if not mine:
        return True
    newest = mine[-1]
    if newest.state is not EffectState.FAILED or not newest.reconciled:
        return False
    return newest.crashed or sum(effect.reconciled and not effect.crashed for effect in mine) < MAX_NOT_DONE


def is_stopped(state: State) -> bool:
    """Tell whether a call of this iteration failed, so that the calls after it are not made."""
    strategy = state.iteration.strategy
    if strategy is None or strategy.parallel or strategy.script is not None:
        return False
    newest = {effect.intended.place: effect for effect in state.of_iteration() if effect.is_call}
    return any(
        effect.state is EffectState.UNKNOWN or (effect.state is EffectState.FAILED and not is_due(state, place))
        for place, effect in newest.items()
    )
