"""Checks where a mission's numbers come from: sources that no tool is, and metrics that none of its tools gives."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from journeyman.mission.criteria.base import Criterion, Measured, walk
from journeyman.mission.criteria.evidence import SCRIPT
from journeyman.mission.criteria.evidence_view import path_prefixes
from journeyman.mission.criteria.metric import VIEW_ROOTS, MetricCriterion, rooted
from journeyman.mission.criteria.schema import EvidenceSource
from journeyman.mission.model.mission import Mission, ScriptPlan
from journeyman.mission.model.state import State
from journeyman.mission.model.strategy import ToolSpec
from journeyman.mission.values.errors import Problem

_NO_NUMBERS = VIEW_ROOTS - {"metrics", "iteration"}


@dataclass(frozen=True, slots=True)
class _WantedNumber:
    """A metric that somebody looks at."""

    where: str
    metric: str
    """From the top of the observation."""
    tools: frozenset[str]
    """The tools whose values count."""


def measuring_problems(state: State) -> Iterator[Problem]:
    """Why a number of the mission could never be had, as far as that is certain."""
    mission, tools = state.mission, state.tools
    for where, source in _sources(mission):
        if source.tool != SCRIPT and not any(fnmatchcase(name, source.tool) for name in tools):
            yield _no_tool(where, source.tool, tools)
    wanted = list(_wanted(mission, tools))
    for one in wanted:
        if one.metric in _NO_NUMBERS:
            message = f"{one.metric!r} is a part of the observation, and no number"
            yield Problem(where=one.where, message=message, hint=f"a metric of that name is `metrics.{one.metric}`")
    if not _is_known_whole(mission, tools):
        return
    given = {name: frozenset(_given_by(mission, name)) for name in tools}
    for one in wanted:
        heads = path_prefixes(one.metric.removeprefix("metrics."))
        if one.metric.startswith("metrics.") and one.tools and not any(given[name] & {*heads} for name in one.tools):
            yield _not_given(one, heads[-1], given)


def _no_tool(where: str, wanted: str, tools: Iterable[str]) -> Problem:
    near = difflib.get_close_matches(wanted, [*tools, SCRIPT], n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"allowed: {', '.join(sorted(tools)) or 'none'}"
    return Problem(where=where, message=f"{wanted!r} is no allowed tool, so no value ever counts", hint=hint)


def _not_given(one: _WantedNumber, name: str, given: Mapping[str, frozenset[str]]) -> Problem:
    who = next(iter(one.tools)) if len(one.tools) == 1 else "no tool"
    told = f"{who} reports no {name!r}" if who in one.tools else f"no tool reports {name!r}"
    others = sorted(tool for tool, names in given.items() if name in names)
    names = sorted({known for names in given.values() for known in names})
    near = difflib.get_close_matches(name, names, n=1)
    if others:
        hint = f"{' and '.join(others)} does"
    elif near:
        hint = f"did you mean {near[0]!r}, from {' and '.join(sorted(t for t in given if near[0] in given[t]))}?"
    else:
        hint = f"say under `metrics` of a tool where it stands in its answer; reported are {', '.join(names[:8])}"
    return Problem(where=one.where, message=told, hint=hint)


def _sources(mission: Mission) -> Iterator[tuple[str, EvidenceSource]]:
    for criterion in walk(mission.criteria):
        for source in criterion.wanted_sources if isinstance(criterion, Measured) else ():
            yield f"criterion {criterion.id}: from", source
    if mission.objective is not None and mission.objective.source is not None:
        yield f"{_objective_key(mission)}.from", EvidenceSource.of(mission.objective.source)


def _objective_key(mission: Mission) -> str:
    return "minimize" if mission.minimize is not None else "maximize"


def _wanted(mission: Mission, tools: Mapping[str, ToolSpec]) -> Iterator[_WantedNumber]:
    for criterion in walk(mission.criteria):
        if isinstance(criterion, MetricCriterion):
            yield _WantedNumber(f"criterion {criterion.id}: metric", criterion.metric, _tools_of(criterion, tools))
    objective = mission.objective
    if objective is not None:
        sources = () if objective.source is None else (EvidenceSource.of(objective.source),)
        yield _WantedNumber(_objective_key(mission), rooted(objective.metric), _fitting(sources, tools))


def _tools_of(criterion: Criterion, tools: Mapping[str, ToolSpec]) -> frozenset[str]:
    if criterion.probes:
        return frozenset(probe.tool for probe in criterion.probes) & tools.keys()
    return _fitting(criterion.wanted_sources if isinstance(criterion, Measured) else (), tools)


def _fitting(sources: Sequence[EvidenceSource], tools: Mapping[str, ToolSpec]) -> frozenset[str]:
    if not sources:
        return frozenset(tools)
    return frozenset(name for name in tools if any(fnmatchcase(name, source.tool) for source in sources))


def _is_known_whole(mission: Mission, tools: Mapping[str, ToolSpec]) -> bool:
    """Tell whether every metric that there can be is known: each tool is the file's own, and no script observes any."""
    steps = mission.plan if isinstance(mission.plan, list) else []
    scripted = isinstance(mission.plan, ScriptPlan) or any(step.script is not None for step in steps)
    return not scripted and all(name in mission.declared for name in tools)


def _given_by(mission: Mission, tool: str) -> Iterator[str]:
    yield tool  # what it measures of itself
    yield from mission.declared[tool].metrics
    yield from (name for name, source in mission.metrics.items() if fnmatchcase(tool, source.tool))
