"""Which strategy comes next: the operator's plan, then what moved progress, then what is untried."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, cast

from journeyman.mission.criteria import needed
from journeyman.mission.criteria.base import Criterion, walk
from journeyman.mission.criteria.evidence import CriterionStatus
from journeyman.mission.fold.at_end import at_end_calls
from journeyman.mission.fold.measured_calls import OBJECTIVE, WORTH_WHILE
from journeyman.mission.fold.observed_values import Seen
from journeyman.mission.fold.plan import plan_steps, planned_step
from journeyman.mission.fold.planner_memory import MAX_TRIED, call_signature
from journeyman.mission.model.effects import EFFECT_RULES
from journeyman.mission.model.planner_memory import ToolMemory
from journeyman.mission.model.state import State
from journeyman.mission.model.strategy import Strategy, ToolCall, ToolSpec
from journeyman.mission.planner.arguments import MAX_CALLS, CallSpace, call_space
from journeyman.mission.planner.attempts import next_attempt
from journeyman.mission.planner.repeats import MOST_SAME, repeat_of
from journeyman.mission.planner.search import NumberSearch, Suggested
from journeyman.mission.planner.sources import ValueSources
from journeyman.mission.planner.waiting import wait_for, wait_s, watched, what_was_tried
from journeyman.mission.planner.worth import breaks_guard, is_early, is_met, risk_of, tool_worth, wanted_words
from journeyman.mission.values.canonical import JsonObject

UNTRIED: Final = 4.0
"""What a call gains that was never made."""
LATER: Final = 0.01
"""What a call loses for each one of its tool that stands before it."""
BASE_PATIENCE: Final = 14
"""Calls of one tool in a row that bring nothing nearer, after which a search without end is given up; and for each
argument that is searched over `PATIENCE_EACH` more."""
PATIENCE_EACH: Final = 6


@dataclass(frozen=True, slots=True)
class Proposal:
    """A strategy, where it comes from, and the names of its calls' places."""

    strategy: Strategy
    source: str
    step: str
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Exhausted:
    """Nothing is left to try."""

    tried: str


@dataclass(slots=True)
class _BestCall:
    """The best call so far, and what stood in the way of others."""

    worth: float = float("-inf")
    call: ToolCall | None = None
    why: str = ""
    options: int = 0
    """Calls that were considered."""
    missing: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Tool to the arguments for which there is no value."""
    early: list[str] = field(default_factory=list[str])
    """Tools that wait until it shows what they did."""

    def take(self, worth: float, tool: str, args: JsonObject, why: str) -> None:
        """Keep a call that is worth more than what is kept."""
        self.options += 1
        if worth > self.worth + 1e-12:
            self.worth, self.call, self.why = worth, ToolCall(tool=tool, args=args), why


def propose(state: State) -> Proposal | Exhausted:
    """The next strategy, or that none is left; the same state always gives the same one."""
    if state.closing is not None:
        calls = list(at_end_calls(state))
        return Proposal(
            Strategy(calls=calls, rationale="at the end of the mission"), "at_end", f"at_end.{state.usage.iterations}",
            tuple(range(len(calls))),
        )  # fmt: skip
    planned = planned_step(state)
    if planned is not None:
        return Proposal(planned.strategy, "plan", planned.step, planned.places)
    hands_out = state.mission.task is not None and not only_needs_time(state)
    strategy = next_attempt(state) if hands_out else _own_choice(state)
    if isinstance(strategy, Exhausted):
        return strategy
    return Proposal(strategy, "planner", f"proposal.{state.plan.proposals}", tuple(range(len(strategy.calls))))


def _own_choice(state: State) -> Strategy | Exhausted:
    holds = only_needs_time(state)
    if holds and (again := _measured_again(state)):
        return Strategy(calls=again, rationale="it holds: measure on until it has held long enough")
    found = _explored(state, only_look=holds) if state.mission.explores else _BestCall()
    if found.call is not None:
        alone = found.options == 1 and not found.call.args and not found.early
        looks = alone and not EFFECT_RULES[state.tools[found.call.tool].effect].changes_world
        return Strategy(calls=[found.call], sleep_s=wait_s(state) if looks else 0, rationale=found.why[:2000])
    if found.early:
        return wait_for(
            state, f"{', '.join(found.early)} may yet show what it did, and brought an abort condition nearer"
        )
    return watched(state) or Exhausted(what_was_tried(state, found.missing))


def _measured_again(state: State) -> list[ToolCall]:
    """The calls that measure what only has to hold: those that measured it last, or the last strategy's.

    Calls that brought an abort condition nearer are never repeated for that.
    """
    known = frozenset(state.world.known)
    rows: list[ToolCall] = []
    for criterion in walk(needed(state.mission.criteria)):
        if not criterion.probes and not criterion.members() and not is_met(state, criterion.id):
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
    return [] if any(risk_of(state, call.tool) for call in distinct) else distinct


def plan_due(state: State) -> bool:
    """Tell whether the operator's plan, or what is to be done at the end, has a step for the next iteration."""
    return planned_step(state) is not None or state.closing is not None


