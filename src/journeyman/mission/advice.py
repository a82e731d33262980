"""The forms of advice, and which of several candidates the rules prefer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, cast

from pydantic import Field, StrictFloat, StrictInt, StrictStr

from journeyman.mission.criteria import KIND_TYPES, AnyCriterion
from journeyman.mission.criteria.schema import Strict
from journeyman.mission.fold.planner_memory import call_signature
from journeyman.mission.model.effects import EFFECT_RULES
from journeyman.mission.model.planner_memory import CallEffect
from journeyman.mission.model.state import State
from journeyman.mission.model.strategy import Strategy, ToolCall
from journeyman.mission.planner.propose import plan_due
from journeyman.mission.values.canonical import Json, JsonObject

Line = Annotated[StrictStr, Field(min_length=1, max_length=500)]


class StrategyAdvice(Strict):
    """What a model proposes to do next."""

    revision_rationale: Annotated[StrictStr, Field(max_length=2000)]
    next_strategy: Strategy
    alternatives: Annotated[list[Strategy], Field(max_length=4)] = Field(default_factory=list[Strategy])
    """Other candidates; the rules rank them all."""
    confidence: Annotated[StrictInt | StrictFloat, Field(ge=0, le=1)] | None = None
    """Nothing is decided by it."""


@dataclass(frozen=True, slots=True)
class Advised:
    """A strategy that was found fit to be followed, and whose it is."""

    strategy: Strategy
    advisor: str
    confidence: float | None


class ClosingAdvice(Strict):
    """What a model would tell those who come after."""

    lessons: Annotated[list[Line], Field(max_length=10)]
    recommended_followups: Annotated[list[Line], Field(max_length=10)]


class CriteriaAdvice(Strict):
    """Criteria drafted from a directive."""

    criteria: Annotated[list[AnyCriterion], Field(min_length=1, max_length=20)]


def criteria_schema() -> JsonObject:
    """JSON Schema of drafted criteria: without the kinds that look at a plan or ask a guard, since a draft has neither."""
    unfit = tuple(f"#/$defs/{kind.__name__}" for kind in KIND_TYPES if kind.looks_at_plan or kind.asks_guard)

    def kept(value: Json) -> Json:
        if isinstance(value, list):
            return [kept(item) for item in value if not (isinstance(item, dict) and item.get("$ref") in unfit)]
        if isinstance(value, dict):
            return {
                key: kept(item) for key, item in value.items() if item not in unfit and f"#/$defs/{key}" not in unfit
            }
        return value

    return cast("JsonObject", kept(cast("JsonObject", CriteriaAdvice.model_json_schema())))


PATIENCE = 2
"""Advised strategies in a row that may move nothing; after them planner and advisor take turns."""


def wants_advice(state: State) -> bool:
    """Tell whether a model is asked for the next strategy.

    It is, whenever the operator's plan has no step; but an advisor that moves nothing shares the turns with the
    planner, so that a lying or lost model cannot keep a solvable mission from its end.
    """
    if not state.mission.advisors or plan_due(state):
        return False
    lost = state.memory.advised_misses >= PATIENCE
    return not (lost and state.iteration.source.startswith("advisor:"))


def ranked(state: State, candidates: Sequence[Strategy]) -> list[Strategy]:
    """Candidates in the order in which the rules prefer them; equal ones keep the model's order.

    What is untried comes before what changed nothing or failed, fewer destructive calls before more.
    """
    return sorted(candidates, key=lambda strategy: _cost(state, strategy))


def _cost(state: State, strategy: Strategy) -> tuple[int, int]:
    known = [call for call in strategy.calls if call.tool in state.tools]
    hows = [_how(state, call) for call in known]
    stale = sum(
        how not in (None, CallEffect.MOVED) and not EFFECT_RULES[state.tools[call.tool].effect].changes_world
        for call, how in zip(known, hows, strict=True)
    )
    destructive = sum(state.tools[call.tool].destructive for call in known)
    return (hows.count(CallEffect.DENIED) * 100 + stale, destructive)


def _how(state: State, call: ToolCall) -> CallEffect | None:
    tried = state.memory.tried.get(call_signature(call.tool, dict(call.args)))
    return tried.how if tried is not None else None
