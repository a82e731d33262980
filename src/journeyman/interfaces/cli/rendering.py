"""Sessions as text: short summaries, tables, the report on a terminal."""

from __future__ import annotations

from typing import Final

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from journeyman.interfaces.cli.terminal import SafeConsole
from journeyman.mission.criteria.base import walk
from journeyman.mission.model.reasons import SessionStatus
from journeyman.mission.model.state import State
from journeyman.mission.report import section as report_section
from journeyman.mission.report.document import Document, document
from journeyman.mission.report.model import Report
from journeyman.mission.report.phrases import criterion_word
from journeyman.mission.values.canonical import Json
from journeyman.mission.values.printable import visible

MARKS: Final = {"met": "✓", "unmet": "✗", "inconclusive": "?"}
_TURNED: Final = {"met": "unmet", "unmet": "met", "inconclusive": "inconclusive"}
_TONE_COLOURS: Final = {"good": "green", "bad": "red", "unsure": "magenta"}
_TONE_MARKS: Final = {"good": "✓", "bad": "✗", "unsure": "?"}


def console() -> Console:
    """The console for results; plain where it is no terminal, wide enough not to fold there."""
    out = SafeConsole(highlight=False, soft_wrap=False, emoji=False)
    return out if out.is_terminal else SafeConsole(highlight=False, width=160, no_color=True, emoji=False)


def status_mark(status: str, *, aborts: bool) -> str:
    """The sign of how a criterion stands; an abort condition is well as long as it is not met."""
    return MARKS[_TURNED[status] if aborts else status]


def _verdict(state: State) -> str:
    return f"{state.verdict.label}/{state.verdict.reason}" if state.verdict is not None else ""


def summary_text(state: State) -> str:
    """How a session stands in a few plain lines."""
    ended = state.status is SessionStatus.ENDED
    head = f"{state.mission.name} ({state.session_id}): "
    head += f"{state.outcome} · {_verdict(state)}" if ended else f"{state.status.value}"
    lines = [head]
    for criterion in walk(state.mission.criteria):
        known = state.progress.criteria.get(criterion.id)
        status = known.status.value if known is not None else "inconclusive"
        evidence = known.result.evidence if known is not None else "never evaluated"
        stale = "" if known is None or not known.result.carried else " (not measured now)"
        lines.append(f"  {status_mark(status, aborts=criterion.abort_when_met)} {criterion.id}: ")
        lines[-1] += f"{criterion_word(status, aborts=criterion.abort_when_met)}{stale} · {short(evidence)}"
    used = state.usage
    lines.append(f"  {used.iterations} iterations, {used.tool_calls} tool calls, {used.wall_clock_s:.1f} s")
    return "\n".join(lines)


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


def report_page(report: Report) -> RenderableType:
    """A report for the terminal."""
    found = document(report)
    parts: list[RenderableType] = [_header(found, report.session_id)]
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


def _header(found: Document, session: str) -> RenderableType:
    body = Text.assemble((found.outcome.text, f"bold {_TONE_COLOURS.get(found.outcome.tone, 'cyan')}"))
    for name, value in found.facts:
        body.append_text(Text.assemble("\n", (f"{name}: ", "dim"), value))
    body.append(f"\n\n{visible(found.directive)}")
    return Panel(body, title=Text(f"{found.name} · {session}"), title_align="left")


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
    mark = f"{_TONE_MARKS[cell.tone]} " if cell.tone else ""
    return Text(f"{mark}{cell.text}", style=_TONE_COLOURS.get(cell.tone, ""))
