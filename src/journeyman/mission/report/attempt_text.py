"""What came of a task's attempt, as live views and reports tell it alike."""

from __future__ import annotations

from journeyman.mission.report.plain_text import one_line
from journeyman.mission.values.canonical import Json


def attempt_text(value: Json) -> str:
    """An attempt's result in a few words: which one, how the agent ended, what it changed, what was put back."""
    if not isinstance(value, dict):
        return ""
    metrics = value.get("metrics")
    counts = metrics if isinstance(metrics, dict) else {}
    number, changed, touched = (counts.get(name) for name in ("attempt", "changed_files", "touched_files"))
    told = [f"{changed} file{'' if changed == 1 else 's'} changed"]
    if touched:
        told.append(f"{touched} protected one{'' if touched == 1 else 's'} put back")
    ended = value.get("ended")
    if ended != "finished":
        told.insert(0, f"{ended}: {value.get('detail', '')}".rstrip(": "))
    return one_line(f"attempt {number} of {value.get('agent')}: {', '.join(told)}", 200)
