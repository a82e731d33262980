"""A role's view as text of at most so many characters.

What others wrote stands last, in quotes, one line each, and gets only the room that the rest leaves or that is kept for
it; the rest is laid out as if nobody had said anything. So no message can change, or push out, anything but messages.

Every service and every kind of line stays whatever the budget: rows that have no room are told in short, and log lines
that differ only in their numbers are folded into one with a count, so decoys cannot push the telling one out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from journeyman.gym.text.observation import Alert, Customers, LogEntry, Message, Observation, RoleView, ServiceMetrics
from journeyman.gym.text.quoting import one_line, quoted
from journeyman.gym.text.reading import MESSAGE_CHARS

MAX_CHARS: Final = 5500
"""Most characters of a view; in English prose a token has about four, in names and numbers three or fewer."""
LEAST_CHARS: Final = 4400
"""Room for the fixed parts, the folded log and everything else in short, whatever the world."""
MESSAGES_CHARS: Final = 1400
"""Kept for what others wrote: all that a role still hears, with the least of each message."""
_SHOWN_CHARS: Final = (MESSAGE_CHARS + 2, 240, 180, 120, 90, 60, 40, 28, 16)
"""Most of one message with its quotes, escapes counted: as much as lets all messages stay. So nobody talks the others out."""
_NOTICE_CHARS: Final = 330
_NUMBER: Final = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class _Table:
    """Rows under a title, the most important first."""

    title: str
    rows: list[str]
    short: list[tuple[str, str]] | None = None
    """What each row is told as when it has no room: a word that others share, and a name. Without it rows are counted."""

    @property
    def chars(self) -> int:
        """The length of the whole table, with the line's end."""
        return len(self.title) + 1 + sum(map(len, self.rows)) + 3 * len(self.rows)


def render_observation(
    observation: Observation | RoleView, *, step: int | None = None, max_chars: int = MAX_CHARS
) -> str:
    """The text of an observation, or of a view alone.

    Args:
        observation: What the role sees.
        step: Of a view alone, which does not know it.
        max_chars: Most of the text, in characters.

    Raises:
        ValueError: `max_chars` is below `LEAST_CHARS`.
    """
    if max_chars < LEAST_CHARS:
        raise ValueError(f"{max_chars} characters cannot hold an observation; give at least {LEAST_CHARS}")
    view = observation.view if isinstance(observation, Observation) else observation
    head = _head(observation) if isinstance(observation, Observation) else _head_of_view(observation, step)
    fixed = "\n".join([head, *_fixed(view)])
    room = max_chars - len(fixed) - 1
    parts = [fixed, *_laid_out(_tables(view), room - MESSAGES_CHARS)]
    if view.shared_chat or view.private_inbox:
        parts += _messages(view, max_chars - sum(map(len, parts)) - len(parts))
    return "\n".join(parts)


