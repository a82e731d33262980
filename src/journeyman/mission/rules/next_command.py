"""next_command(state) -> Command: the only thing the engine executes."""

from __future__ import annotations

from journeyman.mission.criteria.base import walk
from journeyman.mission.fold.people import AGAIN
from journeyman.mission.fold.plan import step_name
from journeyman.mission.fold.turns import is_stopped
from journeyman.mission.model.effects import EFFECT_RULES, AfterCrash
from journeyman.mission.model.reasons import Phase, ScriptStatus, VerdictLabel, VerdictReason, WaitFor
from journeyman.mission.model.state import Effect, State
from journeyman.mission.planner.propose import nothing_left
from journeyman.mission.rules import commands as c
from journeyman.mission.rules.approvals import approval_question
from journeyman.mission.rules.cadence import measuring_due
from journeyman.mission.rules.calls import context_calls, next_calls, probe_calls, refresh_calls, script_calls
from journeyman.mission.rules.decide import (
    Decision,
    at_end,
    decide,
    exhausted_decision,
    may_hold,
    out_of_time,
    outcome_of,
)


def next_command(state: State) -> c.Command:
    """What is to be done next."""
    if state.phase is Phase.ENDED:
        return c.Nothing("ended")
    if state.in_flight:
        return _in_flight(state)
    return _by_people(state) or _by_phase(state)


def unasked_by(state: State, owner: str) -> tuple[Effect, ...]:
    """The unknown effects about which a process has not asked the world yet, and could."""
    return tuple(
        effect
        for effect in state.unknown
        if EFFECT_RULES[effect.effect_class].after_crash is AfterCrash.ASK_WORLD and effect.asked_by != owner
    )


def _by_people(state: State) -> c.Command | None:
    """What people have asked for, or what waits for them."""
    people = state.people
    if people.end_asked is not None and state.phase in (Phase.PROPOSE, Phase.APPROVE):
        return _end(state, people.end_asked)
    if people.paused:
        return c.Nothing("paused")
    if people.pending is not None:
        return c.Nothing("approval")
    if people.wait is WaitFor.BUDGET and state.phase is not Phase.NEXT:
        return c.Nothing("budget")  # the tenant's ceiling refused the intents
    return None


def _by_phase(state: State) -> c.Command:
    match state.phase:
        case Phase.PROPOSE:
            return _propose(state)
        case Phase.APPROVE | Phase.EXECUTE:
            return _execute(state)
        case Phase.EVALUATE:
            return c.Evaluate()
        case Phase.DECIDE:
            return _decide(state)
        case Phase.NEXT:
            return _after_verdict(state)
        case Phase.ENDED:
            return c.Nothing("ended")


def _propose(state: State) -> c.Command:
    if state.plan.blocked:
        name = f"{AGAIN}{step_name(state.plan)}-{state.plan.tries}"
        question = "the plan's script failed after it had changed things; run it again from its first line?"
        return c.Ask(name, question)
    if out_of_time(state):  # while a model was asked: there is no iteration that a verdict could be of
        return (
            c.Wait(WaitFor.BUDGET)
            if state.mission.on_exhausted == "ask"
            else _over(state, VerdictReason.MAX_WALL_CLOCK)
        )
    if state.mission.checks_only:
        return c.Propose(state.usage.iterations) if state.check.asked else c.Nothing("check")
    if state.memory.nothing_left:
        return _over(state, VerdictReason.NOTHING_LEFT)
    if looks := context_calls(state):
        return c.Nothing("budget") if state.people.wait is WaitFor.BUDGET else c.Intend(looks)
    return c.Propose(state.usage.iterations)


def _in_flight(state: State) -> c.Command:
    flying = state.in_flight
    suspects = [effect for effect in flying if effect.suspect]
    for after, command in ((AfterCrash.UNKNOWN, c.GiveUp), (AfterCrash.ASK_WORLD, c.AskWorld)):
        mine = tuple(one for one in suspects if EFFECT_RULES[one.effect_class].after_crash is after)
        if mine:
            return command(mine)
    if state.progress.aborted and state.closing is None:
        return c.Skip(flying, "an abort condition was met")
    if watches(state) and state.world.arrivals:
        return c.Watch()
    turn = min(effect.intended.turn for effect in flying)
    now = tuple(effect for effect in flying if effect.intended.turn == turn)
    if is_stopped(state):
        left = tuple(effect for effect in now if effect.is_call and not (effect.suspect and _changes_world(effect)))
        if left:
            return c.Skip(left, "a call before it failed")
    return c.Run(now)


def _changes_world(effect: Effect) -> bool:
    return EFFECT_RULES[effect.effect_class].changes_world


def watches(state: State) -> bool:
    """Tell whether the mission has conditions that end it at once."""
    return any(criterion.abort_when_met for criterion in state.mission.criteria)


