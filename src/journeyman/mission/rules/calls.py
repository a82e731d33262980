"""Which calls are intended next: of the strategy, of its script, for evidence; within what the budget leaves."""

from __future__ import annotations

from typing import Final

from journeyman.mission.criteria import needs_probes, probes
from journeyman.mission.criteria.evidence import Call
from journeyman.mission.fold.at_end import kept_back
from journeyman.mission.fold.effects import context_place
from journeyman.mission.fold.turns import is_due
from journeyman.mission.fold.world_knowledge import stale_calls
from journeyman.mission.model.effects import EFFECT_RULES, LOOKING, UNCLASSIFIED, CallPurpose, EffectClass
from journeyman.mission.model.events import Intended
from journeyman.mission.model.mission import ContextCall
from journeyman.mission.model.state import ContextResult, Effect, State
from journeyman.mission.model.task import ATTEMPT
from journeyman.mission.planner.attempts import with_notes
from journeyman.mission.rules.approvals import needs_person
from journeyman.mission.rules.commands import Intend, IntendedCall
from journeyman.mission.values.canonical import digest_of

MAX_REFRESHED: Final = 20
"""Stale measurements repeated in one iteration."""


def intended(state: State, command: Intend) -> tuple[Intended, ...]:
    """The intents of a command's calls; ids are `ITERATION.NUMBER`, unique in the session."""
    iteration = state.iteration.index
    number = sum(effect.intended.iteration == iteration for effect in state.effects.values())
    return tuple(
        _context_intent(state, call)
        if call.purpose is CallPurpose.CONTEXT
        else _intent(state, call, f"{iteration}.{number + index}", iteration)
        for index, call in enumerate(command.calls)
    )


def _context_intent(state: State, call: IntendedCall) -> Intended:
    """The intent of a context call, which stands before the iteration that it is made for and has no number in it."""
    return _intent(state, call, call.place, state.usage.iterations)


def _intent(state: State, call: IntendedCall, effect: str, iteration: int) -> Intended:
    return Intended(
        effect=effect,
        iteration=iteration,
        tool=call.tool,
        args=call.args,
        effect_class=effect_class(state, call.tool, call.purpose),
        place=call.place,
        turn=call.turn,
        purpose=call.purpose,
        call=call.call,
    )


def effect_class(state: State, tool: str, purpose: CallPurpose) -> EffectClass:
    """The class of a call: a probe is pure by the operator's word, a context call by its pin."""
    spec = state.tools.get(tool)
    if purpose is not CallPurpose.CALL:
        return LOOKING
    return spec.effect if spec is not None else UNCLASSIFIED


def effect_key(state: State, intent: Intended) -> str:
    """The idempotency key of an effect: of session, step and place, the same for every try."""
    return digest_of([state.identity.tenant, state.session_id, intent.place])[:32]


def calls_left(state: State) -> int | None:
    """How many tool calls the budget still allows; `None` without a limit."""
    limit = state.mission.budget.tool_calls
    return None if limit is None else max(0, limit - state.usage.tool_calls - kept_back(state).tool_calls)


def _next_turn(state: State) -> int:
    return max((effect.intended.turn for effect in state.of_iteration()), default=-1) + 1


def _affordable(state: State, calls: tuple[IntendedCall, ...]) -> tuple[IntendedCall, ...]:
    """As many of the calls as the budget leaves, probes kept back: what they do could never be judged otherwise.

    Probes that the mission can complete without, and that cannot be paid any more, keep nothing back.
    """
    left, criteria = calls_left(state), state.mission.criteria
    if left is None:
        return calls
    kept = 0 if state.iteration.probed else len(probes(criteria))
    return calls[: max(0, left - (0 if left < kept and not needs_probes(criteria) else kept))]