def nothing_left(state: State) -> bool:
    """Tell whether a plan is through, nothing else may be tried, and nothing is measured that might change by itself."""
    mission = state.mission
    if not plan_steps(mission) or plan_due(state) or state.plan.blocked or mission.explores or mission.advisors:
        return False
    if state.unknown or only_needs_time(state):
        return False
    return not any(
        criterion.probes or criterion.engine_check() is not None or criterion.asks_person() is not None
        for criterion in walk(mission.criteria)
    )


def _explored(state: State, *, only_look: bool) -> _BestCall:
    """The call that is worth most: one that was never made, or one that may tell something new."""
    found = _BestCall()
    wanted = wanted_words(state)
    sources = ValueSources(_seen_and_given(state), state.mission.directive, state.memory.best_call, wanted)
    if _moved_on(state, found):
        return found
    for name in sorted(state.tools):
        spec = state.tools[name]
        changes = EFFECT_RULES[spec.effect].changes_world
        if (only_look and changes) or breaks_guard(state, name):
            continue
        if is_early(state, name):
            found.early.append(name)
            continue
        space = call_space(spec.input_schema, sources, name, invents=not changes)
        if space.missing:
            found.missing[name] = space.missing
            continue
        worth = tool_worth(state, spec, wanted)
        _take_repeats(state, found, spec, space, worth)
        _take_untried(state, found, spec, space, worth)
    return found


def _seen_and_given(state: State) -> Seen:
    """What observations have shown, and before it the mission's parameters under their names."""
    seen, parameters = state.memory.seen, state.mission.parameters
    given = {name: (*seen.get(name, ()), row.default) for name, row in parameters.items()} if parameters else {}
    return {**seen, **given} if given else seen


def _moved_on(state: State, found: _BestCall) -> bool:
    """Take the last call once more when it just moved progress and changes something each time."""
    memory = state.memory
    if not memory.last_moved or memory.best_call is None:
        return False
    tool, args = str(memory.best_call["tool"]), cast("JsonObject", memory.best_call["args"])
    spec = state.tools.get(tool)
    if spec is None or risk_of(state, tool) or memory.tools.get(tool, ToolMemory()).settles:
        return False
    sets_number = any(isinstance(value, (int, float)) and not isinstance(value, bool) for value in args.values())
    if not EFFECT_RULES[spec.effect].changes_world or sets_number:
        return False
    found.take(0.0, tool, args, "it moved progress: once more")
    return True


