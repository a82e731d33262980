"""Checks a mission against its tools before anything runs: what cannot work, and what proves less than it seems to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from journeyman.engine.policy import context_problems
from journeyman.engine.scripting import script_limits
from journeyman.engine.world import answered
from journeyman.mission.criteria import Approval, Event, MetricTrend, Predicate, ToolCallSucceeded, probes
from journeyman.mission.criteria.base import Criterion, Measured, Probe, walk
from journeyman.mission.criteria.evidence import SCRIPT, Answered, Call, Measurement
from journeyman.mission.criteria.expressions import uses
from journeyman.mission.criteria.metric import MetricCriterion
from journeyman.mission.criteria.predicate import MISSING
from journeyman.mission.fold.fold import fold
from journeyman.mission.fold.world import arrived
from journeyman.mission.model import events as e
from journeyman.mission.model.effects import EFFECT_RULES, EffectClass
from journeyman.mission.model.events import CriterionResult, Happened
from journeyman.mission.model.mission import Mission, ScriptPlan, dump, effect_spec, mission_digest
from journeyman.mission.model.state import State
from journeyman.mission.model.strategy import problems as strategy_problems
from journeyman.mission.rules.answers import with_answers
from journeyman.mission.rules.approvals import needs_person
from journeyman.mission.rules.evaluate import evaluated
from journeyman.mission.values.canonical import Json, JsonObject
from journeyman.mission.values.errors import Problem
from journeyman.mission.values.value import replace as replaced
from journeyman.tools.arguments import compiled
from journeyman.tools.predicate import Predicates
from journeyman.tools.script import ScriptRun

_AT = "2000-01-01T00:00:00.000000Z"


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found about a mission."""

    problems: tuple[Problem, ...]
    """The mission cannot work like this."""
    warnings: tuple[Problem, ...]
    """It can, but proves less, or asks for more, than its reader may think."""
    asks: tuple[str, ...]
    """Tools whose calls wait for a person."""


def checking_state(mission: Mission, rows: list[JsonObject]) -> State:
    """Give the state of a session that has only pinned its tools."""
    created = e.SessionCreated(
        tenant="check", session_id="check", mission=dump(mission), digest=mission_digest(mission)
    )
    state = fold(None, Happened(_AT, "check", created))
    return fold(state, Happened(_AT, "check", e.CatalogPinned(tools=rows)))


async def expression_problems(mission: Mission, predicates: Predicates) -> list[Problem]:
    """Give what is wrong with the mission's expressions."""
    found: list[Problem] = []
    for criterion in walk(mission.criteria):
        expression = criterion.expression()
        if expression is not None:
            told = await predicates.check(expression)
            found += [replace(problem, where=f"criterion {criterion.id}") for problem in told]
    return found


async def check_tools(mission: Mission, rows: list[JsonObject], scripts: ScriptRun) -> Checked:
    """Check a mission against the tools that it would get."""
    state = checking_state(mission, rows)
    found = [*_probe_problems(state), *_context_problems(state, rows), *_plan_problems(state)]
    if isinstance(mission.plan, ScriptPlan):
        told = await scripts.check(mission.plan.script, sorted(state.tools), script_limits(mission))
        found += [replace(problem, where="plan.script") for problem in told]
    for criterion in walk(mission.criteria):
        if isinstance(criterion, Predicate) and not criterion.is_sourced and uses(criterion.text).absence:
            hint = "name a pure call that gives such events: `probe: {tool: …}`, or `from: TOOL`"
            found.append(Problem(where=f"criterion {criterion.id}", message=MISSING, hint=hint))
        if isinstance(criterion, ToolCallSucceeded) and criterion.tool not in state.tools:
            message = f"{criterion.tool!r} is not an allowed tool, so it can never be met"
            found.append(Problem(where=f"criterion {criterion.id}", message=message))
    asks = tuple(name for name in sorted(state.tools) if needs_person(state, name))
    return Checked(tuple(found), tuple(_warnings(state)), asks)


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
    if spec.effect is not EffectClass.PURE:
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
    plan = state.mission.plan
    for index, strategy in enumerate(plan if isinstance(plan, list) else []):
        for problem in strategy_problems(strategy, state.tools, scripts_allowed=True):
            yield replace(problem, where=f"plan.{index}.{problem.where}")
        for number, call in enumerate(strategy.calls):
            spec = state.tools.get(call.tool)
            if spec is not None:
                yield from _argument_problems(spec.input_schema, call.args, f"plan.{index}.calls.{number}.args")


