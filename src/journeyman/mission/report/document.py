"""A report as sections of tables and sentences: Markdown and the terminal write the same ones, each in its own way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from journeyman.mission.report.best import best_words
from journeyman.mission.report.criterion_text import TONES, criterion_word
from journeyman.mission.report.iteration_text import iteration_texts
from journeyman.mission.report.margins import margin_text
from journeyman.mission.report.model import Report
from journeyman.mission.report.phrases import (
    BUDGETS,
    ClaimCheck,
    advice_cost,
    advice_ended,
    advice_tokens,
    advice_totals,
    checking_commands,
    claim_check,
    context_cells,
    criterion_rule,
    person_action,
    proposer_text,
    role,
    writer,
)
from journeyman.mission.report.plain_text import (
    MISSING,
    amount_text,
    duration_text,
    elapsed_text,
    evidence_text,
    one_line,
    time_text,
)
from journeyman.mission.report.rows import EffectRow, TryState
from journeyman.mission.report.section import (
    Cell,
    Section,
    Table,
    folded,
    row_of,
    short_cell,
    without_empty_columns,
)

_ADVICE_TONES: Final = {TryState.USED: "good", TryState.REJECTED: "bad", TryState.FAILED: "bad"}


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report, as readers get it."""

    name: str
    outcome: Cell
    summary: str
    """The whole in one sentence."""
    facts: list[tuple[str, str]]
    directive: str
    sections: list[Section]


def document(report: Report, stands: str = "") -> Document:
    """The document of a report; the same report gives the same one.

    `stands` says where a session stands that has not ended: no record can tell whether anybody drives it.
    """
    how = claim_check(report, stands)
    sections = [make(report) for make in SECTIONS]
    return Document(
        name=one_line(report.name),
        outcome=Cell(how.title, TONES.get(how.word, "")),
        summary=how.summary,
        facts=_facts(report, how),
        directive=report.directive,
        sections=[one for one in sections if not one.empty],
    )


def _facts(report: Report, how: ClaimCheck) -> list[tuple[str, str]]:
    took = elapsed_text(report.started_at, report.ended_at)
    ended = f"ended {time_text(report.ended_at)}" if report.ended_at else "not ended"
    times = f"created {time_text(report.created_at)}, started {time_text(report.started_at)}, {ended}"
    facts = [
        *how.facts,
        ("Look here", how.doubt),
        ("Best", best_words(report.best) if report.best is not None else ""),
        ("Session", f"{report.session_id} of tenant {report.tenant}"),
        ("Forked from", report.parent or ""),
        ("Time", times + (f" ({took})" if took else "")),
    ]
    return [(name, one_line(value)) for name, value in facts if value]


def _criteria(report: Report) -> Section:
    rows: list[list[Cell]] = []
    for row in report.criteria:
        word = criterion_word(row.status.value, aborts=row.abort_when_met)
        stale = " (not measured now)" if row.carried else ""
        rows.append(
            row_of(
                one_line(row.id),
                role(row),
                criterion_rule(row),
                Cell(f"{word}{stale}", TONES.get(word, "")),
                # An abort condition has no way to go: how far it is from striking stands in its margin.
                Cell("") if row.abort_when_met else Cell(f"{row.progress:.0%}", share=row.progress),
                evidence_text(row.evidence),
                margin_text(row, [] if report.left_out.iterations else report.iterations),
            )
        )
    columns = ("criterion", "role", "asks for", "status", "progress", "evidence", "margin")
    return Section("criteria", "Criteria", without_empty_columns(Table(columns, rows)))


def _budget(report: Report) -> Section:
    rows: list[list[Cell]] = []
    for kind, title in BUDGETS.items():
        spent, ceiling = report.used.of(kind), report.budget.of(kind)
        share = spent / ceiling if spent is not None and ceiling else None
        told = Cell("") if share is None else Cell(f"{share:.0%}", share=min(1.0, share))
        rows.append(row_of(title, amount_text(kind, spent), amount_text(kind, ceiling), told))
    return Section("budget", "Budget", Table(("budget", "used", "of", "share"), rows))


def _context(report: Report) -> Section:
    rows: list[list[Cell]] = []
    for row in report.context:
        often, last, shown = context_cells(row)
        rows.append(row_of(one_line(row.tool), short_cell(row.args), often, last, shown))
    return Section(
        "context", "Context (no evidence)", Table(("tool", "arguments", "when", "last time", "result"), rows)
    )


