"""A report: each of its fields, where it comes from, and the report as JSON; `from_json` refuses another form."""

from __future__ import annotations

from typing import Final

import msgspec

from journeyman.mission.chain import Head
from journeyman.mission.criteria.base import Criterion, as_json, walk
from journeyman.mission.criteria.evidence import CriterionStatus
from journeyman.mission.model.mission import dump
from journeyman.mission.model.reasons import Outcome, SessionStatus
from journeyman.mission.model.state import CriterionState, State
from journeyman.mission.report.best import BestRow, best_row
from journeyman.mission.report.closing import followups, lessons
from journeyman.mission.report.gather import Gathered
from journeyman.mission.report.rows import (
    AdviceRow,
    BudgetPoint,
    Budgets,
    ContextRow,
    CriterionRow,
    EffectRow,
    IterationRow,
    LeftOut,
    PersonRow,
    ToolRow,
)
from journeyman.mission.rules.decide import outcome_of
from journeyman.mission.values.canonical import MAX_SAFE_INTEGER
from journeyman.mission.values.errors import CallerError
from journeyman.mission.values.value import Json, JsonObject, Value, replace

VERSION: Final = 5


RULES: Final = "rules"
"""Who writes what no advisor has written."""


class Report(Value, frozen=True, kw_only=True):
    """Everything that was done, what it cost and how it ended. The same record gives the same report."""

    version: int
    session_id: str
    tenant: str
    name: str
    summary: str
    """The whole in one sentence: what was reached, how near it came, what went wrong on the way."""
    directive: str
    mission: JsonObject
    mission_digest: str
    parent: str | None
    criteria: list[CriterionRow]
    budget: Budgets
    used: Budgets
    tools: list[ToolRow]
    allowlist: list[str]
    cadence: JsonObject
    stagnation_threshold: int
    created_at: str
    started_at: str | None
    ended_at: str | None
    """`None` while the session goes on."""
    iterations_run: int
    status: SessionStatus
    verdict: str
    reason: str
    actor: str
    """Who decided last, or ended it."""
    outcome: Outcome | None
    outcome_now: Outcome
    """What the evidence says, whatever was claimed."""
    verified_by: str
    best: BestRow | None
    """The best value of the objective, where there is one."""
    context: list[ContextRow]
    effects_by_state: dict[str, int]
    effects: list[EffectRow]
    iterations: list[IterationRow]
    series: dict[str, list[list[int | float]]]
    """Metric to its points: iteration and value."""
    budget_series: list[BudgetPoint]
    people: list[PersonRow]
    notes: list[str]
    lessons: list[str]
    lessons_by: str
    """`rules`, or `advisor:NAME`."""
    recommended_followups: list[str]
    followups_by: str
    advice: list[AdviceRow]
    left_out: LeftOut
    events: int
    head_hash: str


def assemble(state: State, gathered: Gathered, head: Head) -> Report:
    """The report of a record that ends at `head` in `state`: where each of its fields comes from."""
    mission, rows, closing = state.mission, gathered.rows, state.advice.closing
    iterations, effects = rows.left_out()
    criteria = _criteria(state)
    lessons_told, followups_told = (closing.lessons, closing.recommended_followups) if closing is not None else ([], [])
    return Report(
        version=VERSION,
        session_id=state.session_id,
        tenant=state.identity.tenant,
        name=mission.name,
        summary="",
        directive=mission.directive,
        mission=dump(mission),
        mission_digest=state.digest,
        parent=state.identity.parent or None,
        criteria=criteria,
        budget=Budgets(**mission.budget.model_dump(mode="json")),
        used=_used(state),
        tools=[_tool(state, name) for name in sorted(state.tools)],
        allowlist=list(mission.tools),
        cadence=mission.cadence.model_dump(mode="json", exclude_none=True),
        stagnation_threshold=mission.stagnation.threshold,
        created_at=state.identity.created_at,
        started_at=state.times.started_at or None,
        ended_at=state.times.ended_at or None,
        iterations_run=state.usage.iterations,
        status=state.status,
        verdict=state.verdict.label.value if state.verdict is not None else "",
        reason=state.reason.value if state.reason is not None else "",
        actor=state.people.end_by or gathered.actor,
        outcome=state.outcome,
        outcome_now=outcome_of(state),
        verified_by=_verified_by(state),
        best=best_row(state),
        context=context_rows(state),
        effects_by_state=rows.by_state(),
        effects=list(rows.effects.values()),
        iterations=[rows.iterations[index] for index in sorted(rows.iterations)],
        series={name: [*line.points(rows)] for name, line in sorted(gathered.series.items())},
        budget_series=[*gathered.budgets.points(rows)],
        people=list(gathered.people),
        notes=list(state.people.notes),
        lessons=lessons_told or lessons(state, iterated=bool(rows.iterations)),
        lessons_by=gathered.notes_by if lessons_told else RULES,
        recommended_followups=followups_told or followups(state, criteria),
        followups_by=gathered.notes_by if followups_told else RULES,
        advice=list(gathered.advice.values()),
        left_out=LeftOut(
            iterations=iterations,
            effects=effects,
            people=gathered.people_said - len(gathered.people),
            advice=gathered.advice_asked - len(gathered.advice),
        ),
        events=head.seq,
        head_hash=head.hash.hex(),
    )


