"""Which strategy comes next: the operator's plan, then what moved progress, then what is untried."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, cast

from journeyman.mission.criteria import needed
from journeyman.mission.criteria.base import Criterion, walk
from journeyman.mission.criteria.evidence import CriterionStatus
from journeyman.mission.fold.plan import plan_steps, planned_step
from journeyman.mission.fold.planner_memory import call_signature
from journeyman.mission.model.effects import EFFECT_RULES
from journeyman.mission.model.state import CallEffect, State, ToolMemory
from journeyman.mission.model.strategy import Strategy, ToolCall, ToolSpec
from journeyman.mission.planner.arguments import ValueSources, argument_sets
from journeyman.mission.values.canonical import JsonObject

IDLE_S: Final = 1.0
"""Wait of a mission that has no tool to call: its criteria change by themselves or by people."""
PATIENCE: Final = 2
"""Iterations in which a call that brought a guard nearer may show what it did, before there is another such call."""
IMPATIENCE: Final = 12.0
"""What such another call loses meanwhile."""
RISK_WEIGHT: Final = 4.0
"""What a call loses that would use up all that is left before a guard is broken."""
NAMED: Final = 1.5
"""What a tool gains whose name's words are all in the directive."""
_NEVER: Final = -1000.0
"""Worth of a call that a person denied, or that would break a guard: the planner rather waits."""
_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A strategy, where it comes from, and the names of its calls' places."""

    strategy: Strategy
    source: str
    step: str
    places: tuple[int, ...]


def propose(state: State) -> Proposal:
    """The next strategy; the same state always gives the same one."""
    planned = planned_step(state)
    if planned is not None:
        return Proposal(planned.strategy, "plan", planned.step, planned.places)
    strategy = _own_choice(state)
    return Proposal(strategy, "planner", f"proposal.{state.plan.proposals}", tuple(range(len(strategy.calls))))


def _own_choice(state: State) -> Strategy:
    holds = _only_needs_time(state)
    if holds:
        again = _measured_again(state)
        if again:
            return Strategy(calls=again, rationale="it holds: measure on until it has held long enough")
    call = _explored(state, only_look=holds) if state.mission.explores else None
    if call is None:
        return Strategy(sleep_s=max(IDLE_S, float(state.mission.pause_s)), rationale="no tool to call: wait")
    return Strategy(calls=[call[0]], rationale=call[1])


def _measured_again(state: State) -> list[ToolCall]:
    """The calls that measure what only has to hold: those that measured it last, or the last strategy's.

    Calls that brought an abort condition nearer are never repeated for that.
    """
    known = frozenset(state.world.known)
    rows: list[ToolCall] = []
    for criterion in walk(needed(state.mission.criteria)):
        if not criterion.probes and not criterion.members() and not _met(state, criterion.id):
            sources = [state.world.sources.get(name) for name in sorted(criterion.metric_names(known))]
            rows += [
                ToolCall(tool=str(row["tool"]), args=cast("JsonObject", row["args"]))
                for row in sources
                if row is not None and row["tool"] in state.tools
            ]
    strategy = state.iteration.strategy
    if not rows and state.mission.explores and strategy is not None:
        rows = list(strategy.calls)
    distinct = list({call_signature(call.tool, dict(call.args)): call for call in rows}.values())
    return [] if any(_risk(state, call.tool) for call in distinct) else distinct


def plan_due(state: State) -> bool:
    """Tell whether the operator's plan has a step for the next iteration."""
    return planned_step(state) is not None


def nothing_left(state: State) -> bool:
    """Tell whether a plan is through, nothing else may be tried, and nothing is measured that might change by itself."""
    mission = state.mission
    if (
        not plan_steps(mission)
        or plan_due(state)
        or state.plan.blocked
        or mission.explores
        or mission.advisor != "none"
    ):
        return False
    if state.unknown or _only_needs_time(state):
        return False
    return not any(
        criterion.probes or criterion.engine_check() is not None or criterion.asks_person() is not None
        for criterion in walk(mission.criteria)
    )


def _explored(state: State, *, only_look: bool = False) -> tuple[ToolCall, str] | None:
    memory = state.memory
    wanted = _wanted_words(state)
    sources = ValueSources(memory.seen, state.mission.directive, memory.best_call, wanted)
    repeat = _repeated(state)
    if repeat is not None:
        return repeat
    best: tuple[float, ToolCall, str] | None = None
    for name in sorted(state.tools):
        spec = state.tools[name]
        if only_look and EFFECT_RULES[spec.effect].changes_world:
            continue
        worth = _tool_worth(state, spec, wanted)
        invents = not EFFECT_RULES[spec.effect].changes_world
        for rank, args in enumerate(argument_sets(spec.input_schema, sources, name, invents=invents)):
            score = worth + _call_worth(state, name, args) - 0.01 * rank
            if best is None or score > best[0] + 1e-12:
                best = (score, ToolCall(tool=name, args=args), f"{_reason(state, name, args)} (score {score:.2f})")
    return None if best is None or best[0] < _NEVER / 2 else (best[1], best[2])


