"""A role's view as text within a token budget.

Every distinct log line is kept: lines that differ only in their numbers are folded into one with a count, so decoys
cannot push the telling one out. What gives way when the budget is short is the tail of long tables, worst rows first
kept, and old messages; each cut is said.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from journeyman.gym.text.observation import LogEntry, Observation, RoleView, Said, ServiceMetrics

MAX_TOKENS: Final = 1500
LEAST_TOKENS: Final = 900
"""Room for the fixed parts and the folded log, whatever the world."""
_CHARS_PER_TOKEN: Final = 3
"""Cautious: English prose has about 4, numbers and names fewer."""
_CUT_CHARS: Final = 25
"""Room for the line that says how much was cut."""
_NUMBER: Final = re.compile(r"[0-9]+")


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
    fixed = [
        head,
        *_services(view),
        *_alerts(view),
        *_customers(view),
        *_probes(view),
        *_logs(view.visible_logs),
    ]
    room = max_tokens * _CHARS_PER_TOKEN - sum(len(part) + 1 for part in fixed)
    tables = [table for table in _tables(view) if table[1]]
    cut: dict[str, str] = {}
    # Short tables first: what they leave over is for the long ones.
    for left, (title, rows) in zip(range(len(tables), 0, -1), sorted(tables, key=_length), strict=True):
        cut[title] = _cut(title, rows, room // left)
        room -= len(cut[title]) + 1
    return "\n".join([*fixed, *(cut[title] for title, _ in tables)])


def _head(observation: Observation) -> str:
    lines = [f"STEP {observation.step} of {observation.horizon}", f"ROLE {observation.turn_role}"]
    if observation.notice:
        lines.append(f"NOTICE your last action was not carried out: {observation.notice}")
    return "\n".join(lines)


def _head_of_view(view: RoleView, step: int | None) -> str:
    return f"ROLE {view.role}" if step is None else f"STEP {step}\nROLE {view.role}"


def _services(view: RoleView) -> list[str]:
    return [] if view.visible_metrics else [f"SERVICES {', '.join(view.services)}"]


def _alerts(view: RoleView) -> list[str]:
    return [f"ALERTS firing: {', '.join(view.visible_alerts)}"] if view.visible_alerts else []


def _customers(view: RoleView) -> list[str]:
    felt = view.customers
    if felt is None:
        return []
    inside = "within" if felt.within_objective else "OUTSIDE"
    return [f"CUSTOMERS errors {felt.error_ratio:.1%}, {felt.slowness:.1f} x usual latency: {inside} the objective"]


def _probes(view: RoleView) -> list[str]:
    if view.focus is None:
        return []
    readings = ", ".join(f"{name} {value:.2f}" for name, value in view.visible_probes)
    return [f"CLOSER LOOK at {view.focus} (0 none, 1 full): {readings}"]


def _logs(entries: Sequence[LogEntry]) -> list[str]:
    folded: dict[tuple[str, str], list[LogEntry]] = {}
    for entry in entries:
        folded.setdefault((entry.level, _NUMBER.sub("#", entry.message)), []).append(entry)
    if not folded:
        return []
    lines = [f"LOGS of {entries[0].service}"]
    for same in folded.values():
        last = same[-1]
        times = f" ({len(same)} times)" if len(same) > 1 else ""
        lines.append(f"  step {last.step} {last.level} {last.message}{times}")
    return ["\n".join(lines)]


Table = tuple[str, list[str]]


def _length(table: Table) -> int:
    return sum(map(len, table[1]))


def _tables(view: RoleView) -> list[Table]:
    worst = sorted(view.visible_metrics, key=_badness, reverse=True)
    changes = [f"{change.service}: {change.steps_ago} steps ago" for change in view.visible_changes]
    deeds = [
        f"{deed.steps_ago} steps ago {deed.agent} {deed.verb} {deed.target}{'' if deed.ticket else ' (no ticket)'}"
        for deed in reversed(view.visible_fleet_actions)
    ]
    agents = [f"{name}: {job}{', stopped' if stopped else ''}" for name, job, stopped in view.fleet_agents]
    return [
        ("METRICS worst first", [_metrics(name, values) for name, values in worst]),
        ("CHANGES newest first", changes),
        ("FLEET AGENTS", agents),
        ("FLEET ACTIONS newest first", deeds),
        ("CHAT newest first", _messages(view.shared_chat)),
        ("PRIVATE newest first", _messages(view.private_inbox)),
    ]


def _badness(row: tuple[str, ServiceMetrics]) -> float:
    values = row[1]
    slowness = values.latency_ms / max(values.usual_latency_ms, 1.0)
    return values.error_ratio * 10 + slowness + (values.memory_ratio > 0.85) + (values.cpu_ratio > 0.97)


def _metrics(name: str, values: ServiceMetrics) -> str:
    calls = f" calls {' '.join(values.calls)}" if values.calls else ""
    return (
        f"{name}: {values.health}, cpu {values.cpu_ratio:.0%}, mem {values.memory_ratio:.0%}, "
        f"{values.latency_ms:.0f} ms (usual {values.usual_latency_ms:.0f}), err {values.error_ratio:.1%}, "
        f"queue {values.queued:.0f}, {values.replicas} replicas{calls}"
    )


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
