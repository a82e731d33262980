"""A report as sections of tables and sentences: Markdown and the terminal write the same ones, each in its own way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from journeyman.mission.criteria.evidence import CriterionStatus
from journeyman.mission.report.best import best_words
from journeyman.mission.report.model import Report
from journeyman.mission.report.phrases import (
    BUDGETS,
    TONES,
    advice_ended,
    advice_used,
    checking_commands,
    claim_check,
    context_cells,
    criterion_rule,
    criterion_word,
    iteration_summary,
    person_action,
    proposer_text,
    role,
)
from journeyman.mission.report.plain_text import MISSING, amount_text, elapsed_text, evidence_text, one_line, time_text
from journeyman.mission.report.rows import EffectRow
from journeyman.mission.report.section import Cell, Section, Table, folded, row_of, short_cell


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report, as readers get it."""

    name: str
    outcome: Cell
    facts: list[tuple[str, str]]
    directive: str
    sections: list[Section]


def document(report: Report) -> Document:
    """The document of a report; the same report gives the same one."""
    how = claim_check(report)
    sections = [make(report) for make in SECTIONS]
    return Document(
        name=one_line(report.name),
        outcome=Cell(how.title, TONES.get(how.word, "")),
        facts=_facts(report),
        directive=report.directive,
        sections=[one for one in sections if not one.empty],
    )


def _facts(report: Report) -> list[tuple[str, str]]:
    how = claim_check(report)
    took = elapsed_text(report.started_at, report.ended_at)
    ended = f"ended {time_text(report.ended_at)}" if report.ended_at else "not ended"
    times = f"created {time_text(report.created_at)}, started {time_text(report.started_at)}, {ended}"
    facts = [
        ("Claimed", how.claimed),
        ("Verified", how.verified),
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
                Cell(f"{row.progress:.0%}", share=row.progress),
                evidence_text(row.evidence),
            )
        )
    return Section(
        "criteria", "Criteria", Table(("criterion", "role", "asks for", "status", "progress", "evidence"), rows)
    )


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
    rows: list[list[Cell]] = []
    for row in report.iterations:
        met = sum(item.status is CriterionStatus.MET for item in row.evaluation)
        rows.append(
            row_of(
                str(row.index),
                one_line(proposer_text(row)),
                short_cell(iteration_summary(row.strategy)),
                short_cell(row.strategy.rationale) if row.strategy is not None else "",
                f"{row.verdict} ({row.reason})" if row.verdict else "open",
                f"{met} of {len(row.evaluation)} met" if row.evaluation else "",
            )
        )
    return Section(
        "iterations",
        f"Iterations ({report.iterations_run})",
        folded(("iteration", "by", "did", "why", "verdict", "criteria"), rows, "iterations"),
        after=_left_out_text(report),
    )


def _left_out_text(report: Report) -> str:
    count = report.left_out.iterations
    return f"{count:,} iterations between them are in the record: `journeyman history --all`." if count else ""


def _advice(report: Report) -> Section:
    return Section("advice", "Advice", advice_table(report))


def advice_table(report: Report) -> Table:
    """Each question to a model, with how it ended and what it cost."""
    rows = [
        row_of(
            one_line(row.ask),
            one_line(row.purpose),
            one_line(f"{row.advisor} ({row.model})" if row.model else row.advisor),
            one_line(advice_ended(row)),
            advice_used(row),
        )
        for row in report.advice
    ]
    return folded(("question", "for", "asked", "answer", "used"), rows, "questions")


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
    return Section("lessons", "Lessons", sentences=[one_line(row) for row in report.lessons])


def _followups(report: Report) -> Section:
    rows = [one_line(row) for row in report.recommended_followups]
    return Section("followups", "Recommended follow-ups", sentences=rows)


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
