"""What is done where no call is worth making: wait for what may change by itself, ever longer, or say what was tried."""

from __future__ import annotations

from typing import Final, cast

from journeyman.mission.criteria import needed
from journeyman.mission.criteria.base import walk
from journeyman.mission.fold.planner_memory import MAX_TRIED, call_signature
from journeyman.mission.model.state import State
from journeyman.mission.model.strategy import Strategy, ToolCall
from journeyman.mission.planner.worth import is_met
from journeyman.mission.values.canonical import JsonObject

LONGEST_S: Final = 60.0
"""Longest wait between two looks."""
SHARE_OF_TIME: Final = 0.1
"""Most of the mission's time that one wait may take."""
MOST_WAITS: Final = 8
"""Waits in a row in which nothing changes, some three minutes; then nothing is left."""


def wait_s(state: State) -> float:
    """How long to wait now: a second at first, each time twice as long."""
    limit = state.mission.budget.wall_clock_s
    longest = LONGEST_S if limit is None else min(LONGEST_S, max(float(limit) * SHARE_OF_TIME, 0.05))
    return max(min(2.0 ** min(state.memory.idle, 10), longest), float(state.mission.pause_s))


def wait_for(state: State, what: str) -> Strategy:
    """A strategy that only waits, and says for what."""
    seconds = wait_s(state)
    return Strategy(sleep_s=seconds, rationale=f"wait {seconds:g} s: {what}")


def watched(state: State) -> Strategy | None:
    """Wait, and look again at what may change by itself; `None` where nothing does, or nothing did for long."""
    rows = [criterion for criterion in walk(needed(state.mission.criteria)) if not is_met(state, criterion.id)]
    names = ", ".join(criterion.id for criterion in rows if not criterion.members())
    if not state.mission.explores or state.mission.advisor != "none":
        return wait_for(state, f"nothing else may be tried, and {names or 'the mission'} may change by itself")
    if state.memory.idle >= MOST_WAITS:
        return None
    if any(criterion.probes or criterion.engine_check() is not None for criterion in rows):
        return wait_for(state, f"nothing is left to try, and {names} may change by itself")
    looks = _looks(state)
    if not looks:
        return None
    if not state.iteration.slept:
        return wait_for(state, f"nothing is left to try, and {names} may change by itself")
    seconds = wait_s(state)
    return Strategy(
        calls=looks, sleep_s=seconds, rationale=f"look whether {names} has changed by itself, then wait {seconds:g} s"
    )


def _looks(state: State) -> list[ToolCall]:
    """The pure calls that measured what is open and have no arguments to vary, or were seen to vary by themselves."""
    known = frozenset(state.world.known)
    found: dict[str, ToolCall] = {}
    for criterion in walk(needed(state.mission.criteria)):
        if is_met(state, criterion.id):
            continue
        for name in sorted(criterion.metric_names(known)):
            source = state.world.sources.get(name)
            tool = state.memory.tools.get(str(source["tool"])) if source is not None else None
            if source is None or source["tool"] not in state.tools:
                continue
            args = cast("JsonObject", source["args"])
            if not args or (tool is not None and tool.varies):
                found[call_signature(str(source["tool"]), args)] = ToolCall(tool=str(source["tool"]), args=args)
    return list(found.values())


def what_was_tried(state: State, missing: dict[str, tuple[str, ...]]) -> str:
    """One sentence on the calls made, and on the tools that could not be called for want of a value."""
    tools = state.memory.tools
    rows = [
        f"{name} {known.tries}" + (f" ({known.failed} failed)" if known.failed else "")
        for name, known in sorted(tools.items())
    ]
    text = f"tried {sum(known.tries for known in tools.values())} calls: {', '.join(rows)}" if rows else "tried no call"
    if missing:
        wants = ", ".join(f"{name} ({', '.join(names)})" for name, names in sorted(missing.items()))
        text += f"; no value for {wants}, and none is made up"
    if state.memory.explored >= MAX_TRIED:
        text += f"; {MAX_TRIED} different calls are as many as are tried"
    return text
