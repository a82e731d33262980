"""decide(state) -> Decision: what the evidence means for the mission. First match wins; completion outranks every cap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from journeyman.mission.criteria import needed, needs_probes, probes
from journeyman.mission.criteria.base import walk
from journeyman.mission.criteria.evidence import CriterionStatus
from journeyman.mission.fold.at_end import at_end_calls, kept_back
from journeyman.mission.fold.completion import criteria_hold
from journeyman.mission.model.reasons import Outcome, VerdictLabel, VerdictReason
from journeyman.mission.model.state import State

REPEATS_UNPRODUCTIVE: Final = 3
"""The same calls so often in a row, without progress, are a pattern that does not work."""

_ENDED_BY_PEOPLE: Final = (VerdictReason.ABORTED, VerdictReason.FORCED)


@dataclass(frozen=True, slots=True)
class Decision:
    """The label and the stable reason."""

    label: VerdictLabel
    reason: VerdictReason
    closing: VerdictReason | None = None
    """Why the mission will end, where something is to be done before."""


def decide(state: State) -> Decision:
    """The verdict of the iteration just evaluated."""
    return at_end(state, _closed(state) if state.closing is not None else _found(state))


def _found(state: State) -> Decision:
    if state.mission.checks_only:
        return _of_check(state)
    return (
        _aborted(state)
        or _complete(state)
        or _by_person(state)
        or _unknown_effect(state)
        or _asks_last(state)
        or exhausted_decision(state)
        or _waiting(state)
        or _cadence(state)
        or _stagnation(state)
        or _unproductive(state)
        or Decision(VerdictLabel.CONTINUE, VerdictReason.IN_PROGRESS)
    )


def _of_check(state: State) -> Decision:
    """The verdict of a check: nothing can be adjusted, and a person who is asked for comes before any ceiling."""
    return (
        _aborted(state)
        or _complete(state)
        or _by_person(state)
        or _waiting(state)
        or _ceiling_of_checks(state)
        or Decision(VerdictLabel.CONTINUE, VerdictReason.IN_PROGRESS)
    )


def _ceiling_of_checks(state: State) -> Decision | None:
    """The ending where as many checks were made as may be, or one more found the same files in the same state."""
    over = exhausted_decision(state)
    if over is not None and over.reason is VerdictReason.MAX_ITERATIONS and state.mission.budget.iterations == 1:
        return Decision(VerdictLabel.TERMINATE, VerdictReason.CRITERIA_UNMET)
    if over is None and state.check.same > state.mission.stagnation.threshold:
        return Decision(VerdictLabel.TERMINATE, VerdictReason.NO_PROGRESS)
    return over


def at_end(state: State, found: Decision) -> Decision:
    """What becomes of a verdict where an objective goes on, or something is to be done at the end, before it counts.

    What people end is ended at once.
    """
    if found.label not in (VerdictLabel.COMPLETE, VerdictLabel.TERMINATE) or found.reason in _ENDED_BY_PEOPLE:
        return found
    if state.closing is None and at_end_calls(state):
        return Decision(VerdictLabel.CONTINUE, VerdictReason.CLOSING, found.reason)
    return (_aborted(state) or _holding(state) or found) if state.mission.objective is not None else found


def _closed(state: State) -> Decision:
    """The verdict once that was done: by what is true then."""
    reason = state.closing or VerdictReason.CRITERIA_MET
    lost = reason is VerdictReason.CRITERIA_MET
    ended = Decision(VerdictLabel.TERMINATE, VerdictReason.LOST_AT_END if lost else reason)
    return _aborted(state) or _holding(state) or _by_person(state) or _unknown_effect(state) or _waiting(state) or ended


def _aborted(state: State) -> Decision | None:
    return Decision(VerdictLabel.TERMINATE, VerdictReason.GUARD_BROKEN) if state.progress.aborted else None


def _complete(state: State) -> Decision | None:
    """An objective goes on while the criteria hold, as long as it is getting better."""
    return _holding(state) if state.mission.objective is None else None


def _holding(state: State) -> Decision | None:
    return Decision(VerdictLabel.COMPLETE, VerdictReason.CRITERIA_MET) if criteria_hold(state) else None


def may_hold(state: State) -> bool:
    """Tell whether only judgements that were carried stand between here and completion."""
    known = [state.progress.criteria.get(criterion.id) for criterion in needed(state.mission.criteria)]
    return bool(known) and all(item is not None and item.met for item in known) and not criteria_hold(state)


def _by_person(state: State) -> Decision | None:
    if state.people.end_asked is not None:
        return Decision(VerdictLabel.TERMINATE, state.people.end_asked)
    if state.mission.task is not None:
        return None  # a no is feedback for the next attempt
    for criterion in walk(state.mission.criteria):
        answer = state.people.answers.get(criterion.id)
        denied = criterion.asks_person() is not None and criterion.required and answer is not None and not answer[0]
        if denied and criterion in state.mission.criteria:
            return Decision(VerdictLabel.TERMINATE, VerdictReason.DENIED)
    return None


def _unknown_effect(state: State) -> Decision | None:
    asks = state.unknown and state.mission.on_unknown == "ask"
    return Decision(VerdictLabel.CONTINUE, VerdictReason.WAITING_FOR_EFFECT) if asks else None


def exhausted(state: State) -> VerdictReason | None:
    """The reason of the first budget that is used up."""
    budget, usage, kept = state.mission.budget, state.usage, kept_back(state)
    # The fold counts an iteration when its verdict is folded, and here that verdict is still being made.
    iterations = max(usage.iterations, state.iteration.index + 1) if state.iteration.judged else usage.iterations
    if budget.iterations is not None and iterations >= budget.iterations - kept.iterations:
        return VerdictReason.MAX_ITERATIONS
    if out_of_time(state):
        return VerdictReason.MAX_WALL_CLOCK
    if budget.tool_calls is not None and _calls_are_over(state, budget.tool_calls - usage.tool_calls - kept.tool_calls):
        return VerdictReason.MAX_TOOL_CALLS
    # A ceiling of 0 lets no advisor be asked (each reservation is refused), and must not end a mission that needs none.
    if budget.tokens is not None and 0 < budget.tokens <= usage.tokens:
        return VerdictReason.MAX_TOKENS
    if budget.cost_usd is not None and 0 < budget.cost_usd * 1_000_000 <= usage.cost_microusd:
        return VerdictReason.MAX_COST
    return None


def _calls_are_over(state: State, left: int) -> bool:
    """Tell whether no call is left, or too few for the probes without which the mission cannot complete."""
    criteria = state.mission.criteria
    return left <= 0 or (left < len(probes(criteria)) and needs_probes(criteria))


def out_of_time(state: State) -> bool:
    """Tell whether the mission has been driven as long as it may be."""
    limit = state.mission.budget.wall_clock_s
    return limit is not None and state.usage.wall_clock_s >= limit - kept_back(state).wall_clock_s


def exhausted_decision(state: State) -> Decision | None:
    """The verdict where a budget is used up."""
    reason = exhausted(state)
    if reason is None:
        return None
    if state.mission.on_exhausted == "ask":
        return Decision(VerdictLabel.CONTINUE, VerdictReason.WAITING_FOR_BUDGET)
    return Decision(VerdictLabel.TERMINATE, reason)


def _waiting(state: State) -> Decision | None:
    return Decision(VerdictLabel.CONTINUE, VerdictReason.WAITING_FOR_APPROVAL) if state.progress.awaiting else None


def _asks_last(state: State) -> Decision | None:
    """Wait for the person whose yes alone is missing also after the last iteration: an answer costs none."""
    return _waiting(state) if exhausted(state) is VerdictReason.MAX_ITERATIONS else None


def _cadence(state: State) -> Decision | None:
    return None if state.progress.checkpoint else Decision(VerdictLabel.CONTINUE, VerdictReason.CADENCE_SKIP)


def _stagnation(state: State) -> Decision | None:
    progress = state.progress
    if progress.stalled < state.mission.stagnation.threshold:
        return None
    return (
        Decision(VerdictLabel.TERMINATE, VerdictReason.NO_PROGRESS)
        if progress.adjusted
        else Decision(VerdictLabel.ADJUST, VerdictReason.STAGNATION)
    )


def _unproductive(state: State) -> Decision | None:
    often = state.memory.repeats + 1 >= REPEATS_UNPRODUCTIVE
    repeated = often and state.progress.stalled > 0 and state.iteration.source != "plan"
    return (
        Decision(VerdictLabel.ADJUST, VerdictReason.HEURISTIC_UNPRODUCTIVE)
        if repeated or state.iteration.new_error
        else None
    )


def outcome_of(state: State) -> Outcome:
    """What is true at the end, by the evidence alone."""
    if state.people.end_asked is VerdictReason.CHECK_FAILED:
        return Outcome.UNKNOWN  # what was found before is of other files
    if criteria_hold(state) and not state.progress.aborted:
        return Outcome.ACHIEVED
    known = [state.progress.criteria.get(criterion.id) for criterion in needed(state.mission.criteria)]
    definitely_not = bool(state.progress.aborted) or any(
        item is not None and item.status is CriterionStatus.UNMET and not item.result.carried for item in known
    )
    return Outcome.UNKNOWN if state.unknown or not definitely_not else Outcome.NOT_ACHIEVED
