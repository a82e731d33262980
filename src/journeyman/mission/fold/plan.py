"""How far the operator's plan is: which step is next, and which of its calls have settled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from journeyman.mission.criteria.base import walk
from journeyman.mission.fold.planner_memory import call_signature
from journeyman.mission.fold.world_knowledge import has_stale_report
from journeyman.mission.model.effects import EFFECT_RULES, NEVER_SENT, EffectState
from journeyman.mission.model.mission import Mission, ScriptPlan
from journeyman.mission.model.planner_memory import CallEffect
from journeyman.mission.model.reasons import ScriptStatus
from journeyman.mission.model.state import Effect, Plan, State
from journeyman.mission.model.strategy import Strategy
from journeyman.mission.values.value import replace

MAX_TRIES: Final = 3
"""How often a failing step of the plan is tried before the next one, where it fails in other words each time."""


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """What is to be done of the plan next."""

    strategy: Strategy
    step: str
    places: tuple[int, ...]


def plan_steps(mission: Mission) -> list[Strategy]:
    """The steps of the operator's plan."""
    plan = mission.plan
    if plan is None:
        return []
    return [Strategy(script=plan.script)] if isinstance(plan, ScriptPlan) else plan


def step_name(plan: Plan) -> str:
    """Name the step under way: the same for every try of it, another each time the plan comes round."""
    return f"plan.{plan.index}.{plan.round}"


def planned_step(state: State) -> PlannedStep | None:
    """What is left of the plan's present step; `None` when the plan is through, or waits for a person."""
    steps, plan = plan_steps(state.mission), state.plan
    if plan.index >= len(steps) or plan.blocked:
        return None
    step = steps[plan.index]
    left = tuple(place for place in range(len(step.calls)) if place not in plan.done)
    strategy = (
        step
        if len(left) == len(step.calls)
        else step.model_copy(update={"calls": [step.calls[place] for place in left]})
    )
    return PlannedStep(strategy, step_name(plan), left)


def settled_places(state: State) -> dict[int, Effect]:
    """The newest effect of each place of this iteration's strategy."""
    index = {f"{state.iteration.step}.{place}": place for place in state.iteration.places}
    return {
        index[effect.intended.place]: effect
        for effect in state.of_iteration()
        if effect.is_call and effect.intended.place in index
    }


def after_verdict(state: State) -> Plan:
    """How far the plan is once an iteration is through.

    One that is through begins anew, behind the last step that may have changed the world, where a kill, a pause or an
    answer made stale what its scripts had reported since: once for each time. Not where people are asked about its calls:
    waiting for them makes it stale again each time.
    """
    plan, epoch = after_iteration(state), state.world.epoch
    through = state.plan.index < len(plan_steps(state.mission)) <= plan.index
    if not through or plan.begun_in == epoch or plan.looks_from >= plan.index:
        return plan
    asked = state.people.answers.keys() - {criterion.id for criterion in walk(state.mission.criteria)}
    if not asked and has_stale_report(state, since=plan.looks_since):
        return replace(_again(plan), index=plan.looks_from, begun_in=epoch)
    return plan


def behind_change(state: State) -> Plan:
    """The plan once a call is intended that may change the world: only what follows its step may be done again."""
    mine = state.iteration.source == "plan"
    return replace(state.plan, looks_from=state.plan.index + mine, looks_since=state.iteration.index + 1)


def after_iteration(state: State) -> Plan:
    """How far the plan is with what this iteration has done."""
    plan, iteration = state.plan, state.iteration
    if iteration.source != "plan" or iteration.step != step_name(plan):
        return plan
    if iteration.denied:
        return without_step(plan, state.mission)
    if iteration.script is not None or (iteration.strategy is not None and iteration.strategy.script is not None):
        return _after_script(state)
    places = settled_places(state)
    done = tuple(sorted({*plan.done, *(place for place, effect in places.items() if effect.state is EffectState.DONE)}))
    step = plan_steps(state.mission)[plan.index]
    if len(done) == len(step.calls):
        return _again(plan) if iteration.until_met is False else next_step(plan, state.mission)
    failing = [effect for effect in places.values() if _speaks_against(effect)]
    failed = bool(failing)
    if failed and (plan.tries + 1 >= MAX_TRIES or any(_said_so_before(state, effect) for effect in failing)):
        return without_step(plan, state.mission)
    return replace(plan, done=done, tries=plan.tries + failed)


def _speaks_against(effect: Effect) -> bool:
    """Tell whether a call failed by itself: a crash, or what was found out after one, says nothing against it."""
    return effect.state is EffectState.FAILED and not effect.crashed and effect.error_class != "skipped"


def _said_so_before(state: State, effect: Effect) -> bool:
    """Tell whether the very same call got the same answer before: a third time tells nothing new.

    One that never came to an answer may fare better, whatever its words are.
    """
    call = effect.intended
    known = state.memory.tried.get(call_signature(call.tool, call.args))
    return known is not None and known.how is CallEffect.FAILED and known.same > 1 and not known.transient


def _after_script(state: State) -> Plan:
    plan, script = state.plan, state.iteration.script
    if script is None or script.status is ScriptStatus.WAITING:
        return plan  # cut off by a budget: it goes on from its snapshot
    if script.status is ScriptStatus.FAILED:
        if plan.tries + 1 >= MAX_TRIES:
            return without_step(plan, state.mission)
        return replace(plan, tries=plan.tries + 1, blocked=has_changed_world(state))
    through = state.iteration.until_met is not False and not _is_outdated(state)
    return next_step(plan, state.mission) if through else _again(plan)


def _is_outdated(state: State) -> bool:
    """Tell whether what a script measured must be measured again, and may be: it only looked.

    A kill, a pause or a wait in mid-script makes stale what it had reported before.
    """
    return has_stale_report(state, since=state.iteration.index) and not has_changed_world(state)


def has_changed_world(state: State) -> bool:
    """Tell whether a call of this iteration may have changed the world."""
    return any(
        EFFECT_RULES[effect.effect_class].changes_world
        and effect.state is not EffectState.INTENDED
        and effect.error_class not in NEVER_SENT
        for effect in state.of_iteration()
        if effect.is_call
    )


def _again(plan: Plan) -> Plan:
    """Begin the step again, as another occurrence of it: its calls get other keys."""
    return replace(plan, done=(), tries=0, round=plan.round + 1)


def without_step(plan: Plan, mission: Mission) -> Plan:
    """The plan at its next step, this one given up."""
    return next_step(replace(plan, given_up=plan.given_up + 1), mission)


def next_step(plan: Plan, mission: Mission) -> Plan:
    """The plan at its next step; behind the last one it begins again where the mission repeats it."""
    following = replace(plan, index=plan.index + 1, done=(), tries=0, blocked=False)
    if mission.repeat and following.index >= len(plan_steps(mission)):
        return replace(following, index=0, round=plan.round + 1)
    return following
