"""The best value of an objective, in a row of the report and in words."""

from __future__ import annotations

from msgspec import field

from journeyman.mission.model.state import State
from journeyman.mission.report.call_text import call_text
from journeyman.mission.report.plain_text import one_line
from journeyman.mission.values.value import JsonObject, Value


class BestRow(Value, frozen=True, kw_only=True, omit_defaults=True):
    """The best value with which the criteria held, and how the world was set then."""

    metric: str
    smallest: bool
    """Whether smaller is better."""
    value: float
    iteration: int
    calls: list[JsonObject] = field(default_factory=list[JsonObject])
    """The last call of each tool that changes the world, and the one that measured, each as `{tool, args}`."""


def best_row(state: State) -> BestRow | None:
    """The best so far; `None` without an objective, or before the criteria have held."""
    objective, best = state.mission.objective, state.objective.best
    if objective is None or best is None:
        return None
    calls = [*best.settings, *([best.measured_by] if best.measured_by is not None else [])]
    return BestRow(
        metric=objective.metric,
        smallest=state.mission.direction > 0,
        value=best.value,
        iteration=best.iteration,
        calls=[{"tool": call.tool, "args": dict(call.args)} for call in calls],
    )


def best_words(row: BestRow) -> str:
    """Such as `least latency_ms 17.9 at #11 with measure(workers=9)`."""
    calls = ", ".join(call_text(str(call["tool"]), call["args"], 200) for call in row.calls)
    sought = "least" if row.smallest else "greatest"
    return one_line(f"{sought} {row.metric} {row.value:g} at #{row.iteration}{f' with {calls}' if calls else ''}")
