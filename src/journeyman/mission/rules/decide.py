"""decide(state) -> Verdict: what the evidence means for the mission. First match wins; completion outranks every cap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from journeyman.mission.criteria import Approval, needed, walk
from journeyman.mission.fold.fold import seconds_between
from journeyman.mission.model.state import State

Label: TypeAlias = Literal["continue", "adjust", "complete", "terminate"]
Outcome: TypeAlias = Literal["achieved", "not_achieved", "unknown"]

REPEATS_UNPRODUCTIVE: Final = 3
"""The same calls so often in a row, without progress, are a pattern that does not work."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The label and the stable reason token."""

    label: Label
    reason: str


def decide(state: State) -> Verdict:
    """Give the verdict of the iteration just evaluated."""
    return (
        _guard(state)
        or _complete(state)
        or _by_person(state)
        or _exhausted(state)
        or _waiting(state)
        or _cadence(state)
        or _stagnation(state)
        or _unproductive(state)
        or Verdict("continue", "in_progress")
    )


def _guard(state: State) -> Verdict | None:
    return Verdict("terminate", "guard_broken") if _guard_broken(state) else None


def _guard_broken(state: State) -> bool:
    known = (state.criteria.get(criterion.id) for criterion in state.mission.criteria if criterion.guard)
    return any(item is not None and item.status == "met" for item in known)


def _complete(state: State) -> Verdict | None:
    return Verdict("complete", "criteria_met") if criteria_hold(state) else None


def criteria_hold(state: State) -> bool:
    """Tell whether every required criterion is met by fresh evidence."""
    known = [state.criteria.get(criterion.id) for criterion in needed(state.mission.criteria)]
    return bool(known) and all(item is not None and item.status == "met" and item.fresh for item in known)


def _by_person(state: State) -> Verdict | None:
    if state.end_asked:
        return Verdict("terminate", state.end_asked)
    for criterion in walk(state.mission.criteria):
        answer = state.answers.get(criterion.id)
        if (
            isinstance(criterion, Approval)
            and criterion.required
            and answer is not None
            and not answer[0]
            and criterion in state.mission.criteria
        ):
            return Verdict("terminate", "denied")
    return None


def exhausted(state: State) -> str | None:
    """Give the reason token of the first budget that is used up."""
    budget, usage = state.mission.budget, state.usage
    iterations = max(usage.iterations, state.iteration + 1) if state.judged else usage.iterations
    if budget.iterations is not None and iterations >= budget.iterations:
        return "max_iterations"
    if budget.wall_clock_s is not None and usage.wall_clock_s >= budget.wall_clock_s:
        return "max_wall_clock"
    if budget.tool_calls is not None and usage.tool_calls >= budget.tool_calls:
        return "max_tool_calls"
    if budget.tokens is not None and 0 < budget.tokens <= usage.tokens:
        return "max_tokens"
    if budget.cost_usd is not None and 0 < budget.cost_usd * 1_000_000 <= usage.cost_microusd:
        return "max_cost"
    return None


def _exhausted(state: State) -> Verdict | None:
    reason = exhausted(state)
    if reason is None:
        return None
    return (
        Verdict("continue", "waiting_for_budget")
        if state.mission.on_exhausted == "ask"
        else Verdict("terminate", reason)
    )


def _waiting(state: State) -> Verdict | None:
    if state.unknown and state.mission.on_unknown == "ask":
        return Verdict("continue", "waiting_for_effect")
    if state.awaiting:
        return Verdict("continue", "waiting_for_approval")
    return None


def _cadence(state: State) -> Verdict | None:
    return None if state.checkpoint else Verdict("continue", "cadence_skip")


def is_checkpoint(state: State, at: str) -> bool:
    """Tell whether the cadence judges progress in this iteration, evaluated at time `at`."""
    cadence = state.mission.cadence
    if cadence.every_iterations is not None:
        return (state.iteration + 1) % cadence.every_iterations == 0
    if cadence.every_s is not None:
        return not state.checkpoint_at or seconds_between(state.checkpoint_at, at) >= cadence.every_s
    return any(event.get("name") == cadence.on_event for event in state.events)


def _stagnation(state: State) -> Verdict | None:
    if state.stalled < state.mission.stagnation.threshold:
        return None
    return Verdict("terminate", "no_progress") if state.adjusted else Verdict("adjust", "stagnation")


def _unproductive(state: State) -> Verdict | None:
    repeated = state.memory.repeats + 1 >= REPEATS_UNPRODUCTIVE and state.stalled > 0 and state.source != "plan"
    return Verdict("adjust", "heuristic_unproductive") if repeated or state.new_error else None


def outcome_of(state: State) -> Outcome:
    """Give what is true at the end, by the evidence alone."""
    if criteria_hold(state) and not _guard_broken(state):
        return "achieved"
    known = [state.criteria.get(criterion.id) for criterion in needed(state.mission.criteria)]
    definitely_not = any(item is not None and item.status == "unmet" and item.fresh for item in known)
    return "unknown" if state.unknown or not definitely_not else "not_achieved"