def next_calls(state: State) -> tuple[IntendedCall, ...]:
    """The calls of the strategy whose intents are written together; none when it is through.

    Calls that run at once share a commit, and looks share that of a call before them that may be run again. Any other
    call that changes the world has its own, written when the calls before it have settled: after a crash only a call that
    was really under way is suspect, and none is made that a failure before it would have kept from being made.
    """
    iteration, strategy = state.iteration, state.iteration.strategy
    if strategy is None:
        return ()
    due = [
        (place, call)
        for place, call in zip(iteration.places, strategy.calls, strict=True)
        if is_due(state, f"{iteration.step}.{place}")
    ]
    turn = _next_turn(state)
    if not strategy.parallel:
        rules = [EFFECT_RULES[effect_class(state, call.tool, CallPurpose.CALL)] for _, call in due]
        safe = 1
        while safe < len(due) and rules[0].repeatable and not rules[safe].changes_world:
            safe += 1
        due = due[:safe]
    calls = tuple(
        IntendedCall(
            tool=call.tool,
            args=with_notes(state, dict(call.args)) if call.tool == ATTEMPT else dict(call.args),
            place=f"{iteration.step}.{place}",
            turn=turn if strategy.parallel else turn + index,
        )
        for index, (place, call) in enumerate(due)
    )
    return _affordable(state, calls)


def script_calls(state: State) -> tuple[tuple[IntendedCall, ...], tuple[Effect, ...] | None]:
    """The script's pending calls that are to be made, and all their effects once each has settled."""
    script = state.iteration.script
    if script is None:
        return (), None
    newest: dict[str, Effect] = {}
    for effect in state.of_iteration():
        if effect.intended.call:
            newest[effect.intended.call] = effect
    ready: list[Effect] = []
    missing: list[IntendedCall] = []
    turn = _next_turn(state)
    for row in script.calls:
        call = f"{script.steps}.{row['call']}"
        effect = newest.get(call)
        if effect is not None and not is_due(state, effect.intended.place):
            ready.append(effect)
            continue
        # A script that starts over may go another way: where its third call was, another call may stand then.
        place = f"{state.iteration.step}.{call}.{digest_of([row['tool'], row['args']])[:8]}"
        missing.append(IntendedCall(tool=str(row["tool"]), args=row["args"], place=place, turn=turn, call=call))
    if not missing:
        return (), tuple(ready)
    return _affordable(state, tuple(missing)), None


def probe_calls(state: State) -> tuple[IntendedCall, ...]:
    """The probes of all criteria, if the budget has room for them all."""
    turn = _next_turn(state)
    calls = tuple(
        IntendedCall(
            tool=probe.tool,
            args=dict(probe.args),
            place=f"probe.{state.iteration.index}.{turn}.{index}",
            turn=turn,
            purpose=CallPurpose.PROBE,
        )
        for index, probe in enumerate(probes(state.mission.criteria))
    )
    left = calls_left(state)
    return calls if left is None or left >= len(calls) else ()


def context_calls(state: State) -> tuple[IntendedCall, ...]:
    """The context calls that are due before the next iteration, as many as the budget leaves beside the probes.

    One for which no call is left is not made; it stays due, so that an amended budget makes it.
    """
    upcoming = state.usage.iterations
    flying = {context_place(effect.intended.place) for effect in state.in_flight}
    due = [
        IntendedCall(
            tool=call.tool,
            args=dict(call.args),
            place=f"context.{upcoming}.{index}",
            turn=0,
            purpose=CallPurpose.CONTEXT,
        )
        for index, call in enumerate(state.mission.context)
        if str(index) not in flying and _is_context_due(call, state.context.get(str(index)), upcoming)
    ]
    left = calls_left(state)
    return tuple(due) if left is None else tuple(due[: max(0, left - len(probes(state.mission.criteria)))])


def _is_context_due(call: ContextCall, known: ContextResult | None, upcoming: int) -> bool:
    return known is None or (call.every is not None and upcoming - known.iteration >= call.every)


def refresh_calls(state: State, after: tuple[IntendedCall, ...]) -> tuple[IntendedCall, ...]:
    """The pure calls that measure again what only staleness keeps from being judged, run beside the probes.

    Not those that wait for a person: an answer is for the call that was asked about.
    """
    turn = after[0].turn if after else _next_turn(state)
    probed = {Call.of(call.tool, call.args) for call in after}
    rows = [
        row
        for row in stale_calls(state)
        if Call.of(str(row["tool"]), row["args"]) not in probed and not needs_person(state, str(row["tool"]))
    ][:MAX_REFRESHED]
    calls = tuple(
        IntendedCall(
            tool=str(row["tool"]),
            args=row["args"],
            place=f"refresh.{state.iteration.index}.{turn}.{index}",
            turn=turn,
            purpose=CallPurpose.REFRESH,
        )
        for index, row in enumerate(rows)
    )
    left = calls_left(state)
    return calls if left is None else calls[: max(0, left - len(after))]
