"""What is wrong with a drafted criterion, whoever drafted it: nobody can decide it, it decides nothing, or it writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from journeyman.mission.criteria import (
    CommandCriterion,
    MetricThreshold,
    MetricTrend,
    PredicateCriterion,
    ToolCallSucceeded,
)
from journeyman.mission.criteria.base import Criterion, walk
from journeyman.mission.criteria.expressions import uses
from journeyman.mission.model.effects import EffectClass
from journeyman.mission.model.mission import Mission
from journeyman.mission.model.strategy import ToolSpec
from journeyman.mission.values.canonical import Json
from journeyman.mission.values.compare import compare
from journeyman.mission.values.errors import Problem

_NEVER_NEGATIVE: Final = ("_ms", "_s", "_bytes", "_kb", "_mb", "_count", "_ratio", "_pct", "_percent", "_usd")


def draft_problems(
    mission: Mission, tools: Sequence[ToolSpec], metrics: Mapping[str, str], values: Mapping[str, Json]
) -> tuple[Problem, ...]:
    """Every reason against a draft; `values` are the metrics as pure calls just gave them."""
    specs = {spec.name: spec for spec in tools}
    found: list[Problem] = []
    for criterion in walk(mission.criteria):
        told = (*_undecidable(criterion, specs, metrics), *_writes(criterion, specs, metrics))
        found += [Problem(where=criterion.id, message=why) for why in told]
        if isinstance(criterion, MetricThreshold):
            found += [Problem(where=criterion.id, message=why) for why in _empty(criterion, values)]
        elif isinstance(criterion, PredicateCriterion) and _is_constant(criterion):
            found.append(Problem(where=criterion.id, message="looks at nothing, so that it can never change"))
    return tuple(found)


def _metric(criterion: MetricThreshold | MetricTrend) -> str:
    return criterion.metric.removeprefix("metrics.").partition(".")[0]


def _undecidable(criterion: Criterion, specs: Mapping[str, ToolSpec], metrics: Mapping[str, str]) -> Iterator[str]:
    if isinstance(criterion, (MetricThreshold, MetricTrend)) and _metric(criterion) not in metrics:
        yield f"no allowed tool gives a metric {_metric(criterion)!r}; known: {', '.join(metrics) or 'none'}"
    if isinstance(criterion, ToolCallSucceeded) and criterion.tool not in specs:
        yield f"{criterion.tool!r} is not an allowed tool"
    for probe in criterion.probes:
        if probe.tool not in specs:
            yield f"its probe {probe.tool!r} is not an allowed tool"


def _writes(criterion: Criterion, specs: Mapping[str, ToolSpec], metrics: Mapping[str, str]) -> Iterator[str]:
    """Say which call would have to write for the criterion to be judged."""
    needed = [probe.tool for probe in criterion.probes]
    if isinstance(criterion, (MetricThreshold, MetricTrend)) and not needed:
        needed = [metrics[_metric(criterion)]] if _metric(criterion) in metrics else []
    if isinstance(criterion, ToolCallSucceeded):
        needed = [criterion.tool]
    for name in needed:
        if name in specs and specs[name].effect is not EffectClass.PURE:
            yield f"its evidence comes from {name!r}, which may write; mark it `pure` in `effects` if it only looks"
    if isinstance(criterion, CommandCriterion):
        yield "runs a command, which may write; add it by hand if it only looks"


def _empty(criterion: MetricThreshold, values: Mapping[str, Json]) -> Iterator[str]:
    """Say why a bound decides nothing: it cannot fail, or it holds already."""
    name, target = _metric(criterion), float(criterion.target)
    if name.endswith(_NEVER_NEGATIVE):
        if (criterion.op == ">=" and target <= 0) or (criterion.op == ">" and target < 0):
            yield f"cannot fail: {name} is never below 0"
        if criterion.op in ("<", "<=") and (target < 0 or (criterion.op == "<" and target == 0)):
            yield f"cannot be met: {name} is never below 0"
    if name.endswith("_ratio") and ((criterion.op == "<=" and target >= 1) or (criterion.op == "<" and target > 1)):
        yield f"cannot fail: {name} is never above 1"
    value = values.get(name)
    if criterion.hold_for == 1 and value is not None and compare(criterion.op, value, criterion.target) is True:
        yield f"holds already: {name} is {value}"


def _is_constant(criterion: PredicateCriterion) -> bool:
    return not uses(criterion.text).evidence and "obs" not in criterion.text
