"""What a person is shown before they say yes or no: the calls with all their arguments, and what failed before."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from journeyman.interfaces.cli.live_page import proposer
from journeyman.interfaces.cli.rendering import short
from journeyman.mission.model import events as e
from journeyman.mission.model.effects import EffectState
from journeyman.mission.model.events import EventRecord
from journeyman.mission.model.state import State
from journeyman.mission.model.strategy import ToolCall
from journeyman.mission.report.call_text import call_text
from journeyman.mission.rules.approvals import needs_person, sent_arguments
from journeyman.mission.values.canonical import JsonObject, digest_of

_MOST_ROWS: Final = 16
_VALUE: Final = 200


@dataclass(slots=True)
class _Failures:
    """How one call with its arguments failed."""

    args: JsonObject
    count: int = 0
    last: str = ""


class FailedCalls:
    """Remembers how calls of each tool failed while this process looked on."""

    def __init__(self) -> None:
        self._failures: dict[str, dict[str, _Failures]] = {}

    def take(self, happened: EventRecord, state: State) -> None:
        """Take in an event; `state` is as it was right after it."""
        event = happened.event
        if not isinstance(event, e.Settled) or event.state is EffectState.DONE or event.error_class == "skipped":
            return
        effect = state.effects.get(event.effect)
        if effect is None or not isinstance(effect.intended.args, dict):
            return
        tool, args = effect.intended.tool, sent_arguments(state, effect.intended.tool, effect.intended.args)
        mine = self._failures.setdefault(tool, {})
        known = mine.pop(digest_of(args), _Failures(args))
        known.count += 1
        known.last = f"{event.error_class}: {short(event.error, _VALUE)}"
        mine[digest_of(args)] = known  # the newest is the last

    def words(self, tool: str, args: JsonObject) -> str:
        """How often this very call failed, or what the last of the tool's that did was called with; empty for none."""
        mine = self._failures.get(tool)
        if not mine:
            return ""
        same = mine.get(digest_of(args))
        if same is not None:
            return f"this call failed {same.count} time{'' if same.count == 1 else 's'} before, last {same.last}"
        other = list(mine.values())[-1]
        return f"another call of it failed before: {call_text(tool, other.args)}: {other.last}"


def approval_rows(state: State, failed: FailedCalls) -> list[str]:
    """The open question of a session, row by row; no rows when nothing is asked."""
    pending, strategy = state.people.pending, state.iteration.strategy
    if pending is None:
        return []
    whom = f" {pending.by}" if pending.by else " you"
    about = f"{state.mission.name} asks{whom}: "
    if strategy is None or pending.approval != f"iteration-{state.iteration.index}" or strategy.script is not None:
        return [about + pending.question]
    rows = [f"{about}may this be done? ({pending.approval}, proposed by {proposer(state)})"]
    for call in strategy.calls:
        if needs_person(state, call.tool):
            rows += _call_rows(state, call, failed)
    left = len(rows) - _MOST_ROWS
    return (
        [*rows[:_MOST_ROWS], f"  and {left} more rows: journeyman show {state.session_id} --json"] if left > 0 else rows
    )


def _call_rows(state: State, call: ToolCall, failed: FailedCalls) -> list[str]:
    spec = state.tools.get(call.tool)
    kind = "" if spec is None else f" ({spec.effect.value}{', destructive' if spec.destructive else ''})"
    rows = [f"  {call.tool}{kind}"]
    sent = sent_arguments(state, call.tool, call.args)
    rows += [
        f"    {name} = {short(json.dumps(value, ensure_ascii=False), _VALUE)}{'' if name in call.args else ' (default)'}"
        for name, value in sent.items()
    ]
    words = failed.words(call.tool, sent)
    return [*rows, f"    {words}"] if words else rows
