"""The part of the planner's memory that a search over numbers goes by: calls with the numbers that criteria saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from journeyman.mission.criteria import needed
from journeyman.mission.criteria.base import walk
from journeyman.mission.fold.objective import remaining_share
from journeyman.mission.model.events import CriterionResult
from journeyman.mission.model.mission import Mission
from journeyman.mission.model.planner_memory import MeasuredCall, PlannerMemory
from journeyman.mission.model.state import CriterionState, Effect, State
from journeyman.mission.values.canonical import Json, canonical
from journeyman.mission.values.compare import number_of
from journeyman.mission.values.value import replace

MAX_MEASURED: Final = 56
"""Calls kept: the newest, and of the older ones the `KEPT_BEST` best."""
KEPT_BEST: Final = 20
WORTH_WHILE: Final = 0.02
"""Share of the least shortfall by which a call must be nearer, so that it counts as one that brought something."""
OBJECTIVE: Final = "(objective)"
"""Stands for the metric that is minimized or maximized beside the criteria, none of which can have this id."""
MAX_ARGUMENT_BYTES: Final = 500
"""Calls with more arguments than this are no search over numbers."""


def after_measured(
    state: State,
    criteria: Mapping[str, CriterionState],
    done: Sequence[Effect],
    objective: float | None,
    *,
    better: bool,
) -> PlannerMemory:
    """The memory with what the one call of this iteration brought about; of several nobody knows whose it was.

    `better` where progress is higher than ever, in other steps than those of numbers.
    """
    memory = state.memory
    if len(done) != 1:
        return memory
    tool, args = done[0].intended.tool, done[0].intended.args
    numbers, shortfall = _seen_by_criteria(state.mission, criteria, done[0])
    if objective is not None:
        numbers[OBJECTIVE] = objective
        shortfall = (shortfall or 0.0) + remaining_share(state, objective)
    nearer = shortfall is not None and (memory.least is None or shortfall < memory.least * (1 - WORTH_WHILE))
    known = memory.tools.get(tool)
    if known is not None:
        known = replace(known, unmoved=0 if nearer or better else known.unmoved + 1)
        memory = replace(memory, tools={**memory.tools, tool: known})
    if shortfall is None or not isinstance(args, dict) or "$blob" in args or not _has_number(args):
        return memory
    call = MeasuredCall(tool=tool, args=args, numbers=numbers, shortfall=shortfall)
    return replace(memory, measured=_kept((*memory.measured, call)), least=_least(shortfall, memory.least))


def _least(one: float, other: float | None) -> float:
    return one if other is None else min(one, other)


def _seen_by_criteria(
    mission: Mission, criteria: Mapping[str, CriterionState], effect: Effect
) -> tuple[dict[str, float], float | None]:
    """The number of each criterion that was judged by this call or by what was measured after it, and their shortfall."""
    since = effect.measurement.order if effect.measurement is not None else 0
    numbers: dict[str, float] = {}
    total = 0.0
    for criterion in walk(needed(mission.criteria)):
        wanted, known = criterion.wanted_range(), criteria.get(criterion.id)
        if wanted is None or known is None or known.result.carried or known.result.measured < since:
            continue
        value = _number(known.result.evidence)
        if value is not None:
            numbers[criterion.id] = value
            total += _shortfall(value, wanted, known.result)
    return numbers, total if numbers else None


def _shortfall(value: float, wanted: tuple[float | None, float | None], result: CriterionResult) -> float:
    """How far a number is from what is wanted, in units of how far it was at first."""
    low, high = wanted
    gap = max(low - value if low is not None else 0.0, value - high if high is not None else 0.0, 0.0)
    bound = low if low is not None else high
    scale = abs((result.first if result.first is not None else value) - (bound or 0.0)) or abs(bound or 0.0) or 1.0
    return gap / scale


def _number(value: Json) -> float | None:
    number = number_of(value)
    try:
        return None if number is None else float(number)
    except OverflowError:
        return None


def _has_number(args: Mapping[str, Json]) -> bool:
    numbers = any(isinstance(value, (int, float)) for value in args.values())
    return numbers and len(canonical(dict(args))) <= MAX_ARGUMENT_BYTES


def _kept(calls: tuple[MeasuredCall, ...]) -> tuple[MeasuredCall, ...]:
    if len(calls) <= MAX_MEASURED:
        return calls
    best = sorted(range(len(calls)), key=lambda index: calls[index].shortfall)[:KEPT_BEST]
    oldest = next(index for index in range(len(calls)) if index not in best)
    return calls[:oldest] + calls[oldest + 1 :]
