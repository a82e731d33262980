"""The events of a session: the newest first to be seen, filtered by kind, text and iteration, a page at a time."""

from __future__ import annotations

import json
from typing import Final

from starlette.requests import Request

from journeyman.engine.event_search import MOST_SEARCHED, EventFilter, FoundEvents, find_events
from journeyman.engine.records import NumberedEvent
from journeyman.hosting.session_views import event_row
from journeyman.interfaces.pages.elements import none
from journeyman.interfaces.pages.markup import NOTHING, Html, tag, text
from journeyman.interfaces.viewer.addresses import of_session
from journeyman.interfaces.viewer.frame import Page, heading
from journeyman.interfaces.viewer.visit import Visit
from journeyman.mission.model.events import EVENT_TYPES
from journeyman.mission.model.reasons import SessionStatus
from journeyman.mission.report.plain_text import one_line
from journeyman.stores.base import Summary

_ROWS: Final = 100
_LONGEST: Final = 20_000
_MOST_TEXT: Final = 200


async def events_page(request: Request, visit: Visit) -> Page:
    """A page of events."""
    session_id = str(request.path_params["session_id"])
    row = await visit.row(session_id)
    query = request.query_params
    before, after = _number(query.get("before")), _number(query.get("after"))
    kind = query.get("kind", "")
    wanted = EventFilter(
        kind=kind if kind in EVENT_TYPES else "",
        text=query.get("q", "")[:_MOST_TEXT],
        iteration=_number(query.get("iteration")),
    )
    found = await find_events(visit.store, session_id, wanted, _ROWS, before_seq=before, after_seq=after)
    is_newest = found.newer_after is None
    listed = tag(
        "section",
        _search(session_id, wanted),
        _turning(session_id, wanted, found, "above"),
        tag("ol", *map(_item, found.rows), class_="rows events") if found.rows else _nothing(wanted, found),
        _turning(session_id, wanted, found, "below") if len(found.rows) > _ROWS // 4 else NOTHING,
        id="events",
        aria_label="Events",
    )
    above = f"Session {session_id}"
    intro = f"{row.seq:,} events, each sealed with the hash of the one before."
    back = tag("p", tag("a", text(f"Session {session_id}"), href=of_session(session_id)))
    live = is_newest and row.status != SessionStatus.ENDED.value
    return Page(
        title=f"Events of {one_line(row.name, 100)}",
        header=heading(one_line(row.name, 200), intro, above=above),
        parts=[tag("section", back, id="back", aria_label="Back"), listed],
        here=_here(visit, row),
        live=of_session(session_id, "stream", after=row.seq) if live else "",
    )


def _here(visit: Visit, row: Summary) -> str:
    return of_session(row.session_id, "events") if visit.only else "/"


def _search(session_id: str, wanted: EventFilter) -> Html:
    kinds = [tag("option", text("every kind"), value="")]
    kinds += [
        tag("option", text(name), value=name, selected="" if name == wanted.kind else None)
        for name in sorted(EVENT_TYPES)
    ]
    number = "" if wanted.iteration is None else str(wanted.iteration)
    return tag(
        "form",
        tag("label", text("Text"), for_="q"),
        tag("input", type="search", name="q", id="q", value=wanted.text, autocomplete="off", spellcheck="false",
            placeholder="anything in an event"),
        tag("label", text("Kind"), for_="kind"),
        tag("select", *kinds, name="kind", id="kind"),
        tag("label", text("Iteration"), for_="iteration"),
        tag("input", type="number", name="iteration", id="iteration", value=number, min="0", class_="short"),
        tag("button", text("Search"), type="submit"),
        method="get", action=of_session(session_id, "events"), role="search", class_="search", data_filter="",
    )  # fmt: skip


def _turning(session_id: str, wanted: EventFilter, found: FoundEvents, place: str) -> Html:
    def link(words: str, shown: bool, **cursor: int | None) -> Html:  # noqa: FBT001  # four calls, all below
        if not shown:
            return tag("span", text(words), class_="button off", aria_disabled="true")
        where = of_session(session_id, "events", q=wanted.text, kind=wanted.kind, iteration=wanted.iteration, **cursor)
        return tag("a", text(words), href=where, class_="button")

    rows = found.rows
    told = f"{rows[0].seq:,} to {rows[-1].seq:,}" if rows else "none"
    return tag(
        "nav",
        link("First", found.older_before is not None, after=0),
        link("Older", found.older_before is not None, before=found.older_before),
        tag("span", text(told)),
        link("Newer", found.newer_after is not None, after=found.newer_after),
        link("Newest", found.newer_after is not None),
        class_="pager",
        aria_label=f"Pages of events, {place}",
    )


def _item(item: NumberedEvent) -> Html:
    row = event_row(item)
    words = row.words or ", ".join(f"{name} {one_line(value, 120)}" for name, value in row.data.items())
    summary = tag(
        "summary",
        tag("span", text(f"{row.seq:,}"), class_="number"),
        tag("span", text(row.kind), class_="kind"),
        tag("span", text(one_line(words, 400)), class_="title mono"),
        tag("span", text(f"#{row.iteration} · {row.at[11:19]}"), class_="quiet"),
    )
    whole = json.dumps(row.data, indent=1, ensure_ascii=False)
    if len(whole) > _LONGEST:
        whole = f"{whole[:_LONGEST]}… [{len(whole) - _LONGEST:,} more characters in the record]"
    head = tag("p", text(f"{row.at} by {row.actor}"), class_="quiet")
    body = tag("div", head, tag("pre", text(whole), tabindex="0", aria_label=f"Event {row.seq}"), class_="body")
    return tag("li", tag("details", summary, body, id=f"event-{row.seq}"))


def _nothing(wanted: EventFilter, found: FoundEvents) -> Html:
    if wanted.is_empty:
        return none("There are none here.")
    if found.older_before is not None:
        return none(f"None of the {MOST_SEARCHED:,} events that were searched fits; `Older` searches on.")
    return none("No event fits. Ask for less, or take another kind.")


def _number(told: str | None) -> int | None:
    return int(told) if told and told.isascii() and told.isdigit() and len(told) < 16 else None
