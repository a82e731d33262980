"""What calling a tool means for this mission: the operator's word, tightened by what the tool says of itself."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping

from journeyman.mission.criteria.base import walk
from journeyman.mission.fold.fold import tool_specs
from journeyman.mission.model.effects import EFFECT_RULES, UNCLASSIFIED, EffectClass
from journeyman.mission.model.mission import Mission, effect_spec
from journeyman.mission.model.strategy import allowed_tools
from journeyman.mission.values.canonical import JsonObject
from journeyman.mission.values.errors import Problem
from journeyman.tools.base import Tool


def pinned_tool(mission: Mission, tool: Tool) -> JsonObject:
    """A tool as the record pins it.

    The class is the operator's (`effects`), else what the operator's own code declares, else `unsafe`. A server's
    hints only tighten, and only where the operator named no tool exactly: one that calls itself destructive is never
    `pure`. A call counts as destructive unless it is pure, keyed or probed, or the operator's own code says that it destroys nothing.
    """
    spec = effect_spec(mission, tool.name)
    declared = EffectClass(tool.effect) if tool.effect in set(EffectClass) else UNCLASSIFIED
    effect = spec.effect if spec is not None else declared
    hinted = tool.hints.destructive is True or tool.hints.read_only is False
    if not EFFECT_RULES[effect].changes_world and tool.name not in mission.effects and tool.effect is None and hinted:
        effect = UNCLASSIFIED
    destructive = EFFECT_RULES[effect].changes_world and (
        tool.hints.destructive is True or (effect is UNCLASSIFIED and tool.hints.destructive is None)
    )
    return {
        "name": tool.name,
        "description": tool.description,
        "input_schema": tool.input_schema,
        "pin": tool.pin,
        "effect": effect.value,
        "destructive": destructive,
    }


def missing_tools(mission: Mission, names: Collection[str]) -> tuple[Problem, ...]:
    """Every place where the mission counts on a tool that is not among `names`: it could never work."""
    found: dict[str, Problem] = {}
    for where, name in _wanted(mission):
        if name not in names:
            near = difflib.get_close_matches(name, list(names), n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"allowed: {', '.join(sorted(names)) or 'none'}"
            found.setdefault(where, Problem(where=where, message=f"{name!r} is not an allowed tool", hint=hint))
    return tuple(found.values())


def context_problems(mission: Mission, rows: Mapping[str, JsonObject]) -> tuple[Problem, ...]:
    """Every context call whose tool is not pinned `pure`: what is only looked at must not be changed by the look."""
    return tuple(
        Problem(
            where=f"context.{index}.tool",
            message=f"{call.tool!r} is {rows[call.tool]['effect']}, and a context call must be pure",
            hint=f"say `effects: {{{call.tool}: pure}}` if it changes nothing, or make it a step of the plan",
        )
        for index, call in enumerate(mission.context)
        if call.tool in rows and EFFECT_RULES[EffectClass(str(rows[call.tool]["effect"]))].changes_world
    )


def alarm_problems(mission: Mission, rows: Mapping[str, JsonObject]) -> tuple[Problem, ...]:
    """Every reason why an abort condition could never strike: what was never met would be silent about it."""
    alarms = walk([criterion for criterion in mission.criteria if criterion.abort_when_met])
    if not alarms:
        return ()
    known = allowed_tools(tool_specs([*rows.values()]).values())
    return tuple(problem for criterion in alarms for problem in criterion.problems(known))


def _wanted(mission: Mission) -> Iterator[tuple[str, str]]:
    for criterion in walk(mission.criteria):
        if criterion.asked_tool:
            yield f"criterion {criterion.id!r}: tool", criterion.asked_tool
        for probe in criterion.probes:
            yield f"criterion {criterion.id!r}: probe.tool", probe.tool
    for name, spec in mission.effects.items():
        if spec.probe is not None:
            yield f"effects.{name}.probe.tool", spec.probe.tool
    for index, call in enumerate(mission.context):
        yield f"context.{index}.tool", call.tool
    for index, step in enumerate(mission.plan if isinstance(mission.plan, list) else []):
        for number, call in enumerate(step.calls):
            yield f"plan.{index}.calls.{number}.tool", call.tool
