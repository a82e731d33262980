"""Events in one line of words each, as a running mission is told of on terminals and in logs."""

from __future__ import annotations

from typing import Final, cast

from journeyman.interfaces.cli.rendering import short
from journeyman.interfaces.cli.status_marks import mark_of
from journeyman.mission.criteria.base import Criterion, walk
from journeyman.mission.criteria.evidence import CriterionStatus
from journeyman.mission.model import events as e
from journeyman.mission.model.effects import EffectState
from journeyman.mission.model.events import EventRecord
from journeyman.mission.model.reasons import VerdictReason, WaitFor
from journeyman.mission.model.state import CriterionState, State
from journeyman.mission.model.strategy import Strategy
from journeyman.mission.report.phrases import criterion_word, person_action
from journeyman.mission.report.rows import PersonRow

_MOST_CRITERIA: Final = 6
_WORDS: Final = 120
_RESULT_WORDS: Final = 400
_QUIET: Final = (VerdictReason.IN_PROGRESS,)
"""Reasons that say nothing: the mission goes on."""


def is_failure(event: e.Event) -> bool:
    """Tell whether an event says that something went wrong."""
    match event:
        case e.Settled():
            return event.state is not EffectState.DONE
        case e.AdviceSettled():
            return bool(event.failure)
        case _:
            return isinstance(event, e.AdviceRejected)


def person_words(happened: EventRecord, event: e.PersonEvent) -> str:
    """Who did what, with the text or the values that belong to it."""
    kind, details = type(event).__name__, e.encode(cast("e.Event", event))
    details.pop("digest", None)
    verb, words = person_action(PersonRow(at=happened.at, actor=happened.actor, what=kind, details=details))
    return f"{happened.actor.removeprefix('person:')} {verb}{': ' if words else ''}{words}"


class EventLines:
    """Puts events into words; remembers the numbers that it told last, so that it can say how they moved."""

    def __init__(self, *, verbose: bool = False) -> None:
        self._told: dict[str, float] = {}
        self._advisor = ""
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
                return f"  advisor {self._advisor} failed: {event.failure}{why}"
            case e.AdviceRejected():
                return f"  no advice ({event.reason}): the planner goes on"
            case _:
                return ""

    def _settled(self, event: e.Settled, state: State) -> str:
        if event.state is EffectState.DONE and self._verbose:
            given = event.metrics or event.value
            return f"  {_name(event, state)} -> {short(given, _RESULT_WORDS)} ({event.duration_s:.2g} s)"
        return _failed(event, state)

    def _verdict(self, event: e.Decided, state: State) -> str:
        rows = [
            (one, state.progress.criteria[one.id])
            for one in walk(state.mission.criteria)
            if one.id in state.progress.criteria
        ]
        rows.sort(key=lambda row: row[1].status is CriterionStatus.MET)  # what is still open first
        shown = [f"{criterion.id} {self.standing(criterion, known)}" for criterion, known in rows]
        left_out = [f"and {len(shown) - _MOST_CRITERIA} more"] if len(shown) > _MOST_CRITERIA else []
        verdict = "" if event.reason in _QUIET else f" {event.verdict}/{event.reason} ·"
        what = "check" if state.mission.checks_only else strategy_summary(state.iteration.strategy)
        told = [*shown[:_MOST_CRITERIA], *left_out]
        objective, best = state.mission.objective, state.objective.best
        if objective is not None and best is not None and best.iteration == event.iteration:
            told.append(f"best so far: {objective.metric} {best.value:g}")
        return f"iteration {event.iteration}:{verdict} {what} · {'; '.join(told)}"

    def standing(self, criterion: Criterion, known: CriterionState) -> str:
        """How a criterion stands: its mark, the number and how it moved, and what it needs."""
        number = number_of(known)
        before = self._told.get(criterion.id)
        if number is not None:
            self._told[criterion.id] = number
        moved = f" ({number - before:+.4g})" if number is not None and before not in (None, number) else ""
        return f"{mark_of(known.status, aborts=criterion.abort_when_met).sign} {standing_words(criterion, known, moved)}".rstrip()


def standing_words(criterion: Criterion, known: CriterionState, moved: str = "") -> str:
    """The number that a criterion saw and how it `moved`, and what it needs, or how far an abort condition is from striking."""
    number, alarm = number_of(known), criterion.abort_when_met
    text = f"{number:g}{moved}" if number is not None else ""
    if alarm:
        word = criterion_word(known.status.value, aborts=True)
        return " ".join(part for part in (word, _distance(criterion, number, text)) if part)
    if known.status is CriterionStatus.UNMET and number is None:
        text = f"{known.progress:.0%}"
    if 0 < known.result.held < criterion.hold_for:
        return f"{text}, held {known.result.held} of {criterion.hold_for}"
    open_one = known.status is CriterionStatus.UNMET and number is not None
    return f"{text}, needs {criterion.sentence()}" if open_one else text


def _distance(criterion: Criterion, number: float | None, text: str) -> str:
    """How far an abort condition is from striking, which comes first: rows are cut at their end."""
    bound, strikes = criterion.bound(), f"strikes at {criterion.sentence()}"
    if number is None:
        return f"({strikes})"
    return f"{text}, {strikes}" if bound is None else f"{abs(bound - number):.4g} away: {text}, {strikes}"


def number_of(known: CriterionState) -> float | None:
    """The number that a criterion was judged by; `None` where it was none."""
    value = known.result.evidence
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


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


def strategy_summary(strategy: Strategy | None) -> str:
    """A strategy in a few words."""
    if strategy is None:
        return "nothing"
    if strategy.script is not None:
        return "script"
    names = [
        f"{call.tool}({', '.join(f'{key}={value!r}' for key, value in call.args.items())})" for call in strategy.calls
    ]
    text = (" | " if strategy.parallel else ", ").join(names) or f"sleep {strategy.sleep_s:g} s"
    return text if len(text) <= 80 else text[:79] + "…"