def _execute(state: State) -> c.Command:
    strategy = state.iteration.strategy
    if strategy is None:
        return _conclude(state)
    if watches(state) and state.world.arrivals:
        return c.Watch()
    if state.unknown:
        if state.mission.on_unknown != "ask":
            return c.Assume(state.unknown, done=state.mission.on_unknown == "assume_done")
        return _conclude(state)
    cut_off = state.progress.aborted and state.closing is None
    if state.iteration.denied or state.people.end_asked is not None or cut_off or out_of_time(state):
        return _conclude(state)
    if state.phase is Phase.APPROVE and (question := approval_question(state, strategy)):
        return c.Ask(f"iteration-{state.iteration.index}", question)
    if strategy.script is not None:
        return _script(state)
    if is_stopped(state):
        return _conclude(state)
    calls = next_calls(state)
    return c.Intend(calls) if calls else _conclude(state)


def _script(state: State) -> c.Command:
    script = state.iteration.script
    if script is None:
        return c.StepScript("")
    if script.status is not ScriptStatus.WAITING:
        return _conclude(state)
    missing, ready = script_calls(state)
    if ready is not None:
        return c.StepScript(script.snapshot, ready)
    return c.Intend(missing) if missing else _conclude(state)  # no budget is left for its calls


def _conclude(state: State) -> c.Command:
    """Fetch fresh evidence once the strategy is through, then judge."""
    cut_off = state.people.end_asked is not None or (state.progress.aborted and state.closing is None)
    due = measuring_due(state) and not cut_off
    if due and not out_of_time(state):
        return _measure(state) or c.Evaluate()
    return c.Evaluate()


def _measure(state: State) -> c.Command | None:
    """The next measurement of the engine's own: probes and repeated looks first, then its checks."""
    calls = probe_calls(state) if not state.iteration.probed else ()
    calls += refresh_calls(state, after=calls) if not state.iteration.refreshed else ()
    if calls:
        return c.Intend(calls)
    return c.Check() if _has_checks(state) and not state.iteration.checked else None


def _has_checks(state: State) -> bool:
    return any(criterion.engine_check() is not None for criterion in walk(state.mission.criteria))


def _decide(state: State) -> c.Command:
    """Let due measurements come before any completion, also where the cadence did not ask for them."""
    if may_hold(state) and not state.progress.aborted and not out_of_time(state):
        measure = _measure(state)
        if measure is not None:
            return measure
    return c.Decide(decide(state))


def _after_verdict(state: State) -> c.Command:
    verdict = state.verdict
    if verdict is None:  # pragma: no cover  # a verdict precedes this phase
        return c.Decide(decide(state))
    if verdict.label in (VerdictLabel.COMPLETE, VerdictLabel.TERMINATE):
        return c.End(verdict.label, verdict.reason, outcome_of(state))
    people = state.people
    if people.end_asked is not None:
        return _end(state, people.end_asked)
    match verdict.reason:
        case VerdictReason.WAITING_FOR_BUDGET:
            return c.Nothing("budget") if people.wait is WaitFor.BUDGET else c.Wait(WaitFor.BUDGET)
        case VerdictReason.WAITING_FOR_EFFECT if unasked := unasked_by(state, state.owner):
            return c.AskWorld(unasked)
        case VerdictReason.WAITING_FOR_EFFECT if state.unknown:
            return c.Nothing("effect") if people.wait is WaitFor.EFFECT else c.Wait(WaitFor.EFFECT)
        case VerdictReason.WAITING_FOR_APPROVAL if state.progress.awaiting:
            return _ask_criterion(state)
        case _:
            return _sleep_or_go_on(state)


def _ask_criterion(state: State) -> c.Command:
    for criterion in walk(state.mission.criteria):
        asked = criterion.asks_person()
        if criterion.id == state.progress.awaiting[0] and asked is not None:
            return c.Ask(criterion.id, asked.question, asked.by)
    return c.Nothing("approval")  # pragma: no cover  # awaiting names approvals only


def _sleep_or_go_on(state: State) -> c.Command:
    if state.closing is not None:
        return c.Propose(state.usage.iterations)
    strategy = state.iteration.strategy
    seconds = max(float(state.mission.pause_s), float(strategy.sleep_s) if strategy is not None else 0.0)
    if state.people.wait is WaitFor.SLEEP:
        return c.Wake(state.people.wait_until, seconds)
    if seconds > 0 and not state.iteration.slept:
        return c.Wait(WaitFor.SLEEP, seconds)
    if out_of_time(state) and (over := exhausted_decision(state)) is not None:
        return c.Decide(at_end(state, over))
    if nothing_left(state):
        return c.Decide(at_end(state, Decision(VerdictLabel.TERMINATE, VerdictReason.NOTHING_LEFT)))
    return _propose(state)


def _over(state: State, reason: VerdictReason) -> c.Command:
    """End before a new iteration; what is to be done at the end comes first, once there was one."""
    over = at_end(state, Decision(VerdictLabel.TERMINATE, reason))
    if over.closing is not None and state.usage.iterations > 0:
        return c.Decide(over)
    return c.End(over.label, over.reason, outcome_of(state)) if over.closing is None else _end(state, reason)


def _end(state: State, reason: VerdictReason) -> c.Command:
    return c.End(VerdictLabel.TERMINATE, reason, outcome_of(state))
