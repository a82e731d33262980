"""When the very same call may be made once more, and why: the world may have changed, or it failed on its way.

A call that was answered is worth repeating only where the answer may be another one now. What changes the world are calls
that are done; a call that sets something does not make itself worth repeating, those of other tools do. Each reason holds
for so many answers in a row that say the same (`MOST_SAME`), so that two tools cannot send each other round for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from journeyman.mission.model.effects import EFFECT_RULES
from journeyman.mission.model.planner_memory import CallEffect, ToolMemory, TriedCall
from journeyman.mission.model.state import State
from journeyman.mission.model.strategy import ToolSpec

MOST_SAME: Final = 3
"""Equal answers in a row after which a call is not made again."""
MOST_LOST: Final = 5
"""Equal failures in a row after which a call is not made again that never came to an answer."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """What making a call once more is worth, and why it may tell something new."""

    worth: float
    why: str


def repeat_of(state: State, spec: ToolSpec, tried: TriedCall, *, bare: bool) -> Repeat | None:
    """Why a call may be made once more; `None` where it could tell nothing new. `bare` where it has no arguments."""
    match tried.how:
        case CallEffect.DENIED:
            return None
        case CallEffect.FAILED:
            return _of_failed(state, tried)
        case CallEffect.MOVED | CallEffect.SAME | CallEffect.WORSE:
            changes = EFFECT_RULES[spec.effect].changes_world
            return _of_change(state, spec, tried, bare=bare) if changes else _of_look(state, tried)


def _of_failed(state: State, tried: TriedCall) -> Repeat | None:
    if tried.transient:
        why = f"it failed on its way ({tried.answer}), and nobody said no to it: once more"
        return Repeat(0.5, why) if tried.same < MOST_LOST else None
    if state.memory.changes <= tried.changes:
        return None
    why = f"it failed ({tried.answer}), and calls since may have changed that"
    return Repeat(2.0 if tried.same == 1 else 0.5, why) if tried.same < MOST_SAME else None


def _of_change(state: State, spec: ToolSpec, tried: TriedCall, *, bare: bool) -> Repeat | None:
    tool = state.memory.tools.get(spec.name, ToolMemory())
    if tried.how is CallEffect.MOVED and not tool.settles:
        return Repeat(3.0, "it moved progress: once more")
    worth = -6.0 if tried.how is CallEffect.WORSE else -3.0
    if tried.count > 1 and tried.same == 1:
        return Repeat(worth, "its answers differ each time: the world goes on")
    if tried.same >= MOST_SAME:
        return None
    if state.memory.changes - tool.done > tried.others:
        return Repeat(worth, "calls of other tools have changed the world since")
    if bare and tried.count == 1:
        return Repeat(worth - 0.5, "it changes something each time: once more")
    return None


def _of_look(state: State, tried: TriedCall) -> Repeat | None:
    changed = state.world.epoch > tried.epoch and state.memory.changes > tried.changes
    if not changed or tried.same >= MOST_SAME:
        return None
    worth = 0.0 if tried.how is CallEffect.MOVED else -1.0
    return Repeat(worth, "calls since may have changed what it shows")
