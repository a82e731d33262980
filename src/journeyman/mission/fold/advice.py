"""The part of the fold that holds questions to models."""

from __future__ import annotations

from journeyman.mission.model import events as e
from journeyman.mission.model.state import State
from journeyman.mission.values.value import replace


def advised(state: State, event: e.AdviceAsked | e.AdviceSettled | e.AdviceRejected | e.ClosingNotes) -> State:
    """The state after any event of advice."""
    match event:
        case e.AdviceAsked():
            return _asked(state, event)
        case e.AdviceSettled():
            return _settled(state, event)
        case e.AdviceRejected():
            return replace(state, advice=replace(state.advice, rejected=event.reason))
        case e.ClosingNotes():
            return replace(state, advice=replace(state.advice, closing=event))


def _asked(state: State, event: e.AdviceAsked) -> State:
    """The state in which a question to a model is open and its reservation counts as used."""
    usage = replace(
        state.usage,
        tokens=state.usage.tokens + event.reserved_tokens,
        cost_microusd=state.usage.cost_microusd + event.reserved_microusd,
    )
    advice = state.advice
    open_ones = {**advice.open, event.ask: (event.reserved_tokens, event.reserved_microusd)}
    return replace(state, usage=usage, advice=replace(advice, open=open_ones, asked=advice.asked + 1))


def _settled(state: State, event: e.AdviceSettled) -> State:
    """Replace the reservation by what was used; where that is not known, the reservation stands."""
    reserved = state.advice.open.get(event.ask)
    if reserved is None:
        return state
    cost = reserved[1] if event.cost_microusd is None else event.cost_microusd
    usage = replace(
        state.usage,
        tokens=state.usage.tokens - reserved[0] + event.input_tokens + event.output_tokens,
        cost_microusd=state.usage.cost_microusd - reserved[1] + cost,
    )
    left = {key: value for key, value in state.advice.open.items() if key != event.ask}
    return replace(state, usage=usage, advice=replace(state.advice, open=left))
