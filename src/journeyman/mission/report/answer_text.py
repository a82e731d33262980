"""What is said of a call that was made, and whose answer is not what the mission hoped to read in it."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Final

from journeyman.mission.criteria.answer_fault import answer_fault
from journeyman.mission.model.events import Settled
from journeyman.mission.model.mission import Mission
from journeyman.mission.report.plain_text import one_line
from journeyman.mission.values.canonical import Json

LAST_WORDS: Final = 160
_MOST_NAMES: Final = 3


def missing_metrics(mission: Mission, tool: str, event: Settled) -> list[str]:
    """The metrics that the mission reads out of a tool's results, and that this one had none of."""
    spec = mission.commands.get(tool) or mission.http.get(tool)
    names = [*(spec.metrics if spec is not None else ())]
    names += [name for name, source in mission.metrics.items() if fnmatchcase(tool, source.tool)]
    return [name for name in dict.fromkeys(names) if name not in event.metrics]


def answer_text(mission: Mission, tool: str, event: Settled) -> str:
    """Such as `ended with exit code 2 and gave no latency_ms: no database`; empty where there is nothing to say."""
    fault = answer_fault(event.metrics.get(tool))
    missing = missing_metrics(mission, tool, event)
    gave = f"gave no {' and no '.join(missing[:_MOST_NAMES])}" if missing else ""
    told = " and ".join(part for part in (fault, gave) if part)
    words = last_words(event.value) if told else ""
    return f"{told}: {words}" if words else told


def last_words(value: Json) -> str:
    """The last line that a program wrote, to standard error if there was any; or how an answer begins."""
    if not isinstance(value, dict):
        return ""
    for stream in ("stderr", "stdout"):
        text = value.get(stream)
        lines = text.strip().splitlines() if isinstance(text, str) else []
        if lines:
            return one_line(lines[-1], LAST_WORDS)
    body = value.get("body")
    return "" if body in (None, "") else one_line(body, LAST_WORDS)
