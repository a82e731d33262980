"""Checks a mission against its tools before anything runs: what cannot work, and what proves less than it seems to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace

from journeyman.engine.measuring_check import measuring_problems
from journeyman.engine.observation_check import checking_state, judge_observation
from journeyman.engine.script_steps import script_limits
from journeyman.engine.tool_policy import context_problems, pinned_tool
from journeyman.mission.criteria import needed, probes
from journeyman.mission.criteria.base import Criterion, Measured, Probe, walk
from journeyman.mission.criteria.metric import MetricCriterion
from journeyman.mission.model.effects import EFFECT_RULES, UNCLASSIFIED
from journeyman.mission.model.events import CriterionResult
from journeyman.mission.model.mission import Mission, ScriptPlan, effect_spec
from journeyman.mission.model.state import State
from journeyman.mission.model.strategy import Strategy, allowed_tools
from journeyman.mission.model.strategy import problems as strategy_problems
from journeyman.mission.rules.approvals import needs_person
from journeyman.mission.values.canonical import JsonObject
from journeyman.mission.values.errors import Problem
from journeyman.mission.values.shell_words import joining_words, shell_patterns
from journeyman.tools.arguments import compile_schema
from journeyman.tools.base import Catalog
from journeyman.tools.predicate import PredicateLimits, Predicates
from journeyman.tools.script import ScriptRun
from journeyman.tools.script_check import expression_problems as syntax_problems


@dataclass(frozen=True, slots=True)
class MissionCheck:
    """What was found about a mission."""

    problems: tuple[Problem, ...]
    """The mission cannot work like this."""
    warnings: tuple[Problem, ...] = ()
    """It can, but proves less, or asks for more, than its reader may think."""
    waits_for_person: tuple[str, ...] = ()
    """Tools whose calls wait for a person."""
    tools: tuple[JsonObject, ...] = ()
    """The tools that it would get, as a record pins them."""
    results: tuple[CriterionResult, ...] = ()
    """What its criteria say of an observation, where one was given."""


async def check_mission(
    mission: Mission,
    predicates: Predicates,
    scripts: ScriptRun,
    *,
    opens: AbstractAsyncContextManager[Catalog] | None = None,
    observation: JsonObject | None = None,
) -> MissionCheck:
    """Check a mission without running it.

    Args:
        mission: The mission.
        predicates: The sandbox of its expressions.
        scripts: The sandbox of its script.
        opens: Opens its tools; without it nothing that depends on them is checked.
        observation: What a person wrote down: the criteria are judged by it.
    """
    found = await _sandbox_problems(mission, predicates)
    told = MissionCheck(())
    if opens is not None:
        async with opens as catalog:
            rows = [pinned_tool(mission, tool) for tool in await catalog.tools()]
        told = await check_tools(mission, rows, scripts)
    results = await judge_observation(mission, observation, predicates) if observation is not None else ()
    return replace(told, problems=(*found, *told.problems), results=tuple(results))


def expression_faults(source: str) -> tuple[Problem, ...]:
    """What is wrong with an expression of a mission, whatever it is evaluated on."""
    return syntax_problems(source, PredicateLimits().source_bytes)


async def _sandbox_problems(mission: Mission, predicates: Predicates) -> list[Problem]:
    """Look for what is wrong with the mission's expressions where they are evaluated."""
    found: list[Problem] = []
    for criterion in walk(mission.criteria):
        expression = criterion.expression()
        if expression is not None:
            told = await predicates.check(expression)
            found += [replace(problem, where=f"criterion {criterion.id}") for problem in told]
    return found


async def check_tools(mission: Mission, rows: list[JsonObject], scripts: ScriptRun) -> MissionCheck:
    """Check a mission against the tools that it would get."""
    state = checking_state(mission, rows)
    found = [
        *_probe_problems(state),
        *_context_problems(state, rows),
        *_plan_problems(state),
        *measuring_problems(state),
    ]
    if isinstance(mission.plan, ScriptPlan):
        told = await scripts.check(mission.plan.script, sorted(state.tools), script_limits(mission))
        found += [replace(problem, where="plan.script") for problem in told]
    tools = allowed_tools(state.tools.values())
    for criterion in walk(mission.criteria):
        found += criterion.problems(tools)
    asks = tuple(name for name in sorted(state.tools) if needs_person(state, name))
    return MissionCheck(tuple(found), tuple(_warnings(state)), asks, tuple(rows))


def _probe_problems(state: State) -> Iterator[Problem]:
    for criterion in walk(state.mission.criteria):
        for probe in criterion.probes:
            yield from _one_probe(state, criterion, probe)


def _one_probe(state: State, criterion: Criterion, probe: Probe) -> Iterator[Problem]:
    where = f"criterion {criterion.id}: probe"
    spec = state.tools.get(probe.tool)
    if spec is None:
        hint = f"allowed: {', '.join(state.tools) or 'none'}"
        yield Problem(where=where, message=f"{probe.tool!r} is not an allowed tool", hint=hint)
        return
    if EFFECT_RULES[spec.effect].changes_world:
        hint = f"a probe must be pure: say `effects: {{{probe.tool}: pure}}` if it changes nothing"
        yield Problem(where=where, message=f"{probe.tool!r} is {spec.effect}", hint=hint)
    yield from _argument_problems(spec.input_schema, probe.args, where)


