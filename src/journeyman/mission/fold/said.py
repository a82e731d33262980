"""The part of the fold that holds what people and models said: answers, notes, amendments, endings, advice."""

from __future__ import annotations

from typing import cast

from journeyman.mission.model import events as e
from journeyman.mission.model.events import Happened
from journeyman.mission.model.mission import Budget
from journeyman.mission.model.state import Pending, Phase, State
from journeyman.mission.planner.memory import after_denial
from journeyman.mission.values.canonical import JsonObject
from journeyman.mission.values.copying import replace


def approval_asked(state: State, happened: Happened) -> State:
    """Give the state that waits for a person's answer."""
    event = cast("e.ApprovalAsked", happened.event)
    return state.but(
        pending=Pending(approval=event.approval, question=event.question, by=event.by, asked_at=happened.at)
    )


def approval_answered(state: State, happened: Happened) -> State:
    """Give the state after an answer: a denied call is not made, an approval criterion is judged again."""
    event = cast("e.ApprovalAnswered", happened.event)
    pending = None if state.pending is not None and state.pending.approval == event.approval else state.pending
    answers = {**state.answers, event.approval: (event.granted, happened.actor)}
    calls = event.approval == f"iteration-{state.iteration}"
    if calls and not event.granted and state.phase is Phase.APPROVE:
        error: JsonObject = {"error": f"denied by {happened.actor}", "error_class": "denied", "tool": ""}
        return state.but(
            pending=pending,
            answers=answers,
            denied=True,
            memory=after_denial(state),
            phase=Phase.EXECUTE,
            errors=(*state.errors, error),
        )
    if not calls and state.phase is Phase.NEXT:
        return state.but(pending=pending, answers=answers, phase=Phase.EVALUATE)
    return state.but(pending=pending, answers=answers)


def advice_asked(state: State, happened: Happened) -> State:
    """Give the state in which a question to a model is open and its reservation counts as used."""
    event = cast("e.AdviceAsked", happened.event)
    usage = replace(
        state.usage,
        tokens=state.usage.tokens + event.reserved_tokens,
        cost_microusd=state.usage.cost_microusd + event.reserved_microusd,
    )
    asks = {**state.asks, event.ask: (event.reserved_tokens, event.reserved_microusd)}
    return state.but(usage=usage, asks=asks, asked=state.asked + 1)


def advice_settled(state: State, happened: Happened) -> State:
    """Replace the reservation by what was used; where that is not known, the reservation stands."""
    event = cast("e.AdviceSettled", happened.event)
    reserved = state.asks.get(event.ask)
    if reserved is None:
        return state
    cost = reserved[1] if event.cost_microusd is None else event.cost_microusd
    usage = replace(
        state.usage,
        tokens=state.usage.tokens - reserved[0] + event.input_tokens + event.output_tokens,
        cost_microusd=state.usage.cost_microusd - reserved[1] + cost,
    )
    asks = {key: value for key, value in state.asks.items() if key != event.ask}
    return state.but(usage=usage, asks=asks)


def advice_rejected(state: State, happened: Happened) -> State:
    """Give the state that knows why advice was not used."""
    return state.but(advised=cast("e.AdviceRejected", happened.event).reason)


def closing(state: State, happened: Happened) -> State:
    """Give the state with closing notes for the report."""
    event = cast("e.ClosingNotes", happened.event)
    return state.but(closing=e.encode(event))


def noted(state: State, happened: Happened) -> State:
    """Give the state with a person's note; the newest twenty are kept."""
    return state.but(notes=(*state.notes, cast("e.NoteAdded", happened.event).text)[-20:])


def amended(state: State, happened: Happened) -> State:
    """Give the state under the new budget, judged again where it waited for one."""
    event = cast("e.BudgetAmended", happened.event)
    budget = Budget.model_validate({**state.mission.budget.model_dump(exclude_none=True), **event.changes})
    wait = "" if state.wait == "budget" else state.wait
    phase = Phase.DECIDE if state.wait == "budget" and state.phase is Phase.NEXT else state.phase
    return state.but(
        mission=state.mission.model_copy(update={"budget": budget}), digest=event.digest, wait=wait, phase=phase
    )


def end_asked(state: State, happened: Happened) -> State:
    """Give the state that ends at the next step."""
    event = cast("e.EndAsked", happened.event)
    return state.but(end_asked=event.reason, end_by=happened.actor, pending=None, wait="", paused=False)
