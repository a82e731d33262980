"""The final report: everything that was done, what it cost and how it ended, from the record alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from journeyman.mission.chain import Head
from journeyman.mission.criteria.base import Criterion, as_json, walk
from journeyman.mission.criteria.evidence import CriterionStatus
from journeyman.mission.fold.fold import fold
from journeyman.mission.model import events as e
from journeyman.mission.model.events import EventRecord
from journeyman.mission.model.mission import dump
from journeyman.mission.model.state import CriterionState, State
from journeyman.mission.report import model
from journeyman.mission.report.closing import followups, lessons
from journeyman.mission.report.gather import Gathered, effect_row, gather, gather_rest, gather_snapshot
from journeyman.mission.report.model import Budgets, ContextRow, CriterionRow, LeftOut, Report, ToolRow
from journeyman.mission.report.retention import FIRST_ITERATIONS
from journeyman.mission.rules.decide import outcome_of
from journeyman.mission.values.value import replace

SILENT: Final = frozenset({e.Evaluated, e.Decided, e.ScriptAdvanced, e.Checked, e.SnapshotTaken})
"""Kinds of which nothing is told between both ends."""


class ReportBuilder:
    """Makes a report from events as they pass, in memory that does not grow with them."""

    def __init__(self) -> None:
        self._gathered = Gathered()
        self._first = True

    def take(self, happened: EventRecord, state: State) -> None:
        """Take in an event; `state` is as it was right after it."""
        gather(self._gathered, state, happened)

    def tells_first(self, iteration: int) -> bool:
        """Tell whether an iteration that begins now is one of the first, which are told whole."""
        first = self._gathered.rows.first
        return iteration in first or len(first) < FIRST_ITERATIONS

    def pass_by(self, happened: EventRecord) -> None:
        """Take in an event of the middle, of which only counts are told; kinds in `SILENT` may be left out."""
        event = happened.event
        if type(event) in SILENT:
            return
        match event:
            case e.Proposed():
                for name in self._gathered.looks:
                    self._gathered.rows.effects.pop(name, None)
                self._gathered.looks.clear()
                self._gathered.rows.begin(event.iteration, None)
            case e.Intended():
                self._gathered.rows.intend(event.effect, None)
            case _:
                gather_rest(self._gathered, happened)

    def pass_snapshot(self, happened: EventRecord, state: State) -> None:
        """Take in a snapshot of the middle with its state."""
        gather_snapshot(self._gathered, state, happened.at)

    def take_or_pass(self, happened: EventRecord, state: State, *, newest: bool) -> None:
        """Take in an event where its iteration is told: one of the first, or `newest`; else pass it by."""
        event = happened.event
        if self._first and isinstance(event, e.Proposed):
            self._first = self.tells_first(event.iteration)
        if self._first or newest:
            self.take(happened, state)
        elif isinstance(event, e.SnapshotTaken):
            self.pass_snapshot(happened, state)
        else:
            self.pass_by(happened)

    def finish(self, state: State, head: Head) -> Report:
        """The report of a record that ends at `head` in `state`."""
        for effect in state.unknown:
            name = effect.intended.effect
            if name not in self._gathered.rows.effects:
                row = effect_row(effect.intended, effect.state.value, error=effect.error)
                self._gathered.rows.effects[name] = row
        return _assemble(state, self._gathered, head)


def build_report(events: Iterable[EventRecord], head: Head) -> Report:
    """The report of a session: the same events always give the same bytes as JSON.

    Values that the record keeps as blobs stay references. Works for sessions that go on: `ended_at` is null then. Of a
    long mission both ends are told, with the counts of what is `left_out` between; see `retention`.
    """
    builder = ReportBuilder()
    state: State | None = None
    for happened in events:
        state = fold(state, happened)
        builder.take(happened, state)
    if state is None:
        raise ValueError("a report needs at least one event")
    return builder.finish(state, head)


def _assemble(state: State, gathered: Gathered, head: Head) -> Report:
    mission, rows, closing = state.mission, gathered.rows, state.advice.closing
    iterations, effects = rows.left_out()
    return Report(
        version=model.VERSION,
        session_id=state.session_id,
        tenant=state.identity.tenant,
        name=mission.name,
        directive=mission.directive,
        mission=dump(mission),
        mission_digest=state.digest,
        parent=state.identity.parent or None,
        criteria=_criteria(state),
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
        status=state.status.value,
        verdict=state.verdict.label.value if state.verdict is not None else "",
        reason=state.reason.value if state.reason is not None else "",
        actor=state.people.end_by or gathered.actor,
        outcome=state.outcome.value if state.outcome is not None else None,
        outcome_now=outcome_of(state).value,
        verified_by=_verified_by(state),
        context=context_rows(state),
        effects_by_state=rows.by_state(),
        effects=list(rows.effects.values()),
        iterations=[rows.iterations[index] for index in sorted(rows.iterations)],
        series={name: [*line.points(rows)] for name, line in sorted(gathered.series.items())},
        budget_series=[*gathered.budgets.points(rows)],
        people=list(gathered.people),
        notes=list(state.people.notes),
        lessons=(closing.lessons if closing else []) or lessons(state, iterated=bool(rows.iterations)),
        recommended_followups=(closing.recommended_followups if closing else []) or followups(state),
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
    )


def context_rows(state: State) -> list[ContextRow]:
    """Each context call of the mission with how it ended when it was made last."""
    rows: list[ContextRow] = []
    for index, call in enumerate(state.mission.context):
        known = state.context.get(str(index))
        row = ContextRow(tool=call.tool, args=dict(call.args), every=call.every, state=None)
        if known is not None:
            row = replace(
                row,
                state=known.state.value,
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
