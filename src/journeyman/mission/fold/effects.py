"""The part of the fold that follows effects from their intent to what became known of them."""

from __future__ import annotations

from collections.abc import Mapping

from journeyman.mission.criteria.evidence import Call, Measurement
from journeyman.mission.fold.objective import after_call
from journeyman.mission.fold.plan import behind_change
from journeyman.mission.fold.planner_memory import after_settled
from journeyman.mission.fold.task import after_attempt
from journeyman.mission.fold.turns import is_stopped
from journeyman.mission.fold.world_knowledge import arrived, interrupted, remembered_source, restored, stale
from journeyman.mission.model import events as e
from journeyman.mission.model.effects import EFFECT_RULES, NEVER_SENT, CallPurpose, EffectState
from journeyman.mission.model.reasons import WaitFor
from journeyman.mission.model.state import KEPT_SIGNATURES, BudgetUsage, ContextResult, Effect, Phase, State
from journeyman.mission.values.canonical import JsonObject
from journeyman.mission.values.value import replace


def claimed(state: State, event: e.Claimed, at: str) -> State:
    """The state in another process's hands: what was in flight is suspect, what was measured is stale.

    Behind a call that had failed nothing was sent any more: what was intended with it is skipped, as without a crash.
    """
    world, held = interrupted(state.world), is_stopped(state)
    effects = {
        key: replace(effect, suspect=True, crashed=True, epoch=world.epoch)
        if effect.state is EffectState.INTENDED and not (held and effect.is_call)
        else effect
        for key, effect in state.effects.items()
    }
    times = replace(state.times, started_at=state.times.started_at or at)
    return replace(state, owner=event.owner, effects=effects, times=times, world=world)


def intended(state: State, event: e.Intended) -> State:
    """The state in which a call is about to be made: older evidence is stale if it may change the world."""
    effect = Effect(intended=event, epoch=state.world.epoch)
    iteration = state.iteration
    if event.purpose is CallPurpose.CONTEXT:
        return replace(
            state,
            effects={**state.effects, event.effect: effect},
            usage=replace(state.usage, tool_calls=state.usage.tool_calls + 1),
        )
    if event.purpose is CallPurpose.PROBE:
        iteration = replace(iteration, probed=True)
    elif event.purpose is CallPurpose.REFRESH:
        iteration = replace(iteration, refreshed=True)
    changes = EFFECT_RULES[event.effect_class].changes_world
    return replace(
        state,
        phase=Phase.EXECUTE,
        iteration=iteration,
        effects={**state.effects, event.effect: effect},
        usage=replace(state.usage, tool_calls=state.usage.tool_calls + 1),
        world=stale(state.world) if changes else state.world,
        plan=behind_change(state) if changes else state.plan,
    )


def extra_call(state: State, event: e.ExtraCall) -> State:
    """The state in which one more call is about to be made for an effect: it counts, whatever becomes of it."""
    effect = state.effects.get(event.effect)
    effects = state.effects
    if effect is not None:
        effects = {**effects, event.effect: replace(effect, extra_calls=effect.extra_calls + 1)}
    return replace(state, effects=effects, usage=replace(state.usage, tool_calls=state.usage.tool_calls + 1))


def settled(state: State, event: e.Settled, at: str) -> State:
    """The state once a call has ended: what it measured arrives, and what it may have changed is stale."""
    effect = state.effects.get(event.effect)
    if effect is None or effect.state is not EffectState.INTENDED:
        return state
    if event.tokens or event.cost_microusd:
        state = replace(state, usage=with_use(state.usage, event))
    if effect.intended.purpose is CallPurpose.CONTEXT:
        memory = after_settled(state.memory, effect.intended, event, state.world.epoch, compared=state.mission.explores)
        return looked(replace(state, memory=memory), effect, event)
    if event.error_class in NEVER_SENT and not effect.crashed:  # of a try before a crash nobody knows
        state = restored(state, effect.epoch) if EFFECT_RULES[effect.effect_class].changes_world else state
        effect = state.effects[event.effect]
    elif EFFECT_RULES[effect.effect_class].changes_world:
        state = replace(state, world=stale(state.world))
    made = _measurement(state, effect, at)
    ended = replace(
        effect,
        measurement=made,
        suspect=False,
        state=event.state,
        value=event.value,
        error_class=event.error_class,
        error=event.error,
    )
    done = event.state is EffectState.DONE
    state = replace(
        state,
        effects=_next_turn({**state.effects, event.effect: ended}, effect.intended.turn, state.world.epoch),
        world=replace(state.world, order=made.order, counts=_counted(state, ended)),
        memory=after_settled(state.memory, effect.intended, event, state.world.epoch, compared=state.mission.explores),
    )
    if state.mission.objective is not None:
        state = replace(state, objective=after_call(state, effect, event))
    if state.mission.task is not None:
        state = replace(state, task=after_attempt(state.task, effect, event))
    if not done:
        return with_error(state, effect.intended.tool, event.error_class, event.error)
    fresh = made.epoch == state.world.epoch and not _moving(state, effect)
    if (
        event.metrics
        and not EFFECT_RULES[effect.effect_class].changes_world
        and effect.intended.purpose is not CallPurpose.PROBE
    ):
        call = effect.intended
        state = replace(state, world=remembered_source(state.world, event.metrics, call.tool, call.args))
    return arrived(state, made, event.metrics, event.events, fresh=fresh)


