"""Sessions as text: short summaries, tables, the report on a terminal."""

from __future__ import annotations

import io
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from journeyman.interfaces.cli.next_steps import standing_words
from journeyman.interfaces.cli.status_marks import mark_of
from journeyman.interfaces.cli.terminal import SafeConsole, out_stream, say
from journeyman.mission.criteria.base import walk
from journeyman.mission.criteria.evidence import CriterionStatus
from journeyman.mission.model.reasons import SessionStatus
from journeyman.mission.model.state import CriterionState, State
from journeyman.mission.report import section as report_section
from journeyman.mission.report.best import best_row, best_words
from journeyman.mission.report.criterion_text import SIGNS, criterion_word, seen_text
from journeyman.mission.report.document import Document, document
from journeyman.mission.report.model import Report
from journeyman.mission.values.canonical import Json
from journeyman.mission.values.printable import visible
from journeyman.stores.base import Summary

_PIPE_CELLS: Final = 1_000_000
_TONE_COLOURS: Final = {"good": "green", "bad": "red", "unsure": "magenta", "warn": "yellow"}


def console() -> Console:
    """The console for results; plain where it is no terminal, wide enough not to fold there."""
    stream = out_stream()
    out = SafeConsole(file=stream, markup=False, highlight=False, soft_wrap=False, emoji=False)
    return (
        out
        if out.is_terminal
        else SafeConsole(file=stream, markup=False, highlight=False, width=160, no_color=True, emoji=False)
    )


def print_table(made: Table) -> None:
    """Print a table; where no person reads it each row is one line, however long, and nothing is filled up behind it."""
    out = console()
    if out.is_terminal:
        out.print(made)
        return
    wide = SafeConsole(file=io.StringIO(), markup=False, highlight=False, width=_PIPE_CELLS, no_color=True, emoji=False)
    with wide.capture() as printed:
        wide.print(made)
    say("\n".join(row.rstrip() for row in printed.get().splitlines()))


def _verdict(state: State) -> str:
    return f"{state.verdict.label}/{state.verdict.reason}" if state.verdict is not None else ""


def summary_text(state: State, row: Summary) -> str:
    """How a session stands in a few plain lines; `row` is as the store lists it now."""
    ended = state.status is SessionStatus.ENDED
    head = f"{state.mission.name} ({state.session_id}): "
    head += f"{state.outcome} · {_verdict(state)}" if ended else standing_words(row)
    lines = [head]
    for criterion in walk(state.mission.criteria):
        known = state.progress.criteria.get(criterion.id)
        status = status_of(known)
        evidence = known.result.evidence if known is not None else "never evaluated"
        stale = "" if known is None or not known.result.carried else " (not measured now)"
        lines.append(f"  {mark_of(status, aborts=criterion.abort_when_met).sign} {criterion.id}: ")
        lines[-1] += f"{criterion_word(status.value, aborts=criterion.abort_when_met)}{stale} · {seen_text(evidence)}"
    if (best := best_row(state)) is not None:
        lines.append(f"  {best_words(best)}")
    used = state.usage
    lines.append(f"  {used.iterations} iterations, {used.tool_calls} tool calls, {used.wall_clock_s:.1f} s")
    return "\n".join(lines)


def status_of(known: CriterionState | None) -> CriterionStatus:
    """How a criterion stands; what nobody has judged yet is inconclusive."""
    return CriterionStatus.INCONCLUSIVE if known is None else known.status


def short(value: Json, most: int = 100) -> str:
    """A value on one line."""
    text = " ".join((value if isinstance(value, str) else repr(value)).split())
    return text if len(text) <= most else text[: most - 1] + "…"


def table(*columns: str) -> Table:
    """An empty table in the house form."""
    made = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


def report_page(report: Report, stands: str = "") -> RenderableType:
    """A report for the terminal."""
    return document_page(document(report, stands))


def document_page(found: Document) -> RenderableType:
    """A document for the terminal."""
    parts: list[RenderableType] = [_header(found)]
    for section in found.sections:
        parts.append(Text(f"\n{section.title}", style="bold"))
        if section.table is not None:
            parts.append(table_of(section.table))
        bullet = "" if section.commands else "• "
        parts += [Text(f"  {bullet}{row}") for row in section.sentences]
        parts += [Text(f"  {command}", style="dim") for command in section.commands]
        if section.after:
            parts.append(Text(f"  {section.after}", style="dim"))
    return Group(*parts)


def _header(found: Document) -> RenderableType:
    body = Text.assemble((found.outcome.text, f"bold {_TONE_COLOURS.get(found.outcome.tone, 'cyan')}"))
    if found.summary:
        body.append_text(Text.assemble("\n", (found.summary, "bold")))
    for name, value in found.facts:
        body.append_text(Text.assemble("\n", (f"{name}: ", "dim"), value))
    if found.directive:
        body.append(f"\n\n{visible(found.directive)}")
    return Panel(body, title=Text(found.name), title_align="left")


def table_of(found: report_section.Table) -> Table:
    """A report's table for the terminal."""
    made = table(*found.columns)
    for row in found.rows:
        made.add_row(*(_cell(cell) for cell in row))
    if found.last:
        made.add_row("…", found.between)
    for row in found.last:
        made.add_row(*(_cell(cell) for cell in row))
    return made


def _cell(cell: report_section.Cell) -> RenderableType:
    if cell.share is not None:
        bar = Table.grid(padding=(0, 1, 0, 0))
        bar.add_row(ProgressBar(total=1, completed=cell.share, width=12), cell.text)
        return bar
    mark = f"{SIGNS[cell.tone]} " if cell.tone in SIGNS else ""
    return Text(f"{mark}{cell.text}", style=_TONE_COLOURS.get(cell.tone, ""))
