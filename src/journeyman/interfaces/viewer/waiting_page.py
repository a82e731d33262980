"""Everything that waits for a person, in one place, answered there."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from journeyman.engine.record_reading import state_of
from journeyman.engine.standing import Standing, standing_of
from journeyman.interfaces.pages.elements import none, pill
from journeyman.interfaces.pages.markup import Html, tag, text
from journeyman.interfaces.viewer.addresses import address, of_session
from journeyman.interfaces.viewer.frame import Page, heading
from journeyman.interfaces.viewer.pager import paged, pager
from journeyman.interfaces.viewer.questions import questions
from journeyman.interfaces.viewer.session_controls import WAITING
from journeyman.interfaces.viewer.visit import Visit
from journeyman.mission.model.reasons import WaitFor
from journeyman.mission.report.plain_text import one_line, time_text
from journeyman.mission.values.errors import RecordBroken
from journeyman.stores.base import Summary

_ROWS: Final = 20


async def waiting_page(request: Request, visit: Visit) -> Page:
    """The sessions that wait, longest first, each with what it asks."""
    rows = [row for row in await visit.rows() if standing_of(row) is Standing.WAITING]
    rows.sort(key=lambda row: row.updated_at)
    chosen = paged(rows, request.query_params.get("page", ""), _ROWS)
    parts = [part for row in chosen.rows for part in await _asked(visit, row)]
    if not parts:
        parts = [tag("section", none("Nothing waits for a person."), id="none", aria_label="Waiting")]
    pages = tag("section", pager(chosen, "questions", lambda page: address(WAITING, page=page)), id="pages",
                aria_label="More") if chosen.pages > 1 else None  # fmt: skip
    count = f"{len(rows):,} session{' waits' if len(rows) == 1 else 's wait'} for a person"
    return Page(
        title=f"Waiting ({len(rows):,})" if rows else "Waiting",
        header=heading("Waiting for a person", count if rows else "", above=f"Tenant {visit.caller.tenant}"),
        parts=[*parts, *([pages] if pages is not None else [])],
        here=address(WAITING),
        live=await _stream(visit),
    )


async def _stream(visit: Visit) -> str:
    if not visit.only:
        return address("stream")
    return of_session(visit.only, "stream", after=(await visit.row(visit.only)).seq)


async def _asked(visit: Visit, row: Summary) -> list[Html]:
    link = tag("a", text(one_line(row.name, 100)), href=of_session(row.session_id), class_="session-name")
    told = tag("span", text(f"{row.session_id}, since {time_text(row.updated_at)}"), class_="quiet")
    head = tag("section", link, text(" "), told, id=f"session-{row.session_id}", aria_label=f"Session {row.session_id}",
               class_="asking")  # fmt: skip
    try:
        state = await state_of(visit.store, row.session_id)
    except RecordBroken as error:
        return [head, tag("section", pill("record damaged", "bad"), text(f" {one_line(str(error))}"),
                id=f"damaged-{row.session_id}", aria_label="Damage")]  # fmt: skip
    found = questions(visit, state, WAITING)
    if not found and state.people.wait is WaitFor.BUDGET:
        found = [_budget(row)]
    return [head, *found] if found else []  # answered a moment ago


def _budget(row: Summary) -> Html:
    words = "A budget is used up. Give it more, or end it: "
    link = tag("a", text(f"act on {row.session_id}"), href=of_session(row.session_id) + "#act")
    head = tag("div", pill("waiting for a person", "warn"), tag("h2", text("It asks for more budget")), class_="now")
    return tag("section", head, tag("p", text(words), link), id=f"budget-{row.session_id}", class_="card asked",
               aria_label=f"Budget of {row.session_id}")  # fmt: skip
