"""A report as sections of tables and sentences: Markdown and the terminal write the same ones, each in its own way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from journeyman.mission.report.model import EffectRow, Report
from journeyman.mission.report.phrases import (
    BUDGETS,
    MISSING,
    TONES,
    advice_ended,
    advice_used,
    amount_text,
    checking_commands,
    claim_check,
    context_cells,
    criterion_rule,
    criterion_word,
    elapsed_text,
    evidence_text,
    iteration_summary,
    one_line,
    person_action,
    proposer_text,
    role,
    time_text,
)
from journeyman.mission.values.canonical import Json

SHOWN_AT_EACH_END: Final = 20
"""Rows of a long table shown from the start and from the end; those between are counted."""
_CELL: Final = 120
"""Characters of arguments and reasons in a table."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One line of text in a table."""

    text: str
    tone: str = ""
    """`good`, `bad` or `unsure` news, where a colour may tell it, too."""
    share: float | None = None
    """0..1, where a bar may show it."""


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows; of long ones the first and the last, and how many lie between."""

    columns: tuple[str, ...]
    rows: list[list[Cell]]
    between: str = ""
    last: list[list[Cell]] = field(default_factory=list["list[Cell]"])


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report: a table, or sentences; not there where it has neither."""

    title: str
    table: Table | None = None
    sentences: Sequence[str] = ()
    after: str = ""
    """What is to be said below."""
    commands: Sequence[str] = ()


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
    sections = [
        Section("Criteria", _criteria(report)),
        Section("Budget", _budget(report)),
        Section("Context (no evidence)", _context(report)),
        Section(f"Iterations ({report.iterations_run})", _iterations(report), after=_left_out_text(report)),
        Section("Advice", advice_table(report)),
        Section(
            "Effects that are not simply done", effects_table([row for row in report.effects if not row.simply_done])
        ),
        Section("People", _people(report)),
        Section("Lessons", sentences=[one_line(row) for row in report.lessons]),
        Section("Recommended follow-ups", sentences=[one_line(row) for row in report.recommended_followups]),
        Section(
            "Record",
            sentences=[f"{report.events:,} events, head {report.head_hash}, mission digest {report.mission_digest}."],
            commands=[one_line(command, 1000) for command in checking_commands(report)],
        ),
    ]
    return Document(
        name=one_line(report.name),
        outcome=Cell(how.title, TONES.get(how.word, "")),
        facts=_facts(report),
        directive=report.directive,
        sections=[one for one in sections if one.sentences or (one.table is not None and one.table.rows)],
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
        ("Session", f"{report.session_id} of tenant {report.tenant}"),
        ("Forked from", report.parent or ""),
        ("Time", times + (f" ({took})" if took else "")),
    ]
    return [(name, one_line(value)) for name, value in facts if value]


def _row(*cells: Cell | str) -> list[Cell]:
    return [cell if isinstance(cell, Cell) else Cell(cell) for cell in cells]


def _short(value: Json) -> str:
    return one_line(value, _CELL)


def _folded(columns: Sequence[str], rows: Iterable[list[Cell]], what: str) -> Table:
    """A table whose middle is left out where it is long."""
    found = list(rows)
    between = len(found) - 2 * SHOWN_AT_EACH_END
    if between <= 0:
        return Table(tuple(columns), found)
    first, last = found[:SHOWN_AT_EACH_END], found[-SHOWN_AT_EACH_END:]
    return Table(tuple(columns), first, f"… {between:,} {what} lie between …", last)


def _criteria(report: Report) -> Table:
    rows: list[list[Cell]] = []
    for row in report.criteria:
        word = criterion_word(row.status.value, aborts=row.abort_when_met)
        stale = " (not measured now)" if row.carried else ""
        rows.append(
            _row(
                one_line(row.id),
                role(row),
                criterion_rule(row),
                Cell(f"{word}{stale}", TONES.get(word, "")),
                Cell(f"{row.progress:.0%}", share=row.progress),
                evidence_text(row.evidence),
            )
        )
    return Table(("criterion", "role", "asks for", "status", "progress", "evidence"), rows)


def _budget(report: Report) -> Table:
    rows: list[list[Cell]] = []
    for kind, title in BUDGETS.items():
        spent, ceiling = report.used.of(kind), report.budget.of(kind)
        share = spent / ceiling if spent is not None and ceiling else None
        told = Cell("") if share is None else Cell(f"{share:.0%}", share=min(1.0, share))
        rows.append(_row(title, amount_text(kind, spent), amount_text(kind, ceiling), told))
    return Table(("budget", "used", "of", "share"), rows)


def _context(report: Report) -> Table:
    rows: list[list[Cell]] = []
    for row in report.context:
        often, last, shown = context_cells(row)
        rows.append(_row(one_line(row.tool), _short(row.args), often, last, shown))
    return Table(("tool", "arguments", "when", "last time", "result"), rows)


def _iterations(report: Report) -> Table:
    rows: list[list[Cell]] = []
    for row in report.iterations:
        met = sum(item.status == "met" for item in row.evaluation)
        rows.append(
            _row(
                str(row.index),
                one_line(proposer_text(row)),
                _short(iteration_summary(row.strategy)),
                _short(row.strategy.rationale) if row.strategy is not None else "",
                f"{row.verdict} ({row.reason})" if row.verdict else "open",
                f"{met} of {len(row.evaluation)} met" if row.evaluation else "",
            )
        )
    return _folded(("iteration", "by", "did", "why", "verdict", "criteria"), rows, "iterations")


def _left_out_text(report: Report) -> str:
    count = report.left_out.iterations
    return f"{count:,} iterations between them are in the record: `journeyman history --all`." if count else ""


def advice_table(report: Report) -> Table:
    """Each question to a model, with how it ended and what it cost."""
    rows = [
        _row(
            one_line(row.ask),
            one_line(row.purpose),
            one_line(f"{row.advisor} ({row.model})" if row.model else row.advisor),
            one_line(advice_ended(row)),
            advice_used(row),
        )
        for row in report.advice
    ]
    return _folded(("question", "for", "asked", "answer", "used"), rows, "questions")


def effects_table(effects: Sequence[EffectRow]) -> Table:
    """A row for each of these effects."""
    rows: list[list[Cell]] = []
    for row in effects:
        state = row.state + (f" (reconciled by {row.reconciled_by})" if row.reconciled_by else "")
        error = ": ".join(part for part in (row.error_class, row.error, row.note) if part)
        if row.probe is not None:
            error += f"; asked {row.probe.tool or 'nobody'}: {row.probe.error_class} {row.probe.error}"
        rows.append(
            _row(
                one_line(row.effect),
                one_line(row.tool),
                row.effect_class,
                one_line(state + (", left running" if row.left_running else "")),
                _short(row.args),
                one_line(error, 200),
            )
        )
    return _folded(("effect", "tool", "class", "state", "arguments", "error or note"), rows, "effects")


def _people(report: Report) -> Table:
    rows: list[list[Cell]] = []
    for row in report.people:
        verb, words = person_action(row)
        rows.append(_row(time_text(row.at), one_line(row.actor), verb, words or MISSING))
    return _folded(("when", "who", "did", "words"), rows, "actions")
