"""Two sessions beside each other, from the first event at which they differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.requests import Request

from journeyman.engine.comparing import comparison_of
from journeyman.interfaces.pages.elements import none
from journeyman.interfaces.pages.markup import Html, tag, text
from journeyman.interfaces.pages.sections import document_header, plain_section
from journeyman.interfaces.viewer.addresses import address, of_session
from journeyman.interfaces.viewer.frame import Page, heading
from journeyman.interfaces.viewer.visit import Visit
from journeyman.mission.report.comparison import FirstDifference
from journeyman.mission.report.comparison_document import comparison_document
from journeyman.mission.report.plain_text import one_line
from journeyman.stores.base import Summary

_OFFERED: Final = 200
_BESIDE: Final = 20
"""Events that are shown around the difference."""


async def compare_page(request: Request, visit: Visit) -> Page:
    """The form, and the comparison of the two that it names."""
    left, right = (request.query_params.get(name, "").strip() for name in ("left", "right"))
    form = tag("section", _form(await visit.rows(), left, right), id="choose", aria_label="Choose two sessions")
    here = address("compare")
    if not left or not right:
        words = none("Choose two sessions: of one mission, or one and its fork, so that there is something to be seen.")
        return Page(title="Compare", header=heading("Compare two sessions"), parts=[form, words], here=here)
    for name in (left, right):
        await visit.row(name)
    found = await comparison_of(visit.store, left, right)
    document = comparison_document(found)
    parts = [form, *map(plain_section, document.sections)]
    if found.difference is not None:
        parts.insert(2, _links(found.difference, left, right))
    return Page(
        title=f"{left} against {right}", header=document_header(document, "Two sessions"), parts=parts, here=here
    )


def _form(rows: Sequence[Summary], left: str, right: str) -> Html:
    offered = [
        tag("option", text(one_line(f"{row.name}: {row.outcome or row.status}", 80)), value=row.session_id)
        for row in rows[:_OFFERED]
    ]
    fields = [part for name, value in (("left", left), ("right", right)) for part in _choice(name, value)]
    return tag("form", *fields, tag("button", text("Compare"), type="submit"),
               tag("datalist", *offered, id="sessions-known"), method="get", action=address("compare"), class_="search",
               aria_label="Choose two sessions")  # fmt: skip


def _choice(name: str, value: str) -> tuple[Html, Html]:
    return (
        tag("label", text("Session" if name == "left" else "against"), for_=name),
        tag("input", name=name, id=name, value=value, list="sessions-known", autocomplete="off", spellcheck="false",
            placeholder="session id"),
    )  # fmt: skip


def _links(at: FirstDifference, left: str, right: str) -> Html:
    """To the events around the difference, in both records."""
    links = [
        tag("li", tag("a", text(f"event {seq:,} of {name}"), href=_around(name, seq)))
        for name, seq in ((left, at.left_seq), (right, at.right_seq))
        if seq is not None
    ]
    return tag("section", tag("ul", *links, class_="card"), id="events-there", aria_label="The events there")


def _around(name: str, seq: int) -> str:
    return of_session(name, "events", after=max(0, seq - _BESIDE)) + f"#event-{seq}"
