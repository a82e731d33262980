"""Values, amounts and times as the text that every written form of a report has for them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Final

from journeyman.mission.values.canonical import Json
from journeyman.mission.values.printable import visible_line

MISSING: Final = "\N{EN DASH}"
"""Stands where there is no value."""


def one_line(value: Json, most: int = 300) -> str:
    """A value on one line of at most `most` characters; a reference to a blob names it and its size."""
    if isinstance(value, dict) and "$blob" in value:
        return f"blob {str(value['$blob'])[:12]}… ({value.get('bytes', '?')} bytes)"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return visible_line(text, most)


def amount_text(kind: str, value: float | None) -> str:
    """A budget amount with its unit; `no limit` for `None`."""
    if value is None:
        return "no limit"
    if kind == "cost_usd":
        return f"${value:,.2f}" if value == 0 or value >= 0.01 else f"${value:.6f}"
    if kind == "wall_clock_s":
        return duration_text(value)
    return f"{value:,}"


def duration_text(seconds: float) -> str:
    """A length of time for people: `850 ms`, `4.2 s`, `3 min 20 s`, `2 h 05 min`."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


def time_text(value: str | None) -> str:
    """A time to the second in UTC; a dash where there is none."""
    if not value:
        return MISSING
    try:
        return datetime.fromisoformat(value).strftime("%Y-%m-%d %H:%M:%S UTC")
    except ValueError:
        return one_line(value, 40)


def elapsed_text(start: str | None, end: str | None) -> str:
    """The time between two moments for people; empty when one is missing."""
    if not start or not end:
        return ""
    try:
        between = datetime.fromisoformat(end) - datetime.fromisoformat(start)
    except ValueError:
        return ""
    return duration_text(max(between, timedelta()).total_seconds())


def evidence_text(value: Json, most: int = 300) -> str:
    """Evidence on one line; an object of plain values as `first 8, last 12`."""
    if (
        isinstance(value, dict)
        and "$blob" not in value
        and not any(isinstance(part, (dict, list)) for part in value.values())
    ):
        return one_line(
            ", ".join(f"{name} {one_line(part)}" for name, part in value.items() if part != "") or "{}", most
        )
    return one_line(value, most)
