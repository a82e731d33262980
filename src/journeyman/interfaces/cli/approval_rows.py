"""What a person is shown before they say yes or no: the calls with all their arguments, and what failed before."""

from __future__ import annotations

import json
from collections import Counter
from typing import Final

from journeyman.interfaces.cli.live_page import proposer
from journeyman.interfaces.cli.rendering import short
from journeyman.mission.model import events as e
from journeyman.mission.model.effects import EffectState
from journeyman.mission.model.events import EventRecord
from journeyman.mission.model.state import State
from journeyman.mission.model.strategy import ToolCall
from journeyman.mission.rules.approvals import needs_person

_MOST_ROWS: Final = 16
_VALUE: Final = 200


class FailedCalls:
    """Remembers how calls of each tool failed while this process looked on."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._last: dict[str, str] = {}

    def take(self, happened: EventRecord, state: State) -> None:
        """Take in an event; `state` is as it was right after it."""
        event = happened.event
        if not isinstance(event, e.Settled) or event.state is EffectState.DONE or event.error_class == "skipped":
            return
        effect = state.effects.get(event.effect)
        if effect is not None:
            self._counts[effect.intended.tool] += 1
            self._last[effect.intended.tool] = f"{event.error_class}: {short(event.error, _VALUE)}"

    def words(self, tool: str) -> str:
        """How often calls of a tool failed, and how the last one did; empty where none did."""
        count = self._counts[tool]
        return f"failed {count} time{'' if count == 1 else 's'} before, last {self._last[tool]}" if count else ""


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
    rows += [
        f"    {name} = {short(json.dumps(value, ensure_ascii=False), _VALUE)}" for name, value in call.args.items()
    ]
    words = failed.words(call.tool)
    return [*rows, f"    {words}"] if words else rows
