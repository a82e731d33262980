"""A role's view as text within a token budget.

Every distinct log line is kept: lines that differ only in their numbers are folded into one with a count, so decoys
cannot push the telling one out. What gives way when the budget is short is the tail of long tables, worst rows first
kept, and old messages; each cut is said.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from journeyman.gym.text.observation import Customers, LogEntry, Observation, RoleView, Said, ServiceMetrics

MAX_TOKENS: Final = 1500
LEAST_TOKENS: Final = 900
"""Room for the fixed parts and the folded log, whatever the world."""
_CHARS_PER_TOKEN: Final = 3
"""Cautious: English prose has about 4, numbers and names fewer."""
_CUT_CHARS: Final = 25
"""Room for the line that says how much was cut."""
_NUMBER: Final = re.compile(r"[0-9]+")
Table = tuple[str, list[str]]
"""A title and its rows."""


def render_observation(
    observation: Observation | RoleView, *, step: int | None = None, max_tokens: int = MAX_TOKENS
) -> str:
    """Give the text of an observation, or of a view alone.

    Args:
        observation: what the role sees.
        step: of a view alone, which does not know it.
        max_tokens: most of the text.

    Raises:
        ValueError: `max_tokens` is below `LEAST_TOKENS`.
    """
    if max_tokens < LEAST_TOKENS:
        raise ValueError(f"{max_tokens} tokens cannot hold an observation; give at least {LEAST_TOKENS}")
    view = observation.view if isinstance(observation, Observation) else observation
    head = _head(observation) if isinstance(observation, Observation) else _head_of_view(observation, step)
    return _page([head, *_fixed(view)], _tables(view), max_tokens * _CHARS_PER_TOKEN)


def _page(fixed: list[str], tables: list[Table], room: int) -> str:
    room -= sum(map(len, fixed)) + len(fixed)
    if sum(map(_length, tables)) <= room:
        return "\n".join([*fixed, *("\n  ".join([title, *rows]) for title, rows in tables)])
    cut: dict[str, str] = {}
    # Short tables first: what they leave over is for the long ones.
    for left, (title, rows) in zip(range(len(tables), 0, -1), sorted(tables, key=_length), strict=True):
        cut[title] = _cut(title, rows, room // left)
        room -= len(cut[title]) + 1
    return "\n".join([*fixed, *(cut[title] for title, _ in tables)])


def _length(table: Table) -> int:
    title, rows = table
    return len(title) + 1 + sum(map(len, rows)) + 3 * len(rows)


def _head(observation: Observation) -> str:
    head = f"STEP {observation.step} of {observation.horizon}\nROLE {observation.turn_role}"
    if observation.notice:
        head += f"\nNOTICE your last action was not carried out: {observation.notice}"
    return head


def _head_of_view(view: RoleView, step: int | None) -> str:
    return f"ROLE {view.role}" if step is None else f"STEP {step}\nROLE {view.role}"


def _fixed(view: RoleView) -> list[str]:
    lines: list[str] = []
    if not view.visible_metrics:
        lines.append(f"SERVICES {', '.join(view.services)}")
    if view.visible_alerts:
        lines.append(f"ALERTS firing: {', '.join(view.visible_alerts)}")
    if view.customers is not None:
        lines.append(_customers(view.customers))
    if view.focus is not None:
        readings = ", ".join([f"{name} {value:.2f}" for name, value in view.visible_probes])
        lines.append(f"CLOSER LOOK at {view.focus} (0 none, 1 full): {readings}")
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


def _tables(view: RoleView) -> list[Table]:
    """Give what may be cut, worst or newest rows first; tables without rows are left out."""
    tables: list[Table] = []
    if view.visible_metrics:
        tables.append(("METRICS worst first", _metrics(view.visible_metrics)))
    if view.visible_changes:
        changes = [f"{change.service}: {change.steps_ago} steps ago" for change in view.visible_changes]
        tables.append(("CHANGES newest first", changes))
    if view.fleet_agents:
        agents = [f"{name}: {job}{', stopped' if stopped else ''}" for name, job, stopped in view.fleet_agents]
        tables.append(("FLEET AGENTS", agents))
    if view.visible_fleet_actions:
        deeds = [
            f"{age} steps ago {agent} {verb} {target}{'' if ticket else ' (no ticket)'}"
            for age, agent, verb, target, ticket in reversed(view.visible_fleet_actions)
        ]
        tables.append(("FLEET ACTIONS newest first", deeds))
    if view.shared_chat:
        tables.append(("CHAT newest first", _messages(view.shared_chat)))
    if view.private_inbox:
        tables.append(("PRIVATE newest first", _messages(view.private_inbox)))
    return tables


def _metrics(metrics: Sequence[tuple[str, ServiceMetrics]]) -> list[str]:
    rows: list[tuple[float, int, str]] = []
    for place, (name, values) in enumerate(metrics):
        cpu, memory, latency, usual, errors, queued, replicas, health, calls = values
        badness = errors * 10 + latency / max(usual, 1.0) + (memory > 0.85) + (cpu > 0.97)
        row = (
            f"{name}: {health}, cpu {cpu:.0%}, mem {memory:.0%}, {latency:.0f} ms (usual {usual:.0f}), "
            f"err {errors:.1%}, queue {queued:.0f}, {replicas} replicas{' calls ' if calls else ''}{' '.join(calls)}"
        )
        rows.append((-badness, place, row))
    rows.sort()
    return [row for _, _, row in rows]


def _messages(said: Sequence[Said]) -> list[str]:
    return [f"step {one.step} {one.sender} to {one.to}: {one.text}" for one in reversed(said)]


def _cut(title: str, rows: list[str], room: int) -> str:
    used = len(title)
    kept: list[str] = []
    for row in rows:
        used += len(row) + 3
        last = len(kept) + 1 == len(rows)
        if used + (0 if last else _CUT_CHARS) > room:
            break
        kept.append(row)
    left = len(rows) - len(kept)
    return "\n  ".join([title, *kept, *([f"... {left} more not shown"] if left else [])])
