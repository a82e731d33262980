"""What the run itself shows to whoever comes after, as plain sentences; advisors may lay better ones over these."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

from journeyman.mission.criteria.evidence import CriterionStatus
from journeyman.mission.fold.at_end import at_end_calls
from journeyman.mission.model.effects import EffectState
from journeyman.mission.model.reasons import VerdictReason
from journeyman.mission.model.state import Effect, State
from journeyman.mission.report.call_text import call_text
from journeyman.mission.report.margins import margin_followups
from journeyman.mission.report.plain_text import one_line
from journeyman.mission.report.rows import CriterionRow
from journeyman.mission.values.canonical import Json


def lessons(state: State, *, iterated: bool) -> list[str]:
    """What worked, what never did, and what is open; `iterated` where there was any iteration."""
    found: list[str] = []
    best = state.memory.best_call
    if best is not None:
        found.append(f"The last call that moved progress was {call_text(str(best['tool']), best['args'], 200)}.")
    open_calls = {effect.intended.tool for effect in state.unknown}
    failing = sorted(
        name for name, known in state.memory.tools.items() if known.failed and not known.done and name not in open_calls
    )
    if failing:
        found.append(f"These tools never succeeded: {', '.join(failing)}.")
    open_ones = [
        criterion.id
        for criterion in state.mission.criteria
        if not criterion.abort_when_met and not _met(state, criterion.id)
    ]
    if open_ones:
        found.append(f"Not met at the end: {', '.join(open_ones)}.")
    found += _cleanup_lessons(state)
    if state.memory.nothing_left:
        found.append(f"Nothing was left to try: {state.memory.nothing_left}.")
    if not iterated:
        found.append("The session ended before its first iteration.")
    return found


def _cleanup_lessons(state: State) -> list[str]:
    """What `at_end` asks for and was not done: a setting stayed behind."""
    calls, ended = _cleanup(state), state.reason in (VerdictReason.ABORTED, VerdictReason.FORCED)
    if ended and calls and state.closing is None:
        return [f"What `at_end` asks for was not done, since a person ended the mission: {_calls_text(calls)}."]
    failed = _failed_cleanup(state)
    return [
        f"At the end {_calls_text([(effect.intended.tool, effect.intended.args)])} did not succeed:"
        f" {one_line(f'{effect.error_class}: {effect.error}', 200)}."
        for effect in failed
    ]


def _cleanup(state: State) -> list[tuple[str, Json]]:
    return [(call.tool, cast("Json", call.args)) for call in at_end_calls(state)] if state.usage.iterations else []


def _failed_cleanup(state: State) -> list[Effect]:
    if state.closing is None:
        return []
    return [one for one in state.of_iteration() if one.is_call and one.state is not EffectState.DONE]


def _calls_text(calls: Sequence[tuple[str, Json]]) -> str:
    return ", ".join(call_text(tool, args) for tool, args in calls)


def _met(state: State, criterion: str) -> bool:
    known = state.progress.criteria.get(criterion)
    return known is not None and known.met


_FOLLOWUPS: Final[dict[VerdictReason, str]] = {
    VerdictReason.CRITERIA_MET: "Nothing is left to do; keep the record as evidence.",
    VerdictReason.GUARD_BROKEN: "Look at the abort condition's evidence and repair what it saw before starting again.",
    VerdictReason.MAX_ITERATIONS: "Give more iterations with `journeyman fork` and `journeyman amend`, or a plan that gets there sooner.",
    VerdictReason.MAX_WALL_CLOCK: "Give more time, or look in the timeline for the calls that took it.",
    VerdictReason.MAX_TOOL_CALLS: "Give more tool calls, or a plan that needs fewer.",
    VerdictReason.MAX_TOKENS: "Give more tokens, or run with `advisor: none`.",
    VerdictReason.MAX_COST: "Raise cost_usd, or choose a cheaper advisor.",
    VerdictReason.TENANT_BUDGET: "The tenant's ceiling is reached: raise it or wait for other sessions to end.",
    VerdictReason.NO_PROGRESS: "Nothing moved for long: give a plan, more tools, or a criterion whose progress can be measured.",
    VerdictReason.LOST_AT_END: "The criteria held until what `at_end` asks for was done: let it keep what was achieved.",
    VerdictReason.NOTHING_LEFT: "Give what is missing: further steps of a plan, tools, values in the directive, or criteria that can be met.",
    VerdictReason.ABORTED: "A person stopped the mission: read the notes, then fork it where it was still right.",
    VerdictReason.FORCED: "A person ended the mission: the outcome above is what the evidence says.",
    VerdictReason.DENIED: "A person said no: ask why, and change the mission accordingly.",
}


def followups(state: State, criteria: Sequence[CriterionRow]) -> list[str]:
    """What to do next: by the reason of the end, how near its bound what was met stands, unknown effects, and criteria that nothing decided."""
    rows = [_FOLLOWUPS[state.reason]] if state.reason is not None and state.reason in _FOLLOWUPS else []
    if state.reason is VerdictReason.CRITERIA_MET:
        rows += margin_followups(criteria)
    if failed := _failed_cleanup(state):
        told = _calls_text([(effect.intended.tool, effect.intended.args) for effect in failed])
        rows.append(f"Do by hand what was to be done at the end and was not: {told}.")
    rows += [
        f"Find out whether {effect.intended.tool} ({effect.intended.effect}) happened, then `journeyman resolve`."
        for effect in state.unknown
    ]
    for criterion in state.mission.criteria:
        known = state.progress.criteria.get(criterion.id)
        undecided = known is not None and known.status is CriterionStatus.INCONCLUSIVE
        if undecided and criterion.required and not criterion.abort_when_met:
            rows.append(
                f"Criterion {criterion.id!r} could not be decided: make sure that a tool or probe produces its evidence."
            )
    return rows