def _used(state: State) -> Budgets:
    usage = state.usage
    return Budgets(
        iterations=usage.iterations,
        wall_clock_s=usage.wall_clock_s,
        tool_calls=usage.tool_calls,
        tokens=usage.tokens,
        cost_usd=usage.cost_microusd / 1_000_000,
    )


def _tool(state: State, name: str) -> ToolRow:
    spec = state.tools[name]
    return ToolRow(
        name=name,
        effect=spec.effect.value,
        destructive=spec.destructive,
        pin=spec.pin,
        calls=state.world.counts.get(name, 0),
    )


def _criteria(state: State) -> list[CriterionRow]:
    known = state.progress.criteria
    return [_criterion(criterion, known.get(criterion.id)) for criterion in walk(state.mission.criteria)]


def _criterion(criterion: Criterion, known: CriterionState | None) -> CriterionRow:
    definition = as_json(criterion)
    definition.pop("criteria", None)
    result = known.result if known is not None else None
    return CriterionRow(
        id=criterion.id,
        kind=criterion.kind_name,
        required=criterion.required,
        abort_when_met=criterion.abort_when_met,
        definition=definition,
        sentence=criterion.sentence(),
        status=result.status if result is not None else CriterionStatus.INCONCLUSIVE,
        progress=result.progress if result is not None else 0,
        evidence=result.evidence if result is not None else "never evaluated",
        carried=result is not None and result.carried,
        seen_at=(known.conclusive_at or None) if known is not None else None,
        held=result.held if result is not None and criterion.hold_for > 1 else None,
        hold_for=criterion.hold_for if result is not None else 1,
        bound=criterion.bound(),
        one_sided=_one_sided(criterion),
    )


def _one_sided(criterion: Criterion) -> bool:
    wanted = criterion.wanted_range()
    return wanted is not None and (wanted[0] is None) != (wanted[1] is None)


def context_rows(state: State) -> list[ContextRow]:
    """Each context call of the mission with how it ended when it was made last."""
    rows: list[ContextRow] = []
    for index, call in enumerate(state.mission.context):
        known = state.context.get(str(index))
        row = ContextRow(tool=call.tool, args=dict(call.args), every=call.every, state=None)
        if known is not None:
            row = replace(
                row,
                state=known.state,
                iteration=known.iteration,
                value=known.value,
                error_class=known.error_class,
                error=known.error if known.error_class else "",
            )
        rows.append(row)
    return rows


def _verified_by(state: State) -> str:
    if not state.progress.evaluations and not state.progress.criteria:
        return "nothing: no evaluation took place"
    carried = sorted(name for name, known in state.progress.criteria.items() if known.result.carried)
    base = f"evaluation of iteration {state.iteration.index} over fresh evidence"
    return f"{base}; not measured in it: {', '.join(carried)}" if carried else base


def to_json(row: Value) -> JsonObject:
    """A report, or a row of one, as JSON; fields of a row that say nothing are left out."""
    return {name: _with_whole_numbers(value) for name, value in msgspec.to_builtins(row).items()}


def _with_whole_numbers(value: Json) -> Json:
    """Whole floats as integers: read back from JSON, a number may be either, and its bytes must be the same."""
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) <= MAX_SAFE_INTEGER else value
    if isinstance(value, dict):
        return {name: _with_whole_numbers(item) for name, item in value.items()}
    return [_with_whole_numbers(item) for item in value] if isinstance(value, list) else value


def from_json(value: object) -> Report:
    """The report that was written as JSON; raise `CallerError` where it has another form."""
    try:
        found = msgspec.convert(value, Report)
    except (msgspec.ValidationError, ValueError) as error:
        hint = "give what `journeyman report --json` or `journeyman export` wrote"
        raise CallerError(f"this is not a report: {error}; {hint}", code="invalid_input") from None
    if found.version != VERSION:
        raise CallerError(
            f"this report has version {found.version}, not {VERSION}; write it again with `journeyman report`",
            code="invalid_input",
        )
    return found
