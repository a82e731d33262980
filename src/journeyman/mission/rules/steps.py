"""The events that follow from a state alone: intents, evaluations, verdicts. Engine and replay both use these."""

from __future__ import annotations

from collections.abc import Mapping

from journeyman.mission.criteria import walk
from journeyman.mission.evidence.evaluate import RunPredicate, awaiting, evaluate, expressions
from journeyman.mission.evidence.view import View
from journeyman.mission.model.events import Decided, Evaluated, Intended, Proposed
from journeyman.mission.model.state import State
from journeyman.mission.model.strategy import dump_strategy
from journeyman.mission.planner import propose
from journeyman.mission.rules.commands import Intend
from journeyman.mission.rules.decide import is_checkpoint
from journeyman.mission.values.canonical import Json, JsonObject, digest_of


def proposed(state: State) -> Proposed:
    """Give the planner's proposal for the next iteration."""
    proposal = propose(state)
    return Proposed(iteration=state.usage.iterations, strategy=dump_strategy(proposal.strategy), source=proposal.source)


def intended(state: State, command: Intend) -> tuple[Intended, ...]:
    """Give the intents of a command's calls; ids are `ITERATION.NUMBER`, unique in the session."""
    number = sum(effect.intended.iteration == state.iteration for effect in state.effects.values())
    rows: list[tuple[str, Json, str, bool]] = [(call.tool, dict(call.args), "", False) for call in command.calls]
    steps = state.script.steps if state.script is not None else 0
    rows += [(str(row["tool"]), row["args"], f"{steps}.{row['call']}", False) for row in command.script_calls]
    rows += [(probe.tool, dict(probe.args), "", True) for probe in command.probes]
    return tuple(
        Intended(
            effect=f"{state.iteration}.{number + index}",
            iteration=state.iteration,
            tool=tool,
            args=args,
            effect_class=effect_class(state, tool, probe=probe),
            probe=probe,
            call=call,
        )
        for index, (tool, args, call, probe) in enumerate(rows)
    )


def effect_class(state: State, tool: str, *, probe: bool) -> str:
    """Give the class of a call: a probe is pure by the operator's word."""
    spec = state.tools.get(tool)
    return "pure" if probe else spec.effect if spec is not None else "unsafe"


def effect_key(state: State, effect: str) -> str:
    """Give the idempotency key of an effect: the same for every try, different for every other effect."""
    return digest_of([state.tenant, state.session_id, effect])[:32]


def questions(state: State) -> list[str]:
    """Give the expressions whose answers an evaluation needs."""
    until = state.strategy.until if state.strategy is not None else None
    return [*dict.fromkeys([*expressions(state.mission.criteria), *([until] if until else [])])]


def evaluated(state: State, at: str, run_predicate: RunPredicate, values: Mapping[str, Json]) -> Evaluated:
    """Give the evaluation at time `at`; `values` holds the blobs that the observation refers to."""
    rows = evaluate(View(state=state, values=values), run_predicate)
    until = state.strategy.until if state.strategy is not None else None
    return Evaluated(
        iteration=state.iteration,
        checkpoint=is_checkpoint(state, at),
        results=list(rows),
        awaiting=awaiting(state, rows),
        until_met=None if until is None else bool(run_predicate(until).value),
    )


def decided(state: State, label: str, reason: str) -> Decided:
    """Give the verdict as an event, bound to the mission it was decided under."""
    usage = state.usage
    used: JsonObject = {
        "cost_microusd": usage.cost_microusd,
        "iterations": state.iteration + 1,
        "tokens": usage.tokens,
        "tool_calls": usage.tool_calls,
        "wall_clock_s": usage.wall_clock_s,
    }
    return Decided(iteration=state.iteration, verdict=label, reason=reason, mission=state.digest, used=used)


def looks_at(state: State) -> list[str]:
    """Give the expressions and paths by which an evaluation looks at the observation."""
    return [*questions(state), *(str(getattr(criterion, "metric", "")) for criterion in walk(state.mission.criteria))]


def blobs_of(state: State) -> list[str]:
    """Give the digests of the blobs that this iteration's results refer to."""
    values = [effect.value for effect in state.effects.values() if effect.intended.iteration == state.iteration]
    return sorted({str(value["$blob"]) for value in values if isinstance(value, dict) and "$blob" in value})
