"""The part of the fold that follows one iteration: proposal, script, checks, verdict."""

from __future__ import annotations

from journeyman.mission.criteria.evidence import Call, Measurement, ObservedCheck
from journeyman.mission.fold.effects import with_error
from journeyman.mission.fold.people import asked_anew
from journeyman.mission.fold.plan import after_verdict
from journeyman.mission.fold.planner_memory import before_proposal
from journeyman.mission.fold.world_knowledge import arrived, pruned
from journeyman.mission.model import events as e
from journeyman.mission.model.effects import EffectState
from journeyman.mission.model.reasons import ScriptStatus, VerdictReason
from journeyman.mission.model.state import Iteration, Phase, ScriptProgress, State, Verdict
from journeyman.mission.model.strategy import Strategy
from journeyman.mission.values.canonical import JsonObject
from journeyman.mission.values.value import replace


def proposed(state: State, event: e.Proposed) -> State:
    """The state at the beginning of an iteration."""
    strategy = Strategy.model_validate(event.strategy) if event.strategy else None
    advised = event.source.startswith("advisor:")
    return replace(
        state,
        phase=Phase.APPROVE,
        iteration=Iteration(
            index=event.iteration,
            strategy=strategy,
            source=event.source,
            step=event.step,
            places=tuple(event.places) or tuple(range(len(strategy.calls) if strategy is not None else 0)),
        ),
        memory=before_proposal(state, event.strategy, event.source),
        effects={key: effect for key, effect in state.effects.items() if effect.state is EffectState.UNKNOWN},
        world=pruned(state.world),
        plan=state.plan if event.source == "plan" else replace(state.plan, proposals=state.plan.proposals + 1),
        advice=replace(state.advice, rejected="" if advised else state.advice.rejected, said={}),
        verdict=None,
        check=replace(state.check, asked=False),
        people=asked_anew(state.people) if state.mission.task is not None else state.people,
    )


def script_advanced(state: State, event: e.ScriptAdvanced, at: str) -> State:
    """The state after a step of the script. What the operator's script reports is evidence; an advisor's is not."""
    before = state.iteration.script or ScriptProgress(status=ScriptStatus.WAITING)
    script = ScriptProgress(
        status=event.status,
        snapshot=str(event.snapshot.get("$blob", "")),
        calls=tuple(event.calls),
        steps=before.steps + 1,
        told=before.told + len(event.events),
        observed=before.observed + sum(map(len, event.observations)),
        value=event.value,
    )
    state = replace(state, phase=Phase.EXECUTE, iteration=replace(state.iteration, script=script))
    if event.observations or event.events:
        state = _reported(state, event, script, at)
    return (
        state
        if event.status is not ScriptStatus.FAILED
        else with_error(state, "script", event.error_class, event.error)
    )


def _reported(state: State, event: e.ScriptAdvanced, script: ScriptProgress, at: str) -> State:
    if state.iteration.source != "plan":
        said = dict(state.advice.said)
        for found in event.observations:
            said |= found
        return replace(state, advice=replace(state.advice, said=said))
    measured: list[JsonObject] = event.observations or [{}]
    for place, found in enumerate(measured):
        made = Measurement(
            id=f"script:{event.iteration}.{script.steps}.{place}",
            call=Call.of_script(),
            order=state.world.order + 1,
            epoch=state.world.epoch,
            at=at,
        )
        state = replace(state, world=replace(state.world, order=made.order))
        events = event.events if place == len(measured) - 1 else ()  # nobody knows between which reports they came
        state = arrived(state, made, found, events, fresh=True)
    return state


def checked(state: State, event: e.Checked, at: str) -> State:
    """The state that knows what the engine's checks found."""
    world = state.world
    order = world.order
    checks = dict(world.checks)
    for fact in event.facts:
        order += 1
        made = Measurement(id=f"check:{fact.id}#{order}", call=Call(fact.id, ""), order=order, epoch=world.epoch, at=at)
        checks[fact.id] = ObservedCheck(
            met=fact.met, evidence=fact.evidence, measurement=made, inputs=fact.inputs, kept_from=fact.kept_from
        )
    iteration = replace(state.iteration, checked=True)
    return replace(state, world=replace(world, checks=checks, order=order), iteration=iteration)


def decided(state: State, event: e.Decided) -> State:
    """The state after a verdict; the plan moves on unless the iteration itself goes on."""
    stagnated = event.reason is VerdictReason.STAGNATION
    progress = state.progress
    if stagnated:
        progress = replace(progress, adjusted=True, stalled=0)
    return replace(
        state,
        phase=Phase.NEXT,
        verdict=Verdict(label=event.verdict, reason=event.reason),
        closing=event.closing or state.closing,
        usage=replace(state.usage, iterations=event.iteration + 1),
        progress=progress,
        plan=state.plan if event.reason.waits else after_verdict(state),
    )