def _argument_problems(schema: JsonObject, args: JsonObject, where: str) -> Iterator[Problem]:
    validator = compiled(schema)
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
    for criterion in walk(mission.criteria):
        yield from _criterion_warnings(state, criterion)
    if any(isinstance(criterion, Approval) for criterion in walk(mission.criteria)):
        yield from _approval_warnings(state)


def _is_unclassified(mission: Mission, state: State, name: str) -> bool:
    return state.tools[name].effect is EffectClass.UNSAFE and effect_spec(mission, name) is None


def _criterion_warnings(state: State, criterion: Criterion) -> Iterator[Problem]:
    where = f"criterion {criterion.id}"
    if isinstance(criterion, Predicate) and not criterion.probes and "obs" not in criterion.text:
        yield Problem(where=where, message="looks at nothing: it holds, or fails, whatever happens", hint="use `obs`")
    elif isinstance(criterion, Predicate) and not uses(criterion.text).evidence and "counts" not in criterion.text:
        message = "looks at nothing that was measured, so it may hold though nothing was done"
        yield Problem(where=where, message=message, hint="look at `obs['metrics']` too: no error is no success")
    if not isinstance(criterion, Measured) or criterion.probes or criterion.wanted_sources:
        return
    if isinstance(criterion, Event):
        hint = "name whose word counts with `from: TOOL`, or fetch it with a `probe`"
        yield Problem(where=where, message=f"any allowed tool may report {criterion.event!r}", hint=hint)
    reading = [
        name
        for name, spec in sorted(state.tools.items())
        if spec.effect is EffectClass.PURE and spec.input_schema.get("properties")
    ]
    looks = isinstance(criterion, MetricCriterion) or (
        isinstance(criterion, Predicate) and uses(criterion.text).evidence
    )
    if reading and looks and not isinstance(criterion, MetricTrend):
        yield Problem(
            where=where,
            message=f"counts whatever arguments {', '.join(reading[:3])} is called with",
            hint="say which call proves it: `probe: {tool: …, args: …}`, or `from: {tool: …, args: …}`",
        )


def _approval_warnings(state: State) -> Iterator[Problem]:
    sources = any(not EFFECT_RULES[spec.effect].changes_world for spec in state.tools.values())
    for criterion in walk(state.mission.criteria):
        if isinstance(criterion, Measured) and not criterion.probes and not sources and not criterion.members():
            yield Problem(
                where=f"criterion {criterion.id}",
                message="what was measured before a person answers is stale, and no pure tool can measure it again",
                hint="give it a `probe`, or answer ahead with `journeyman approve SESSION APPROVAL`",
            )


async def judge_observation(mission: Mission, seen: JsonObject, predicates: Predicates) -> list[CriterionResult]:
    """Judge the criteria by an observation that a person wrote down: `metrics`, `events`, `counts`, `errors`.

    It stands for whatever the criteria would be measured by: sources and probes are left out.
    """
    criteria = dump(mission)["criteria"]
    plain = Mission.model_validate({**dump(mission), "criteria": _unsourced(criteria)})
    state = checking_state(plain, [])
    state = replaced(
        state,
        world=replaced(
            state.world, order=1, counts={name: n for name, n in _object(seen, "counts").items() if isinstance(n, int)}
        ),
        iteration=replaced(state.iteration, probed=True, checked=True, errors=tuple(_rows(seen, "errors"))),
    )
    made = Measurement(id=f"{SCRIPT}:0.1", call=Call.of_script(), order=1, epoch=state.world.epoch, at=_AT)
    state = arrived(state, made, _object(seen, "metrics"), _rows(seen, "events"), fresh=True)

    async def ask(expression: str, obs: JsonObject) -> Answered:
        given: JsonObject = {name: seen[name] for name in ("tool_results", "history") if name in seen}
        result = await predicates.evaluate(expression, obs | given)
        return answered(result)

    event = await with_answers(lambda run: evaluated(state, _AT, run, {}), ask)
    return event.results


def _unsourced(value: Json) -> Json:
    if isinstance(value, list):
        return [_unsourced(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {
        key: _unsourced(item) if key == "criteria" else item
        for key, item in value.items()
        if key not in ("from", "probe")
    }
    return kept | ({"from": SCRIPT} if value.get("kind") == "predicate" else {})


def _object(seen: JsonObject, name: str) -> JsonObject:
    value = seen.get(name)
    return value if isinstance(value, dict) else {}


def _rows(seen: JsonObject, name: str) -> Sequence[JsonObject]:
    value: Json = seen.get(name)
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
