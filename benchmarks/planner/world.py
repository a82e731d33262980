"""What a world of `planner_efficiency` is: tools, a mission over them, and what may be asked of whoever plays it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from tests.mission.simulation import Reply, SimTool

ITERATIONS: Final = 60
"""Budget of a world that says no other; peers have the same."""
TEXT: Final[dict[str, Any]] = {"type": "string"}


class Family(StrEnum):
    """What a world is about."""

    FINITE = "finite"
    INVALID = "invalid combinations"
    TEXTS = "free texts"
    LIVE = "live and noisy"
    UNREACHABLE = "unreachable"
    NUMERIC = "numeric"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A mission and the tools that it is played with, made anew for each run."""

    name: str
    family: Family
    tools: Callable[[int], dict[str, SimTool]]
    """From a seed."""
    criteria: Sequence[dict[str, Any]]
    directive: str = "Bring the criteria about."
    iterations: int = ITERATIONS
    reachable: bool = True
    distinct: bool = False
    """Whether identical calls can tell nothing new: the tools are deterministic, and only calls change the world."""
    more: dict[str, Any] = field(default_factory=dict[str, Any])
    """Other keys of the mission."""

    def plain(self) -> dict[str, Any]:
        """The mission as a file would hold it."""
        return {
            "directive": self.directive,
            "tools": ["*"],
            "criteria": list(self.criteria),
            "budget": {"iterations": self.iterations},
            "stagnation": {"threshold": 10 * self.iterations},
            "approve": "never",
            **self.more,
        }


def threshold(metric: str, op: str, target: float, **more: Any) -> dict[str, Any]:
    """A criterion on a number."""
    return {
        "id": f"{metric}_{len(op)}_{op[0] == '<'}",
        "kind": "metric_threshold",
        "metric": metric,
        "op": op,
        "target": target,
        **more,
    }


def choice(*values: object, **more: Any) -> dict[str, Any]:
    """The schema of an argument with these values."""
    return {"enum": list(values), **more}


def number(low: float, high: float, kind: str = "integer", **more: Any) -> dict[str, Any]:
    """The schema of a number within bounds."""
    return {"type": kind, "minimum": low, "maximum": high, **more}


def scored(score: Callable[[dict[str, Any]], float], name: str = "hit") -> Callable[[dict[str, Any]], Reply]:
    """A tool's answer that is one metric."""
    return lambda args: Reply(metrics={name: score(args)})
