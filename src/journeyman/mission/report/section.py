"""What a section of a report is made of: sentences, and tables whose middle is left out where they are long."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from journeyman.mission.report.plain_text import one_line
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

    name: str
    """Stable, for those who show some sections in a form of their own."""
    title: str
    table: Table | None = None
    sentences: Sequence[str] = ()
    after: str = ""
    """What is to be said below."""
    commands: Sequence[str] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show."""
        return not self.sentences and (self.table is None or not self.table.rows)


def row_of(*cells: Cell | str) -> list[Cell]:
    """A row of a table; plain text stands in a cell without a tone."""
    return [cell if isinstance(cell, Cell) else Cell(cell) for cell in cells]


def short_cell(value: Json) -> str:
    """A value as arguments and reasons are shown in a table."""
    return one_line(value, _CELL)


def folded(columns: Sequence[str], rows: Iterable[list[Cell]], what: str) -> Table:
    """A table whose middle is left out where it is long."""
    found = list(rows)
    between = len(found) - 2 * SHOWN_AT_EACH_END
    if between <= 0:
        return Table(tuple(columns), found)
    first, last = found[:SHOWN_AT_EACH_END], found[-SHOWN_AT_EACH_END:]
    return Table(tuple(columns), first, f"… {between:,} {what} lie between …", last)


def without_empty_columns(table: Table) -> Table:
    """The table without columns that say nothing in any row, so that the others have room."""
    rows = [*table.rows, *table.last]
    kept = [at for at in range(len(table.columns)) if any(row[at].text or row[at].share is not None for row in rows)]
    return Table(
        tuple(table.columns[at] for at in kept),
        [[row[at] for at in kept] for row in table.rows],
        table.between,
        [[row[at] for at in kept] for row in table.last],
    )
