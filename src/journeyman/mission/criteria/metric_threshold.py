"""`metric_threshold`: a number compares true with a target."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from journeyman.mission.criteria.allowed_tools import DraftFacts
from journeyman.mission.criteria.evidence import Judgement, inconclusive, judged
from journeyman.mission.criteria.evidence_view import EvidenceView
from journeyman.mission.criteria.metric import MetricCriterion
from journeyman.mission.criteria.schema import Finite
from journeyman.mission.values.compare import Operator, compare
from journeyman.mission.values.value import replace

ALMOST: Final = 1 - 1e-9
"""Most progress of what is not met; a lower bound would hide the last steps of a long way, and end it as stagnant."""
_NEVER_NEGATIVE: Final = ("_ms", "_s", "_bytes", "_kb", "_mb", "_count", "_ratio", "_pct", "_percent", "_usd")


class MetricThreshold(MetricCriterion):
    """Met while the number at a dot path compares true with a target."""

    kind: Literal["metric_threshold"]
    op: Operator
    """How the number is compared with `target`."""
    target: Finite
    """The number that it is compared with."""

    def judge_seen(self, view: EvidenceView) -> Judgement:
        """Compare the newest fresh value; progress is the way it has come from the first value seen."""
        found = self.look(view)
        if isinstance(found, str):
            return inconclusive(found)
        point, value, measurements = found
        first = view.firsts.get(self.id, point)
        met = compare(self.op, value, self.target) is True
        progress = 1.0 if met else _toward(point, float(self.target), first)
        return replace(judged(met, value, measurements, progress), first=first)

    def wanted_range(self) -> tuple[float | None, float | None] | None:
        """The numbers on the target's right side; for `!=` there is no such range."""
        target = float(self.target)
        match self.op:
            case "<" | "<=":
                return None, target
            case ">" | ">=":
                return target, None
            case "==":
                return target, target
            case _:
                return None

    def draft_faults(self, known: DraftFacts) -> Iterator[str]:
        """Say why the bound decides nothing, too: it cannot fail, or it holds already."""
        yield from super().draft_faults(known)
        name, target = self.root, float(self.target)
        if name.endswith(_NEVER_NEGATIVE):
            if (self.op == ">=" and target <= 0) or (self.op == ">" and target < 0):
                yield f"cannot fail: {name} is never below 0"
            if self.op in ("<", "<=") and (target < 0 or (self.op == "<" and target == 0)):
                yield f"cannot be met: {name} is never below 0"
        if name.endswith("_ratio") and ((self.op == "<=" and target >= 1) or (self.op == "<" and target > 1)):
            yield f"cannot fail: {name} is never above 1"
        value = known.values.get(name)
        if self.hold_for == 1 and value is not None and compare(self.op, value, self.target) is True:
            yield f"holds already: {name} is {value}"

    def bound(self) -> float | None:
        """The target."""
        return float(self.target)

    def sentence(self) -> str:
        """Say what is asked for, such as `p95 <= 200`."""
        return f"{self.path or self.metric} {self.op} {self.target}"


def _toward(point: float, target: float, first: float) -> float:
    """How far a number has come from its first value to its target, below 1 until it is there."""
    gap = abs(first - target)
    return 0.0 if gap == 0 else max(0.0, min(ALMOST, 1 - abs(point - target) / gap))
