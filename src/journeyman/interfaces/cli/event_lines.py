"""Events in one line of words each, as a running mission is told of on terminals and in logs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from journeyman.interfaces.cli.rendering import short
from journeyman.mission.criteria.base import walk
from journeyman.mission.model import events as e
from journeyman.mission.model.effects import EffectState
from journeyman.mission.model.events import EventRecord
from journeyman.mission.model.reasons import VerdictReason, WaitFor
from journeyman.mission.model.state import State
from journeyman.mission.model.task import ATTEMPT
from journeyman.mission.report.answer_text import answer_text, missing_metrics
from journeyman.mission.report.attempt_text import attempt_text
from journeyman.mission.report.call_text import MOST, strategy_text
from journeyman.mission.report.criterion_text import StandingTexts, rule_of
from journeyman.mission.report.person_words import person_words

_WORDS: Final = 120
_RESULT_WORDS: Final = 400
_LEAST_CALL: Final = 14
_CUT: Final = 2
"""What the sign takes that something was cut off."""
AT_END: Final = "at_end"
"""Who proposes what is done before the verdict."""
_QUIET: Final = (VerdictReason.IN_PROGRESS,)
"""Reasons that say nothing: the mission goes on."""


def is_failure(event: e.Event, state: State) -> bool:
    """Tell whether an event says that something went wrong."""
    match event:
        case e.Settled() if event.state is EffectState.DONE:
            return bool(missing_metrics(state.mission, _name(event, state), event))
        case e.Settled():
            return True
        case e.AdviceSettled():
            return bool(event.failure)
        case _:
            return isinstance(event, e.AdviceRejected)


class EventLines:
    """Puts events into words."""

    def __init__(
        self,
        *,
        verbose: bool = False,
        addresses: Mapping[str, str] | None = None,
        columns: Callable[[], int] | None = None,
    ) -> None:
        """Begin.

        Args:
            verbose: Whether results are told, too.
            addresses: Advisor to the host and port that it is asked at, which no record holds; may be filled later.
            columns: How wide a line may be before it is cut at its end; any where it is left out.
        """
        self._addresses: Mapping[str, str] = addresses if addresses is not None else {}
        self._columns = columns
        self._standing = StandingTexts()
        self._advisor = ""
        self._answers: dict[str, str] = {}
        """Tool to what was said of its last answer: the same is not said twice in a row."""
        self._verbose = verbose

    def line(self, happened: EventRecord, state: State) -> str:  # one line per kind of event
        """One line for an event; empty for those that only engines care for."""
        event = happened.event
        match event:
            case e.SessionCreated():
                return f"session {event.session_id} of mission {state.mission.name!r}"
            case e.Decided():
                return self._verdict(event, state)
            case e.NothingLeft():
                return f"nothing left to try: {short(event.tried, _RESULT_WORDS)}"
            case e.WaitStarted() if event.reason is not WaitFor.SLEEP:
                return f"waits for a person: {event.reason}"
            case e.Settled():
                return self._settled(event, state)
            case e.ScriptAdvanced() if event.observations or event.error:
                shown = ", ".join(f"{name}={value}" for found in event.observations for name, value in found.items())
                return f"  script: {event.error or shown}"
            case e.Ended():
                return f"ended: {event.verdict}/{event.reason}, outcome {event.outcome}"
            case e.PersonEvent():
                return _person(happened, event)
            case _:
                return self._advice(event)

    def _advice(self, event: e.Event) -> str:
        match event:
            case e.AdviceAsked():
                self._advisor = event.advisor
                return ""
            case e.AdviceSettled() if event.failure:
                why = f" · {event.reason}" if event.reason not in ("", event.failure) else ""
                address = self._addresses.get(self._advisor, "")
                return f"  advisor {self._advisor}{f' at {address}' if address else ''} failed: {event.failure}{why}"
            case e.AdviceRejected():
                return f"  no advice ({event.reason}): the planner goes on"
            case _:
                return ""

    def _settled(self, event: e.Settled, state: State) -> str:
        if event.state is EffectState.DONE and self._verbose:
            given = event.metrics or event.value
            return f"  {_name(event, state)} -> {short(given, _RESULT_WORDS)} ({event.duration_s:.2g} s)"
        if event.state is EffectState.DONE and _name(event, state) == ATTEMPT:
            return f"  {attempt_text(event.value)}"
        return _failed(event, state) or self._answered(event, state)

    def _answered(self, event: e.Settled, state: State) -> str:
        tool = _name(event, state)
        text = answer_text(state.mission, tool, event) if event.state is EffectState.DONE else ""
        before, self._answers[tool] = self._answers.get(tool, ""), text
        return f"  {tool} {text}" if text != before and text else ""

    def _verdict(self, event: e.Decided, state: State) -> str:
        rows = [
            (rule_of(one), state.progress.criteria[one.id].result)
            for one in walk(state.mission.criteria)
            if one.id in state.progress.criteria
        ]
        told = [*self._standing.all(rows)]
        objective, best = state.mission.objective, state.objective.best
        if objective is not None and best is not None and best.iteration == event.iteration:
            told.append(f"best so far: {objective.metric} {best.value:g}")
        begin, stands = f"iteration {event.iteration}: ", f" · {'; '.join(told)}{_denied(state)}"
        verdict = "" if event.reason in _QUIET else f" · {event.verdict}/{event.reason}"
        return f"{begin}{self._what(state, len(begin) + len(stands))}{stands}{verdict}"

    def _what(self, state: State, taken: int) -> str:
        """What was done, as short as the values beside it need it; the verdict, which comes last, may be cut off."""
        if state.mission.checks_only:
            return "check"
        closing = "at the end: " if state.iteration.source == AT_END else ""
        most = (
            MOST
            if self._columns is None
            else max(_LEAST_CALL, min(MOST, self._columns() - taken - len(closing) - _CUT))
        )
        return closing + strategy_text(state.iteration.strategy, most)


def _denied(state: State) -> str:
    """Who said no to the iteration; empty where nobody did."""
    granted, by = state.people.answers.get(f"iteration-{state.iteration.index}", (True, ""))
    return "" if granted or not state.iteration.denied else f" · denied by {by.removeprefix('person:')}, so not called"


def _person(happened: EventRecord, event: e.PersonEvent) -> str:
    if isinstance(event, e.ApprovalAsked):
        return f"waits for {event.by or 'a person'}: {event.question}"
    return person_words(happened, event)


def _name(event: e.Settled, state: State) -> str:
    effect = state.effects.get(event.effect)
    return effect.intended.tool if effect is not None else event.effect


def _failed(event: e.Settled, state: State) -> str:
    """What did not go well is told at once; the rest stands in the verdict's line."""
    if event.state is EffectState.DONE:
        return ""
    name = _name(event, state)
    if event.state is EffectState.UNKNOWN:
        return f"  {name}: unknown whether effect {event.effect} happened: {short(event.error, _WORDS)}"
    if event.error_class == "skipped":
        return f"  {name} was not called: {short(event.error, _WORDS)}"
    return f"  {name} failed: {event.error_class}: {short(event.error, _WORDS)}"
