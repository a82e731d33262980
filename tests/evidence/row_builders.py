"""Short words for what rows are made of."""

from __future__ import annotations

from typing import Any

from tests.evidence.scenario import Fields, Replies, Step, Tool
from tests.mission.simulation import Reply


def m(value: Any = None, *events: Fields, **metrics: Any) -> Reply:
    """A reply that measures."""
    return Reply(value=value, metrics=metrics, events=events)


def n(*values: Any) -> list[Reply]:
    """Replies that measure `n`, one after the other."""
    return [m(n=value) for value in values]


def lost(state: str = "unknown", error_class: str = "timeout", **metrics: Any) -> Reply:
    """A call that did not end well."""
    return Reply(state=state, error_class=error_class, error="gone", metrics=metrics)


QUIET = [m()]


def pure(*replies: Reply) -> Tool:
    """A tool that changes nothing."""
    return Tool("pure", replies)


def by_env(effect: Any = "pure", **replies: list[Reply]) -> Tool:
    """A tool that answers by its argument `env`."""
    return Tool(effect, replies)


def changing(effect: str = "unsafe", replies: Replies = ()) -> Tool:
    """A tool that changes the world."""
    return Tool(effect, replies or QUIET)


def call(*tools: str | tuple[str, Fields], **more: Any) -> Fields:
    """A strategy that makes these calls."""
    calls: list[Any] = [
        {"tool": tool} if isinstance(tool, str) else {"tool": tool[0], "args": tool[1]} for tool in tools
    ]
    return {"calls": calls, **more}


def script(name: str = "s") -> Fields:
    """A strategy that runs a script."""
    return {"script": name}


def calls(*tools: str | tuple[str, Fields], **observations: Any) -> Step:
    """A step of a script: what it reported, then the calls that it waits for."""
    found: list[tuple[str, Fields]] = [(tool, {}) if isinstance(tool, str) else tool for tool in tools]
    return Step(observations=observations, calls=tuple(found))


def again(*observations: Fields) -> Step:
    """A step of a script that reports more than once before it ends."""
    return Step(observations=observations)


def at_least(target: Any = 1, metric: Any = "n", **more: Any) -> Fields:
    """A threshold."""
    return {"id": "goal", "kind": "metric_threshold", "metric": metric, "op": ">=", "target": target, **more}


def when(expression: str, **more: Any) -> Fields:
    """A predicate."""
    return {"id": "goal", "kind": "predicate", "expression": expression, **more}


def event(name: Any = "ok", **more: Any) -> Fields:
    """An event criterion."""
    return {"id": "goal", "kind": "event", "event": name, **more}


def did(tool: str, count: int = 1, **more: Any) -> Fields:
    """A count of calls."""
    return {"id": f"did_{tool}", "kind": "tool_call_succeeded", "tool": tool, "min_count": count, **more}


def harm(**more: Any) -> Fields:
    """An abort condition on the metric `harm`."""
    return {
        "id": "harm",
        "kind": "metric_threshold",
        "metric": "harm",
        "op": ">",
        "target": 0,
        "abort_when_met": True,
        "required": False,
        **more,
    }


def group(kind: str, *members: Fields, **more: Any) -> Fields:
    """A group, whose members have ids of their own."""
    named = [{**member, "id": f"{member['id']}_{place}"} for place, member in enumerate(members)]
    return {"id": "group", "kind": kind, "criteria": named, **more}
