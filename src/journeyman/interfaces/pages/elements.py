"""What pages are put together from: statuses, bars, tables, lists of terms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from journeyman.interfaces.pages.markup import NOTHING, Html, joined, tag, text
from journeyman.mission.report.section import Cell, Table

_ICONS: Final[dict[str, str]] = {
    "good": "M4 12.5l5.5 5.5L20 7",
    "bad": "M6 6l12 12M18 6L6 18",
    "unsure": "M7.5 8.5a4.5 4.5 0 1 1 6.4 4.1c-1.3.6-1.9 1.3-1.9 2.9M12 20.4v.1",
    "going": "M5 12h14M13 6l6 6-6 6",
    "warn": "M12 5v9M12 18.4v.1",
}


def pill(word: str, tone: str) -> Html:
    """A status as icon, colour and word."""
    return tag("span", icon(tone) if tone in _ICONS else NOTHING, text(word.replace("_", " ")), class_=f"pill {tone}")


def icon(tone: str) -> Html:
    """A sign beside a word that says the same."""
    path = tag("path", d=_ICONS[tone], fill="none", stroke="currentColor", stroke_width="2.5",
               stroke_linecap="round", stroke_linejoin="round")  # fmt: skip
    return tag("svg", path, viewBox="0 0 24 24", class_="icon", aria_hidden="true")


def bar(share: float, label: str, tone: str) -> Html:
    """A share, 0..1, as a bar with its number."""
    percent = "<1%" if 0 < share < 0.01 else ">99%" if 0.99 < share < 1 else f"{share:.0%}"
    fill = tag("span", style=f"width:{share * 100:.1f}%")
    return tag(
        "span",
        tag("span", fill, class_="track", role="progressbar", aria_label=label, aria_valuemin="0",
            aria_valuemax="100", aria_valuenow=str(round(share * 100)), aria_valuetext=percent),
        tag("span", text(percent), class_="percent", aria_hidden="true"),
        class_=f"bar {tone}",
    )  # fmt: skip


_COPIED: Final = {"Session": "the session's id", "Head": "the head hash"}
"""Facts that readers take elsewhere, as the button beside them names them."""


def terms(rows: Iterable[tuple[str, str]]) -> list[Html]:
    """Names and values, for a `dl`."""
    return [
        tag("div", tag("dt", text(name)), tag("dd", tag("span", text(value), data_copy=_COPIED.get(name))))
        for name, value in rows
    ]


def table(caption: str, columns: Sequence[str], rows: Sequence[Sequence[Html]], kind: str) -> Html:
    """A table that narrow screens lay out as cards."""
    # The roles keep the table a table for screen readers where a narrow screen lays its rows out as cards.
    head = tag("tr", *(tag("th", text(name), scope="col", role="columnheader") for name in columns), role="row")
    body = [
        tag("tr", *(tag("td", cell, role="cell", data_label=columns[at]) for at, cell in enumerate(row)), role="row")
        for row in rows
    ]
    return tag(
        "table",
        tag("caption", text(caption)),
        tag("thead", head, role="rowgroup"),
        tag("tbody", *body, role="rowgroup"),
        class_=kind,
        role="table",
    )


def none(words_: str) -> Html:
    """Said where there is nothing to show."""
    return tag("p", text(words_), class_="none")


def plain_table(caption: str, found: Table) -> Html:
    """A table of a document as it is."""
    rows = [[_plain_cell(cell) for cell in row] for row in (*found.rows, *found.last)]
    more = tag("p", text(found.between), class_="left-out") if found.between else NOTHING
    return joined([table(caption, [name[:1].upper() + name[1:] for name in found.columns], rows, "plain"), more])


def _plain_cell(cell: Cell) -> Html:
    return tag("span", text(cell.text), class_=f"evidence toned {cell.tone}" if cell.tone else "evidence")