def _take_repeats(state: State, found: _BestCall, spec: ToolSpec, space: CallSpace, worth: float) -> None:
    known = state.memory.tried
    if spec.name not in state.memory.tools:
        return
    left = state.memory.tools[spec.name].tries
    for rank, args in enumerate(islice(space.calls(), MAX_CALLS)):
        tried = known.get(call_signature(spec.name, args))
        if tried is None:
            continue
        repeat = repeat_of(state, spec, tried, bare=not args)
        if repeat is not None:
            found.take(worth + repeat.worth - LATER * rank, spec.name, args, repeat.why)
        left -= tried.count
        if left <= 0:
            return


def _take_untried(state: State, found: _BestCall, spec: ToolSpec, space: CallSpace, worth: float) -> None:
    known = state.memory.tools.get(spec.name, ToolMemory())
    if state.memory.explored >= MAX_TRIED:
        return
    search = _search(state, spec, space)
    if space.wide and known.unmoved >= BASE_PATIENCE + PATIENCE_EACH * max(search.width, 1):
        return
    if worth + UNTRIED <= found.worth + 1e-12:
        found.options += 1
        return
    suggested = _suggested(state, spec, search) if known.tries else None
    if suggested is not None:
        told = worth + UNTRIED - LATER * known.tries
        found.take(told, spec.name, suggested.args, f"{suggested.why} (worth {told:.2f})")
        return
    for rank, args in _untried(state, spec.name, space):
        told = worth + UNTRIED - LATER * rank
        why = "untried" if not known.tries else "other arguments"
        found.take(told, spec.name, args, f"{why} (worth {told:.2f})")
        return


def _untried(state: State, tool: str, space: CallSpace) -> Iterator[tuple[int, JsonObject]]:
    for rank, args in enumerate(islice(space.calls(), MAX_CALLS)):
        if call_signature(tool, args) not in state.memory.tried:
            yield rank, args


def _search(state: State, spec: ToolSpec, space: CallSpace) -> NumberSearch:
    wanted = {
        criterion.id: limits
        for criterion in walk(needed(state.mission.criteria))
        if (limits := criterion.wanted_range()) is not None
    }
    better = _better_than_best(state)
    if better is not None:
        wanted[OBJECTIVE] = better
    measured = [call for call in state.memory.measured if call.tool == spec.name]
    return NumberSearch(space, measured, wanted, careful=EFFECT_RULES[spec.effect].changes_world)


def _better_than_best(state: State) -> tuple[float | None, float | None] | None:
    """The values of the objective that would be worth a call; `None` before the criteria have held."""
    objective, best = state.mission.objective, state.objective.best
    if objective is None or best is None:
        return None
    first = best.value if state.objective.first is None else state.objective.first
    step = max(float(objective.min_change), WORTH_WHILE * abs(first - best.value), 0.1 * WORTH_WHILE * abs(best.value))
    target = best.value - state.mission.direction * step
    return (None, target) if state.mission.direction > 0 else (target, None)


def _suggested(state: State, spec: ToolSpec, search: NumberSearch) -> Suggested | None:
    varies = state.memory.tools.get(spec.name, ToolMemory()).varies
    known = state.memory.tried

    def is_new(args: JsonObject) -> bool:
        return call_signature(spec.name, args) not in known

    def may_repeat(args: JsonObject) -> bool:
        """Measure again where answers were seen to vary, and once to learn whether they do."""
        tried = known.get(call_signature(spec.name, args))
        return tried is not None and (varies or tried.count == 1) and tried.same < MOST_SAME

    return search.next_call(is_new, may_repeat)


def only_needs_time(state: State) -> bool:
    """Tell whether what is still open is met already and only has to hold, or a trend that lacks points."""
    open_ones = [item for item in needed(state.mission.criteria) if not is_met(state, item.id)]
    return bool(open_ones) and all(_needs_time(state, item) for item in open_ones)


def _needs_time(state: State, criterion: Criterion) -> bool:
    known = state.progress.criteria.get(criterion.id)
    if known is None:
        return False
    waits = criterion.follows and known.status is CriterionStatus.INCONCLUSIVE and known.progress > 0
    return known.result.held > 0 or waits
