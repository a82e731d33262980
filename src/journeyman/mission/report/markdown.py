"""The report as Markdown: readable as plain text and on a forge, safe against what tools wrote into it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from journeyman.mission.report.document import Document, document
from journeyman.mission.report.model import Report
from journeyman.mission.report.plain_text import MISSING, one_line
from journeyman.mission.report.section import Cell, Section, Table
from journeyman.mission.values.canonical import Json
from journeyman.mission.values.printable import visible

_JOINER: Final = "\N{WORD JOINER}"
_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", "|": "&#124;"}
_SPECIAL: Final = re.compile(r"[&<|]|[\\`*\[\]~$]|(?<![^\W_])_|_(?![^\W_])")
_LINKS: Final = re.compile(r"(?<=:)(?=//)|(?<=\bwww)(?=\.)|(?<=@)", re.IGNORECASE)
"""Where forges see links, addresses and mentions in plain text."""
_BLOCK_START: Final = re.compile(r"^(\d{1,9})(?=[.)])|^(?=[-+=#:>])")
_LINE: Final = 10_000


def markdown_report(report: Report, stands: str = "") -> str:
    """The report as Markdown (GitHub's flavour, also readable as plain text); the same report gives the same text."""
    return markdown_document(document(report, stands))


def markdown_document(found: Document) -> str:
    """A document as Markdown."""
    parts = [
        _header(found),
        *([_quote(found.directive)] if found.directive else []),
        *(section_markdown(section) for section in found.sections),
    ]
    return "\n\n".join(parts) + "\n"


def escaped(value: Json, most: int = 300) -> str:
    """A value as one line of Markdown text that is shown as it stands: no markup, HTML, link or table border."""
    text = _SPECIAL.sub(lambda found: _ENTITIES.get(found[0], "\\" + found[0]), one_line(value, most))
    text = _LINKS.sub(_JOINER, text)
    return _BLOCK_START.sub(lambda found: f"{found[1]}\\" if found[1] else "\\", text)


def _header(found: Document) -> str:
    lines = [f"# {escaped(found.name, _LINE)}: {escaped(found.outcome.text)}", ""]
    lines += [f"**{escaped(found.summary, _LINE)}**", ""] if found.summary else []
    lines += [f"- **{name}:** {escaped(value, _LINE)}" for name, value in found.facts]
    return "\n".join(lines)


def _quote(text: str) -> str:
    return "\n".join(f"> {escaped(line, _LINE)}".rstrip() for line in visible(text).split("\n"))


def section_markdown(section: Section, level: int = 2) -> str:
    """A section under a heading of a level."""
    return f"{'#' * level} {escaped(section.title)}\n\n{section_body(section)}"


def section_body(section: Section) -> str:
    """What stands under a section's heading."""
    parts: list[str] = []
    if section.table is not None:
        parts.append(_whole(section.table))
    if section.commands:
        parts += [escaped(row, _LINE) for row in section.sentences]
        parts += ["Check it:", "\n".join(f"    {command}" for command in section.commands)]
    elif section.sentences:
        parts.append("\n".join(f"- {escaped(row, _LINE)}" for row in section.sentences))
    if section.after:
        parts.append(section.after)
    return "\n\n".join(parts)


def _whole(table: Table) -> str:
    first = _rows(table.columns, table.rows)
    return f"{first}\n\n{table.between}\n\n{_rows(table.columns, table.last)}" if table.last else first


def _rows(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    lines = [f"| {' | '.join(columns)} |", f"|{'|'.join(' --- ' for _ in columns)}|"]
    lines += [f"| {' | '.join(escaped(cell.text, _LINE) or MISSING for cell in row)} |" for row in rows]
    return "\n".join(lines)