def _context_problems(state: State, rows: list[JsonObject]) -> Iterator[Problem]:
    mission = state.mission
    yield from context_problems(mission, {str(row["name"]): row for row in rows})
    for index, call in enumerate(mission.context):
        spec = state.tools.get(call.tool)
        if spec is None:
            hint = f"allowed: {', '.join(state.tools) or 'none'}"
            yield Problem(where=f"context.{index}.tool", message=f"{call.tool!r} is not an allowed tool", hint=hint)
        else:
            yield from _argument_problems(spec.input_schema, call.args, f"context.{index}.args")
    limit, probed = mission.budget.tool_calls, len(probes(mission.criteria))
    count = len(mission.context) + probed
    if limit is not None and limit < probed:
        message = f"allows {limit}, and the probes of one judgement take {probed}: the criteria could never be judged"
        yield Problem(where="budget.tool_calls", message=message, hint="give more calls, or fewer probes")
    elif mission.context and limit is not None and limit <= count:
        message = f"allows {limit}, and context calls and probes take {count}: no call is left for the mission"
        yield Problem(where="budget.tool_calls", message=message, hint="give more calls, or fewer context calls")


def _plan_problems(state: State) -> Iterator[Problem]:
    plan, ending = state.mission.plan, state.mission.ending
    for index, strategy in enumerate(plan if isinstance(plan, list) else []):
        yield from _step_problems(state, strategy, f"plan.{index}.calls", f"plan.{index}")
    if isinstance(ending, list):
        yield from _step_problems(state, Strategy(calls=ending), "at_end", "at_end")


def _step_problems(state: State, strategy: Strategy, calls: str, where: str) -> Iterator[Problem]:
    for problem in strategy_problems(strategy, state.tools, scripts_allowed=True):
        inside = problem.where.removeprefix("calls.")
        yield replace(problem, where=f"{calls if inside != problem.where else where}.{inside}")
    for number, call in enumerate(strategy.calls):
        spec = state.tools.get(call.tool)
        if spec is not None:
            yield from _argument_problems(spec.input_schema, call.args, f"{calls}.{number}.args")


def _argument_problems(schema: JsonObject, args: JsonObject, where: str) -> Iterator[Problem]:
    validator = compile_schema(schema)
    if isinstance(validator, str):
        return
    for problem in validator.problems(args):
        yield replace(problem, where=f"{where}.{problem.where}" if problem.where else where)


def _warnings(state: State) -> Iterator[Problem]:
    mission = state.mission
    unclear = [name for name in sorted(state.tools) if _is_unclassified(mission, state, name)]
    if unclear:
        yield Problem(
            where="effects",
            message=f"{', '.join(unclear)}: nobody said what a call changes, so each counts as unsafe and makes what was measured before stale",
            hint=f"if it only reads, say `effects: {{{unclear[0]}: pure}}`",
        )
    tools = allowed_tools(state.tools.values())
    measured = any(one.probes or one.engine_check() is not None for one in needed(mission.criteria))
    for criterion in walk(mission.criteria):
        if not (criterion.looks_at_plan and measured):  # what its calls changed is proved beside it
            yield from criterion.warnings(tools)
    yield from _remeasuring_warnings(state)
    yield from _unreported_warnings(mission)
    yield from _shell_warnings(mission)


def _shell_warnings(mission: Mission) -> Iterator[Problem]:
    """Words of command lines that only a shell would understand, and that are arguments where there is none."""
    for name, spec in mission.commands.items():
        words = [] if spec.shell else shell_patterns(spec.run) if isinstance(spec.run, str) else joining_words(spec.run)
        if words:
            message = (
                f"no shell reads this, so {' and '.join(map(repr, words[:3]))} is given to the program as it stands"
            )
            hint = "say `shell: true` with `run` as one text, or put it in quotes if it is meant so"
            yield Problem(where=f"commands.{name}.run", message=message, hint=hint)


def _unreported_warnings(mission: Mission) -> Iterator[Problem]:
    """Criteria that look for a metric under the name of a command or request which reports none of that name there."""
    for criterion in walk(mission.criteria):
        tool, _, name = (criterion.path if isinstance(criterion, MetricCriterion) else "").partition(".")
        spec = mission.declared.get(tool)
        mapped = {*mission.metrics, *(spec.metrics if spec is not None else ())}
        if spec is None or not name or f"{tool}.{name}" in mapped or name.split(".")[0] in spec.own_metrics:
            continue
        own = ", ".join(f"{tool}.{one}" for one in spec.own_metrics)
        yield Problem(
            where=f"criterion {criterion.id}: metric",
            message=f"{tool} reports no {tool}.{name}",
            hint=f"a metric that a command or request maps stands under its own name: {name}"
            if name in spec.metrics
            else f"it reports {', '.join([*spec.metrics, own])}",
        )


def _is_unclassified(mission: Mission, state: State, name: str) -> bool:
    return state.tools[name].effect is UNCLASSIFIED and effect_spec(mission, name) is None


def _remeasuring_warnings(state: State) -> Iterator[Problem]:
    """Criteria whose evidence nothing can measure again once it is stale: no probe, and no tool that only looks."""
    mission = state.mission
    asks = any(criterion.asks_person() is not None for criterion in walk(mission.criteria))
    ends = mission.plan is not None and not mission.repeat and not mission.explores
    looks = any(not EFFECT_RULES[spec.effect].changes_world for spec in state.tools.values())
    if looks or not (asks or ends):
        return
    if asks:
        when, hint = "before a person answers", "or answer ahead with `journeyman approve SESSION APPROVAL`"
    else:
        when, hint = "before a pause or a crash", "or the run may end `unknown` once it is resumed"
    for criterion in walk(mission.criteria):
        if isinstance(criterion, Measured) and not criterion.probes and not criterion.members():
            yield Problem(
                where=f"criterion {criterion.id}",
                message=f"what was measured {when} is stale, and no pure tool can measure it again",
                hint=f"give it a `probe`, {hint}",
            )
