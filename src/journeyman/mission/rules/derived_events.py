"""The events that follow from a state alone: proposals and verdicts. Engine and replay both use these."""

from __future__ import annotations

from journeyman.mission.advice import Advised
from journeyman.mission.criteria.base import walk
from journeyman.mission.model.events import Decided, NothingLeft, Proposed
from journeyman.mission.model.state import State
from journeyman.mission.model.strategy import dump_strategy
from journeyman.mission.planner.attempts import with_feedback
from journeyman.mission.planner.propose import Exhausted, propose
from journeyman.mission.rules.decide import Decision
from journeyman.mission.values.canonical import JsonObject


def proposed(state: State) -> Proposed | NothingLeft:
    """The planner's proposal for the next iteration, or that nothing is left to try."""
    if state.mission.checks_only:
        index = state.usage.iterations
        return Proposed(iteration=index, strategy={}, source="check", step=f"check.{index}")
    proposal = propose(state)
    if isinstance(proposal, Exhausted):
        return NothingLeft(iteration=state.usage.iterations, tried=proposal.tried)
    whole = proposal.places == tuple(range(len(proposal.strategy.calls)))
    return Proposed(
        iteration=state.usage.iterations,
        strategy=dump_strategy(proposal.strategy),
        source=proposal.source,
        step=proposal.step,
        places=[] if whole else list(proposal.places),
    )


def advised(state: State, advice: Advised) -> Proposed:
    """Advice as the proposal of the next iteration."""
    source = f"advisor:{advice.advisor}"
    return Proposed(
        iteration=state.usage.iterations,
        strategy=dump_strategy(with_feedback(state, advice.strategy, source)),
        source=source,
        step=f"proposal.{state.plan.proposals}",
        confidence=advice.confidence,
    )


def decided(state: State, decision: Decision) -> Decided:
    """The verdict as an event, bound to the mission it was decided under."""
    usage = state.usage
    amounts: JsonObject = {
        "cost_microusd": usage.cost_microusd,
        "tokens": usage.tokens,
        "tool_calls": usage.tool_calls,
        "wall_clock_s": int(usage.wall_clock_s) if usage.wall_clock_s.is_integer() else usage.wall_clock_s,
    }
    used: JsonObject = {name: amount for name, amount in amounts.items() if amount}
    return Decided(
        iteration=state.iteration.index,
        verdict=decision.label,
        reason=decision.reason,
        mission=state.digest,
        used=used,
        closing=decision.closing,
    )


def wants_values(state: State) -> bool:
    """Tell whether any expression or path looks at whole tool results, so that blobs must be read."""
    until = state.iteration.strategy.until if state.iteration.strategy is not None else None
    return "tool_results" in (until or "") or any(item.reads_results() for item in walk(state.mission.criteria))


def blobs_of(state: State) -> list[str]:
    """The digests of the blobs that this iteration's results refer to."""
    values = [effect.value for effect in state.of_iteration()]
    return sorted({str(value["$blob"]) for value in values if isinstance(value, dict) and "$blob" in value})