def _laid_out(tables: Sequence[_Table], room: int) -> list[str]:
    """The tables as texts that fit into the room together, in their order."""
    if sum(table.chars for table in tables) <= room:
        return ["\n  ".join([table.title, *table.rows]) for table in tables]
    done: dict[str, str] = {}
    # Short tables first: what they leave over is for the long ones.
    for left, table in zip(range(len(tables), 0, -1), sorted(tables, key=lambda one: one.chars), strict=True):
        done[table.title] = _cut(table, room // left - 1)
        room -= len(done[table.title]) + 1
    return [done[table.title] for table in tables]


def _cut(table: _Table, room: int) -> str:
    """As many rows as there is room for, and the others in short."""
    rows, used = table.rows, len(table.title)
    if used + sum(map(len, rows)) + 3 * len(rows) <= room:
        return "\n  ".join([table.title, *rows])
    kept = 0
    for number, row in enumerate(rows):
        used += len(row) + 3
        if used + 3 + len(_rest(table, number + 1)) > room:
            break
        kept = number + 1
    return "\n  ".join([table.title, *rows[:kept], _rest(table, kept)])


def _rest(table: _Table, kept: int) -> str:
    if table.short is None:
        return f"... {len(table.rows) - kept} more not shown"
    groups = groupby(sorted(table.short[kept:], key=lambda one: one[0]), key=lambda one: one[0])
    return "in short: " + "; ".join(f"{word} {', '.join(name for _, name in some)}" for word, some in groups)


def _head(observation: Observation) -> str:
    head = f"STEP {observation.step} of {observation.horizon}\nROLE {observation.turn_role}"
    if observation.notice:
        head += f"\nNOTICE your last action was {one_line(observation.notice, _NOTICE_CHARS)}"
    return head


def _head_of_view(view: RoleView, step: int | None) -> str:
    return f"ROLE {view.role}" if step is None else f"STEP {step}\nROLE {view.role}"


def _fixed(view: RoleView) -> list[str]:
    lines: list[str] = []
    if not view.visible_metrics:
        lines.append(f"SERVICES {', '.join(view.services)}")
    if view.customers is not None:
        lines.append(_customers(view.customers))
    if view.focus is not None:
        readings = ", ".join([f"{name} {value:.2f}" for name, value in view.visible_probes])
        lines.append(f"CLOSER LOOK at {view.focus} {view.look_age} steps ago (0 none, 1 full): {readings}")
    if view.visible_logs:
        lines.append(_logs(view.visible_logs))
    return lines


def _customers(felt: Customers) -> str:
    inside = "within" if felt.within_objective else "OUTSIDE"
    return f"CUSTOMERS errors {felt.error_ratio:.1%}, {felt.slowness:.1f} x usual latency: {inside} the objective"


def _logs(entries: Sequence[LogEntry]) -> str:
    folded: dict[tuple[str, str], list[LogEntry]] = {}
    for entry in entries:
        folded.setdefault((entry.level, _NUMBER.sub("#", entry.message)), []).append(entry)
    lines = [f"LOGS of {entries[0].service}"]
    for same in folded.values():
        last = same[-1]
        times = f" ({len(same)} times)" if len(same) > 1 else ""
        lines.append(f"  step {last.step} {last.level} {last.message}{times}")
    return "\n".join(lines)


def _tables(view: RoleView) -> list[_Table]:
    """What is shortened where room is short, worst or newest rows first; tables without rows are left out."""
    tables: list[_Table] = []
    if view.visible_alerts:
        tables.append(_alerts(view.visible_alerts))
    if view.visible_metrics:
        tables.append(_metrics(view.visible_metrics))
    if view.visible_changes:
        changes = [f"{change.service}: {change.steps_ago} steps ago" for change in view.visible_changes]
        short = [(f"{change.steps_ago} steps ago", change.service) for change in view.visible_changes]
        tables.append(_Table("CHANGES newest first", changes, short))
    if view.fleet_agents:
        agents = [f"{name}: {job}{', stopped' if stopped else ''}" for name, job, stopped in view.fleet_agents]
        short = [("stopped" if stopped else "working", name) for name, _, stopped in view.fleet_agents]
        tables.append(_Table("FLEET AGENTS", agents, short))
    if view.visible_fleet_actions:
        acts = [
            f"{age} steps ago {agent} {verb} {target}{'' if ticket else ' (no ticket)'}"
            for age, agent, verb, target, ticket in reversed(view.visible_fleet_actions)
        ]
        tables.append(_Table("FLEET ACTIONS newest first", acts))
    return tables


def _alerts(alerts: Sequence[Alert]) -> _Table:
    newest = sorted(alerts, key=lambda alert: (alert.severity, -alert.triggered_at_step))
    rows = [f"{one.severity} {one.service} since step {one.triggered_at_step}: {one.message}" for one in newest]
    return _Table("ALERTS firing", rows, [(one.severity, one.service) for one in newest])


def _metrics(metrics: Sequence[tuple[str, ServiceMetrics]]) -> _Table:
    rows: list[tuple[float, int, str, tuple[str, str]]] = []
    for place, (name, values) in enumerate(metrics):
        cpu, memory, latency, usual, errors, queued, replicas, health, calls = values
        badness = errors * 10 + latency / max(usual, 1.0) + (memory > 0.85) + (cpu > 0.97)
        row = (
            f"{name}: {health}, cpu {cpu:.0%}, mem {memory:.0%}, {latency:.0f} ms (usual {usual:.0f}), "
            f"err {errors:.1%}, queue {queued:.0f}, {replicas} replicas{' calls ' if calls else ''}{' '.join(calls)}"
        )
        rows.append((-badness, place, row, (health, name)))
    rows.sort()
    return _Table("METRICS worst first", [row for _, _, row, _ in rows], [short for _, _, _, short in rows])


def _messages(view: RoleView, room: int) -> list[str]:
    channels = [
        (title, messages[::-1])
        for title, messages in (("CHAT newest first", view.shared_chat), ("PRIVATE newest first", view.private_inbox))
        if messages
    ]
    tables: list[_Table] = []
    for shown in _SHOWN_CHARS:
        tables = [_Table(title, [_line(one, shown) for one in messages]) for title, messages in channels]
        if sum(table.chars for table in tables) <= room:
            break
    return _laid_out(tables, room)


def _line(message: Message, shown: int) -> str:
    what = " ".join(part for part in (message.topic, message.about) if part)
    text = quoted(message.text, shown) if message.text else ""
    return f"step {message.step} {message.sender} to {message.to}: {' '.join(part for part in (what, text) if part)}"
