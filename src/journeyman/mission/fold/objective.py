"""The part of the fold that follows an objective: how the world is set, and the best value so far."""

from __future__ import annotations

import math

from journeyman.mission.fold.completion import criteria_hold
from journeyman.mission.model.effects import EFFECT_RULES, NEVER_SENT, EffectState
from journeyman.mission.model.events import Settled
from journeyman.mission.model.state import BestSoFar, Effect, ObjectiveState, State
from journeyman.mission.model.strategy import ToolCall
from journeyman.mission.values.value import replace


def after_call(state: State, effect: Effect, event: Settled) -> ObjectiveState:
    """How the world is set once a call has ended: by the last call of each tool, where that is known to have happened."""
    known, call = state.objective, effect.intended
    if not EFFECT_RULES[effect.effect_class].changes_world or event.error_class in NEVER_SENT:
        return known
    settings = {tool: made for tool, made in known.settings.items() if tool != call.tool}
    sure = event.state is EffectState.DONE and isinstance(call.args, dict) and "$blob" not in call.args
    settings[call.tool] = ToolCall.model_validate({"tool": call.tool, "args": call.args}) if sure else None
    return replace(known, settings=settings)


def after_evaluation(state: State, value: float | None, total: float) -> ObjectiveState:
    """The best so far once the criteria are judged: of the values with which they held, and that could be restored.

    Until they have held, the nearest to it is kept, so that a mission that falls short is not left at whatever it tried
    last. Where a call failed nobody knows how the world is set, until its tool has set it again.

    Args:
        state: With the criteria as they were judged.
        value: The objective's, if it was measured.
        total: The mission's progress.
    """
    mission, known = state.mission, state.objective
    objective = mission.objective
    if objective is None or value is None:
        return known
    known = replace(known, first=value) if known.first is None else known
    best, settings = known.best, tuple(made for made in known.settings.values() if made is not None)
    if state.closing is not None or state.progress.aborted or len(settings) < len(known.settings):
        return known  # nobody wants back what struck an abort condition
    holds = criteria_hold(state)
    now = BestSoFar(
        value=value,
        iteration=state.iteration.index,
        progress=total,
        settings=settings,
        measured_by=_measuring_call(state, objective.metric),
    )
    if not holds:
        nearer = best is None and bool(settings) and _is_nearer(now, known.nearest, mission.direction)
        return replace(known, nearest=now) if nearer else known
    if best is not None and (best.value - value) * mission.direction <= float(objective.min_change):
        return known
    return replace(known, best=now, nearest=None)


def _is_nearer(now: BestSoFar, known: BestSoFar | None, direction: int) -> bool:
    return known is None or (now.progress, -direction * now.value) > (known.progress, -direction * known.value)


def remaining_share(state: State, value: float) -> float:
    """How much of the way to the best that could be is left, below 1: a half where the value is as at first."""
    first = value if state.objective.first is None else state.objective.first
    return 0.5 + math.atan(state.mission.direction * (value - first) / (abs(first) or 1.0)) / math.pi


def _measuring_call(state: State, metric: str) -> ToolCall | None:
    """The pure call that measured it last; `None` where the calls that change the world, or probes, do."""
    path = metric.removeprefix("metrics.")
    heads = [name for name in state.world.sources if path == name or path.startswith(f"{name}.")]
    if not heads:
        return None
    call = state.world.sources[max(heads, key=len)]
    return ToolCall.model_validate({"tool": call["tool"], "args": call["args"]})