def _only_needs_time(state: State) -> bool:
    """Tell whether what is still open is met already and only has to hold, or a trend that lacks points."""
    open_ones = [item for item in needed(state.mission.criteria) if not _met(state, item.id)]
    return bool(open_ones) and all(_needs_time(state, item) for item in open_ones)


def _needs_time(state: State, criterion: Criterion) -> bool:
    known = state.progress.criteria.get(criterion.id)
    if known is None:
        return False
    waits = criterion.follows and known.status is CriterionStatus.INCONCLUSIVE and known.progress > 0
    return known.result.held > 0 or waits


def _repeated(state: State) -> tuple[ToolCall, str] | None:
    """The last call once more when it just moved progress and changes something each time."""
    memory = state.memory
    if not memory.last_moved or memory.best_call is None:
        return None
    tool, args = str(memory.best_call["tool"]), cast("JsonObject", memory.best_call["args"])
    spec = state.tools.get(tool)
    if (
        _risk(state, tool)
        or spec is None
        or (not EFFECT_RULES[spec.effect].changes_world and (args or spec.input_schema.get("properties")))
    ):
        return None
    return ToolCall(tool=tool, args=args), "it moved progress: once more"


def _risk(state: State, tool: str) -> float:
    """How much nearer a call of the tool brings a guard, as far as this session has seen; 0 for most tools."""
    known = state.memory.tools.get(tool)
    return known.risk / known.done if known is not None and known.done else 0.0


def _caution(state: State, tool: str) -> float:
    """What the mission's guards take from a tool's worth.

    A call that would break a guard is never worth it. One that brings a guard nearer costs the more the less is left,
    and what the last one did is given time to show before the next.
    """
    risk, memory = _risk(state, tool), state.memory
    if not risk:
        return 0.0
    if memory.guarded + risk > 1 + 1e-6:
        return -_NEVER
    early = state.iteration.index - memory.risked_at <= PATIENCE
    return RISK_WEIGHT * risk / max(1 - memory.guarded, risk) + (IMPATIENCE if early else 0.0)


def _tool_worth(state: State, spec: ToolSpec, wanted: frozenset[str]) -> float:
    known = state.memory.tools.get(spec.name, ToolMemory())
    rules = EFFECT_RULES[spec.effect]
    worth = rules.preference - (3.0 if spec.destructive and rules.changes_world else 0.0)
    worth += min(3.0, float(len(wanted & _words(f"{spec.name} {spec.description}"))))
    name = _words(spec.name.rpartition(".")[2])
    worth += NAMED if name and name <= _words(state.mission.directive) else 0.0
    worth -= 0.5 * known.tries + _caution(state, spec.name)
    if known.failed_in_row:
        worth -= min(6.0, 1.5 * known.failed_in_row) if known.failed_at_epoch == state.memory.epoch else 0.5
    if known.done:
        worth += 4.0 * known.moved / known.done
    if any(item.asked_tool == spec.name and not _met(state, item.id) for item in walk(state.mission.criteria)):
        worth += 6.0
    return worth


def _call_worth(state: State, tool: str, args: JsonObject) -> float:
    """What trying these arguments is worth by how they went before."""
    memory = state.memory
    tried = memory.tried.get(call_signature(tool, args))
    if tried is None:
        return 4.0
    pure = not EFFECT_RULES[state.tools[tool].effect].changes_world
    match tried.how:
        case CallEffect.FAILED:
            return 2.0 if tried.epoch < memory.epoch else 0.5
        case CallEffect.MOVED:
            return 0.0 if pure else 3.0
        case CallEffect.DENIED:
            return _NEVER
        case CallEffect.WORSE:
            return -6.0
        case CallEffect.SAME:
            return -1.0 if pure else -3.0


def _reason(state: State, tool: str, args: JsonObject) -> str:
    tried = state.memory.tried.get(call_signature(tool, args))
    if tried is None:
        return "untried" if tool not in state.memory.tools else "other arguments"
    return "failed before, try again" if tried.how is CallEffect.FAILED else f"last time: {tried.how}"


def _met(state: State, criterion: str) -> bool:
    known = state.progress.criteria.get(criterion)
    return known is not None and known.met


def _wanted_words(state: State) -> frozenset[str]:
    """The words of unmet criteria: tools that share them are tried first."""
    words: set[str] = set()
    for criterion in walk(state.mission.criteria):
        if _met(state, criterion.id) or criterion.abort_when_met:
            continue
        words |= _words(criterion.id)
        for text in criterion.words():
            words |= _words(text)
    return frozenset(words - _COMMON)


_COMMON = frozenset({
    "the", "a", "an", "of", "to", "in", "is", "it", "and", "or", "not", "obs", "metrics", "events", "errors",
    "counts", "get", "len", "all", "any", "sum", "min", "max", "for", "with", "by", "on", "ok", "done", "true",
    "false",
})  # fmt: skip


def _words(text: str) -> frozenset[str]:
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", text).lower()
    return frozenset(word for word in _WORD.findall(spaced) if len(word) > 1 and not word.isdigit())