def _iterations(report: Report) -> Section:
    texts, rows = iteration_texts(report), list[list[Cell]]()
    for row in report.iterations:
        text = texts[row.index]
        rows.append(
            row_of(
                str(row.index),
                one_line(proposer_text(row)),
                text.line,
                text.changed,
                short_cell(row.strategy.rationale) if row.strategy is not None else "",
                Cell(", ".join(word for word, _ in text.trouble), text.trouble[0][1] if text.trouble else ""),
                f"{row.verdict} ({row.reason})" if row.verdict else "open",
                text.took,
            )
        )
    columns = ("iteration", "by", "what happened", "changed", "why", "trouble", "verdict", "took")
    return Section(
        "iterations",
        f"Iterations ({report.iterations_run})",
        without_empty_columns(folded(columns, rows, "iterations")),
        after=_left_out_text(report),
    )


def _left_out_text(report: Report) -> str:
    count = report.left_out.iterations
    return f"{count:,} iterations between them are in the record: `journeyman history --all`." if count else ""


def _advice(report: Report) -> Section:
    return Section("advice", "Advice", advice_table(report), sentences=advice_totals(report))


def advice_table(report: Report) -> Table:
    """Each question to a model: who answered, whether that was accepted or why not, and what it cost. Never a text."""
    rows = [
        row_of(
            str(row.iteration),
            one_line(f"{row.advisor} ({row.model})" if row.model else row.advisor),
            one_line(row.purpose),
            Cell(one_line(advice_ended(row), 200), _ADVICE_TONES.get(row.state, "")),
            advice_tokens(row),
            advice_cost(row),
            duration_text(row.duration_s) if row.duration_s else "",
            one_line(row.ask),
        )
        for row in report.advice
    ]
    columns = ("iteration", "advisor", "for", "answer", "tokens", "cost", "took", "question")
    return without_empty_columns(folded(columns, rows, "questions"))


def _effects(report: Report) -> Section:
    rows = [row for row in report.effects if not row.simply_done]
    return Section("effects", "Effects that are not simply done", effects_table(rows))


def effects_table(effects: Sequence[EffectRow]) -> Table:
    """A row for each of these effects."""
    rows: list[list[Cell]] = []
    for row in effects:
        state = row.state + (f" (reconciled by {row.reconciled_by})" if row.reconciled_by else "")
        error = ": ".join(part for part in (row.error_class, row.error, row.note) if part)
        if row.probe is not None:
            error += f"; asked {row.probe.tool or 'nobody'}: {row.probe.error_class} {row.probe.error}"
        rows.append(
            row_of(
                one_line(row.effect),
                one_line(row.tool),
                row.effect_class,
                one_line(state + (", left running" if row.left_running else "")),
                short_cell(row.args),
                one_line(error, 200),
            )
        )
    return folded(("effect", "tool", "class", "state", "arguments", "error or note"), rows, "effects")


def _people(report: Report) -> Section:
    rows: list[list[Cell]] = []
    for row in report.people:
        verb, words = person_action(row)
        rows.append(row_of(time_text(row.at), one_line(row.actor), verb, words or MISSING))
    return Section("people", "People", folded(("when", "who", "did", "words"), rows, "actions"))


def _lessons(report: Report) -> Section:
    title = f"Lessons, by {writer(report.lessons_by)}"
    return Section("lessons", title, sentences=[one_line(row) for row in report.lessons])


def _followups(report: Report) -> Section:
    rows = [one_line(row) for row in report.recommended_followups]
    return Section("followups", f"Recommended follow-ups, by {writer(report.followups_by)}", sentences=rows)


def _record(report: Report) -> Section:
    return Section(
        "record",
        "Record",
        sentences=[f"{report.events:,} events, head {report.head_hash}, mission digest {report.mission_digest}."],
        commands=[one_line(command, 1000) for command in checking_commands(report)],
    )


SECTIONS: Final[tuple[Callable[[Report], Section], ...]] = (
    _criteria,
    _budget,
    _context,
    _iterations,
    _advice,
    _effects,
    _people,
    _lessons,
    _followups,
    _record,
)
"""In the order in which readers meet them. Pages show those that have no form of their own there as they are here."""
