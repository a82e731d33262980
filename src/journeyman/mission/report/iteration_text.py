"""Iterations of a report in the words of the live lines, and what is besides: changed arguments, trouble, time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from journeyman.mission.model.effects import CallPurpose, EffectState
from journeyman.mission.model.task import ATTEMPT
from journeyman.mission.report.attempt_text import attempt_text
from journeyman.mission.report.call_text import value_text
from journeyman.mission.report.criterion_text import CriterionRule, StandingTexts
from journeyman.mission.report.model import Report
from journeyman.mission.report.plain_text import MISSING, duration_text, elapsed_text, one_line
from journeyman.mission.report.rows import CriterionRow, EffectRow, IterationRow
from journeyman.mission.values.canonical import Json

_TROUBLES: Final = (EffectState.FAILED, EffectState.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class IterationText:
    """An iteration as every written form of a report tells it."""

    line: str
    """What was done, and how the criteria stood after it."""
    changed: str
    """What was different from the call of the same tool before."""
    trouble: tuple[tuple[str, str], ...]
    """Word and tone: `2 failed`, `denied by mira`."""
    took: str


def iteration_texts(report: Report) -> dict[int, IterationText]:
    """The text of each iteration that a report tells, by its index."""
    rules = {row.id: _rule(row) for row in report.criteria}
    effects = _by_iteration(report.effects)
    changes = argument_changes(report.effects)
    standing, before = StandingTexts(), -1
    found: dict[int, IterationText] = {}
    for row in report.iterations:
        if row.index != before + 1:
            standing.forget()
        before = row.index
        stood = standing.all((rules[one.id], one) for one in row.evaluation if one.id in rules)
        did = row.strategy.text if row.strategy is not None else MISSING
        calls = effects.get(row.index, [])
        made = [text for call in calls if call.tool == ATTEMPT and (text := attempt_text(call.value))]
        did = "; ".join([did, *made])
        found[row.index] = IterationText(
            line=one_line(f"{did} · {'; '.join(stood)}" if stood else did, 400),
            changed="; ".join(_changes_of(calls, changes)),
            trouble=_trouble(row, calls),
            took=_took(row),
        )
    return found


def _took(row: IterationRow) -> str:
    return elapsed_text(row.started_at, row.ended_at) if row.driven_s is None else duration_text(row.driven_s)


def _rule(row: CriterionRow) -> CriterionRule:
    return CriterionRule(
        id=row.id, sentence=row.sentence, aborts=row.abort_when_met, hold_for=row.hold_for, bound=row.bound
    )


def _by_iteration(effects: Sequence[EffectRow]) -> dict[int, list[EffectRow]]:
    found: dict[int, list[EffectRow]] = {}
    for row in effects:
        found.setdefault(row.iteration, []).append(row)
    return found


def _changes_of(calls: Sequence[EffectRow], changes: Mapping[str, str]) -> list[str]:
    steps = [row for row in calls if row.purpose is CallPurpose.CALL and changes.get(row.effect)]
    named = len({row.tool for row in steps}) > 1
    return [f"{row.tool}: {changes[row.effect]}" if named else changes[row.effect] for row in steps]


def argument_changes(effects: Sequence[EffectRow]) -> dict[str, str]:
    """For each call that was made before with other arguments: what is different from the last time, `workers 8 → 11`."""
    last: dict[tuple[str, CallPurpose], Json] = {}
    found: dict[str, str] = {}
    for row in effects:
        if row.tool == ATTEMPT:  # what it is told is no setting
            continue
        kind = (row.tool, row.purpose)
        if kind in last and (told := _changed(last[kind], row.args)):
            found[row.effect] = told
        last[kind] = row.args
    return found


def _changed(before: Json, now: Json) -> str:
    if not isinstance(before, dict) or not isinstance(now, dict):
        return ""
    told: list[str] = []
    for name in dict.fromkeys([*before, *now]):
        old, new = before.get(name), now.get(name)
        if name not in now:
            told.append(f"{one_line(name, 60)} left out (was {value_text(old)})")
        elif name not in before:
            told.append(f"{one_line(name, 60)} = {value_text(new)}, new")
        elif old != new or type(old) is not type(new):
            told.append(f"{one_line(name, 60)} {value_text(old)} → {value_text(new)}")
    return one_line(", ".join(told), 300)


def _trouble(row: IterationRow, calls: Sequence[EffectRow]) -> tuple[tuple[str, str], ...]:
    count = Counter(call.state for call in calls)
    told = [
        (f"{count[state]} {state}", "bad" if state is EffectState.FAILED else "unsure")
        for state in _TROUBLES
        if count[state]
    ]
    if reconciled := sum(bool(call.reconciled_by) for call in calls):
        told.append((f"{reconciled} reconciled", "unsure"))
    if row.denied_by:
        told.append((f"denied by {row.denied_by.removeprefix('person:')}", "warn"))
    if row.errors and not told:
        told.append(("error", "bad"))
    return tuple(told)
