"""Events in one line of words each, as a running mission is told of on terminals and in logs."""

from __future__ import annotations

from typing import Final

from journeyman.interfaces.cli.rendering import short
from journeyman.mission.criteria.base import Criterion, walk
from journeyman.mission.criteria.evidence import CriterionStatus
from journeyman.mission.model import events as e
from journeyman.mission.model.effects import EffectState
from journeyman.mission.model.events import EventRecord
from journeyman.mission.model.reasons import VerdictReason, WaitFor
from journeyman.mission.model.state import CriterionState, State
from journeyman.mission.model.strategy import Strategy

MARKS: Final = {"met": ("✓", "green"), "unmet": ("·", "yellow"), "inconclusive": ("?", "magenta")}
ABORTS: Final = {"met": ("✗ struck", "red"), "unmet": ("clear", "green"), "inconclusive": ("?", "magenta")}
_MOST_CRITERIA: Final = 6
_WORDS: Final = 120
_QUIET: Final = (VerdictReason.IN_PROGRESS,)
"""Reasons that say nothing: the mission goes on."""


def is_failure(event: e.Event) -> bool:
    """Tell whether an event says that something went wrong."""
    return isinstance(event, e.Settled) and event.state is not EffectState.DONE


class EventLines:
    """Puts events into words; remembers the numbers that it told last, so that it can say how they moved."""

    def __init__(self) -> None:
        self._told: dict[str, float] = {}

    def line(self, happened: EventRecord, state: State) -> str:  # noqa: PLR0911  # one line per kind of event
        """One line for an event; empty for those that only engines care for."""
        event = happened.event
        match event:
            case e.SessionCreated():
                return f"session {event.session_id} of mission {state.mission.name!r}"
            case e.Decided():
                return self._verdict(event, state)
            case e.ApprovalAsked():
                return f"waits for {event.by or 'a person'}: {event.question}"
            case e.ApprovalAnswered():
                who = happened.actor.removeprefix("person:")
                return f"{'approved' if event.granted else 'denied'} by {who}: {event.approval}"
            case e.WaitStarted() if event.reason is not WaitFor.SLEEP:
                return f"waits for a person: {event.reason}"
            case e.Settled():
                return _settled(event, state)
            case e.ScriptAdvanced() if event.observations or event.error:
                shown = ", ".join(f"{name}={value}" for found in event.observations for name, value in found.items())
                return f"  script: {event.error or shown}"
            case e.PersonEvent():
                return f"{type(event).__name__} by {happened.actor.removeprefix('person:')}"
            case e.Ended():
                return f"ended: {event.verdict}/{event.reason}, outcome {event.outcome}"
            case _:
                return ""

    def _verdict(self, event: e.Decided, state: State) -> str:
        rows = [
            (one, state.progress.criteria[one.id])
            for one in walk(state.mission.criteria)
            if one.id in state.progress.criteria
        ]
        rows.sort(key=lambda row: row[1].status is CriterionStatus.MET)  # what is still open first
        shown = [self._standing(criterion, known) for criterion, known in rows]
        left_out = [f"and {len(shown) - _MOST_CRITERIA} more"] if len(shown) > _MOST_CRITERIA else []
        verdict = "" if event.reason in _QUIET else f" {event.verdict}/{event.reason} ·"
        what = strategy_summary(state.iteration.strategy)
        return f"iteration {event.iteration}:{verdict} {what} · {'; '.join([*shown[:_MOST_CRITERIA], *left_out])}"

    def _standing(self, criterion: Criterion, known: CriterionState) -> str:
        """How a criterion stands: its mark, the number and how it moved, and what it needs."""
        alarm = criterion.abort_when_met
        mark = (ABORTS if alarm else MARKS)[known.status][0]
        number = _number(known)
        words = [criterion.id, mark]
        if number is not None:
            before = self._told.get(criterion.id)
            self._told[criterion.id] = number
            words.append(f"{number:g}" + (f" ({number - before:+.4g})" if before not in (None, number) else ""))
        elif known.status is CriterionStatus.UNMET and not alarm:
            words.append(f"{known.progress:.0%}")
        text = " ".join(words)
        if 0 < known.result.held < criterion.hold_for:
            return f"{text}, held {known.result.held} of {criterion.hold_for}"
        open_one = known.status is CriterionStatus.UNMET and not alarm and number is not None
        return f"{text}, needs {criterion.sentence()}" if open_one else text


def _number(known: CriterionState) -> float | None:
    value = known.result.evidence
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _settled(event: e.Settled, state: State) -> str:
    """What did not go well is told at once; the rest stands in the verdict's line."""
    if event.state is EffectState.DONE:
        return ""
    effect = state.effects.get(event.effect)
    name = effect.intended.tool if effect is not None else event.effect
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