def with_use(usage: BudgetUsage, event: e.Settled) -> BudgetUsage:
    """The usage with what a call used of the budget itself."""
    return replace(usage, tokens=usage.tokens + event.tokens, cost_microusd=usage.cost_microusd + event.cost_microusd)


def looked(state: State, effect: Effect, event: e.Settled | e.Reconciled) -> State:
    """The state that knows how a context call ended: it measured nothing, and no iteration has it."""
    failed = isinstance(event, e.Settled) and event.state is not EffectState.DONE
    known = ContextResult(
        iteration=effect.intended.iteration,
        state=event.state,
        value=event.value,
        error_class=event.error_class if isinstance(event, e.Settled) and failed else "",
        error=event.error if isinstance(event, e.Settled) and failed else "",
    )
    return replace(
        state,
        effects={key: other for key, other in state.effects.items() if key != effect.intended.effect},
        context={**state.context, context_place(effect.intended.place): known},
    )


def context_place(place: str) -> str:
    """Which of the mission's context calls has this place in the session."""
    return place.rpartition(".")[2]


def _measurement(state: State, effect: Effect, at: str) -> Measurement:
    """What the effect counts as: a look in the epoch in which it began, or a report after the change it made."""
    intended = effect.intended
    changes = EFFECT_RULES[effect.effect_class].changes_world
    return Measurement(
        id=intended.effect,
        call=Call.of(intended.tool, intended.args),
        order=state.world.order + 1,
        epoch=state.world.epoch if changes else effect.epoch,
        at=at,
        probe=intended.purpose is CallPurpose.PROBE,
    )


def _counted(state: State, effect: Effect) -> Mapping[str, int]:
    if effect.state is not EffectState.DONE or not effect.is_call:
        return state.world.counts
    tool = effect.intended.tool
    return {**state.world.counts, tool: state.world.counts.get(tool, 0) + 1}


def _moving(state: State, effect: Effect) -> bool:
    """Tell whether another call that may change the world was under way at the same time."""
    return any(
        other.state is EffectState.INTENDED
        and other.intended.turn <= effect.intended.turn
        and EFFECT_RULES[other.effect_class].changes_world
        for other in state.effects.values()
    )


def _next_turn(effects: dict[str, Effect], turn: int, epoch: int) -> dict[str, Effect]:
    """Let the next turn's looks begin in the present epoch, once nothing of this turn is in flight."""
    waiting = {key: effect for key, effect in effects.items() if effect.state is EffectState.INTENDED}
    if not waiting or any(effect.intended.turn <= turn for effect in waiting.values()):
        return effects
    begun = {
        key: replace(effect, epoch=epoch)
        for key, effect in waiting.items()
        if not EFFECT_RULES[effect.effect_class].changes_world
    }
    return effects | begun


def with_error(state: State, tool: str, error_class: str, error: str) -> State:
    """The state that knows of an error in this iteration."""
    row: JsonObject = {"error": error, "error_class": error_class, "tool": tool}
    known = f"{tool}:{error_class}"
    classes = state.progress.error_classes
    new = known not in classes
    iteration = replace(
        state.iteration, errors=(*state.iteration.errors, row), new_error=state.iteration.new_error or new
    )
    if not new:
        return replace(state, iteration=iteration)
    progress = replace(state.progress, error_classes=(*classes, known)[-KEPT_SIGNATURES:])
    return replace(state, iteration=iteration, progress=progress)


def unanswered(state: State, event: e.Unanswered) -> State:
    """The state that knows who asked about an effect last: the same process need not ask again."""
    effect = state.effects.get(event.effect)
    if effect is None:
        return state
    return replace(state, effects={**state.effects, event.effect: replace(effect, asked_by=state.owner)})


def reconciled(state: State, event: e.Reconciled, at: str, actor: str) -> State:
    """The state once it is known whether an effect happened; its iteration goes on where it stood."""
    effect = state.effects.get(event.effect)
    if effect is None or effect.state not in (EffectState.INTENDED, EffectState.UNKNOWN):
        return state
    if effect.intended.purpose is CallPurpose.CONTEXT:
        return looked(state, effect, event)
    done = event.state is EffectState.DONE
    if effect.state is EffectState.INTENDED and actor.startswith("person:"):
        effect = replace(effect, crashed=True)  # people are heard on calls under way only once their process is gone
    state = replace(state, world=stale(state.world))
    made = _measurement(state, effect, at)
    ended = replace(
        effect,
        state=event.state,
        suspect=False,
        reconciled=effect.crashed or not event.assumed,
        answered=False,
        value=event.value,
        error_class="" if done else "not_done",
        error=event.note,
        measurement=made,
    )
    effects = {**state.effects, event.effect: ended}
    if effect.intended.iteration != state.iteration.index:
        del effects[event.effect]
    state = replace(
        state,
        effects=effects,
        world=replace(state.world, order=made.order, counts=_counted(state, ended)),
    )
    return state if state.unknown else _go_on(state)


def _go_on(state: State) -> State:
    """Let an iteration that waited for its unknown effects go on behind them."""
    if state.people.wait is WaitFor.EFFECT:
        state = replace(state, people=replace(state.people, wait=None))
    if state.phase is not Phase.NEXT or state.verdict is None or not state.verdict.reason.waits:
        return state
    iteration = replace(state.iteration, probed=False, refreshed=False, checked=False)
    return replace(state, phase=Phase.EXECUTE, iteration=iteration)
