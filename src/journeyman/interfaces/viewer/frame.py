"""The frame of every page: places to go, the page's own parts, the policy under which browsers show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.responses import HTMLResponse

from journeyman.hosting.access import AccessScope
from journeyman.interfaces.pages.markup import NOTHING, Html, joined, tag, text
from journeyman.interfaces.viewer.addresses import address, of_session
from journeyman.interfaces.viewer.static_files import SCRIPT, STYLE
from journeyman.interfaces.viewer.visit import Visit

HEADERS: Final = {
    # Texts of agents and tools are escaped; were one not, it could still neither run, load, post nor frame anything.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page without its frame."""

    title: str
    header: Html
    parts: Sequence[Html]
    """Sections, each with an id: a live page replaces those that changed."""
    places: Html = NOTHING
    """Links to its sections."""
    here: str = ""
    """The place of the navigation that it belongs to."""
    live: str = ""
    """Where its changes are streamed from; empty for a page that does not change."""
    status: int = 200


def heading(title: str, intro: str = "", above: str = "") -> Html:
    """The header of a page that is about no single record."""
    return tag(
        "header",
        tag("p", text(above), class_="eyebrow") if above else NOTHING,
        tag("h1", text(title)),
        tag("p", text(intro), class_="intro") if intro else NOTHING,
    )


def section(name: str, title: str, *content: Html) -> Html:
    """A part of a page under a heading of its own."""
    return tag(
        "section", tag("h2", text(title), id=f"{name}-title"), *content, id=name, aria_labelledby=f"{name}-title"
    )


def framed(page: Page, visit: Visit | None) -> HTMLResponse:
    """The whole answer; `visit` is `None` where nobody was let in."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", text(f"{page.title} · Journeyman")),
        tag("link", rel="icon", href="data:,"),
        tag("link", rel="stylesheet", href=STYLE.address),
        tag("script", src=SCRIPT.address, defer=""),
    )
    body = tag(
        "body",
        tag("a", text("Skip to the content"), href="#content", class_="skip"),
        _top(page, visit),
        page.header,
        page.places,
        tag("main", joined(page.parts), id="content", tabindex="-1"),
        tag("p", id="live-status", class_="live-status", role="status"),
        data_live=page.live or None,
    )
    return HTMLResponse(f'<!doctype html>\n<html lang="en">\n{head}\n{body}\n</html>\n', page.status, HEADERS)


def _top(page: Page, visit: Visit | None) -> Html:
    mark = tag("svg", tag("path", d="M4 19V5l8 8 8-8v14", fill="none", stroke="currentColor", stroke_width="2.5",
               stroke_linecap="round", stroke_linejoin="round"), viewBox="0 0 24 24", class_="icon", aria_hidden="true")  # fmt: skip
    links = [
        tag(
            "li",
            tag("a", text(name), href=where, aria_current="page" if where == page.here else None),
        )
        for name, where in _places(visit)
    ]
    who = tag("span", text(visit.caller.name), class_="who", title="Who you are here") if visit is not None else NOTHING
    brand = tag("a", mark, tag("span", text("Journeyman")), href="/", class_="brand")
    return tag("nav", brand, tag("ul", *links), who, class_="top", aria_label="Journeyman")


def _places(visit: Visit | None) -> list[tuple[str, str]]:
    if visit is None:
        return []
    if visit.only:
        return [
            ("Session", of_session(visit.only)),
            ("Events", of_session(visit.only, "events")),
            ("Waiting", address("waiting")),
        ]
    places = [("Sessions", "/"), ("Waiting", address("waiting")), ("Compare", address("compare"))]
    if visit.missions is not None and visit.may(AccessScope.RUN):
        places.append(("Start", address("missions")))
    return [*places, ("Gym", address("gym"))] if visit.episodes is not None else places
