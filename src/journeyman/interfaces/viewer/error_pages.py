"""Errors as pages that say what happened and what to do."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from journeyman.interfaces.pages.markup import joined, tag, text
from journeyman.interfaces.viewer.frame import Page, framed, heading
from journeyman.interfaces.viewer.visit import Visit
from journeyman.mission.values.errors import BugError, CallerError, JourneymanError, NotAllowed, NotFound, WorldError

_STATUS: Final = ((NotFound, 404), (NotAllowed, 403), (CallerError, 400), (WorldError, 503), (BugError, 500))
_TITLES: Final = {404: "Not here", 403: "Not allowed", 400: "That cannot be done", 503: "Not now", 500: "Broken"}
_NEXT: Final = {
    404: "The address may be mistyped, or the session removed. All sessions are listed on the first page.",
    403: "Ask whoever gave you access for more, or go back and choose something else.",
    400: "Go back, change what is wrong, and send it again.",
    503: "Wait a moment, then load this page again.",
    500: "Load the page again; if it stays, run `journeyman doctor` and `journeyman verify` on the machine, and report it.",
}


def error_page(error: JourneymanError, visit: Visit | None) -> Response:
    """The page of one of our errors."""
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), 500)
    response = _page(status, str(error), error.code, visit)
    if error.retry_after_s is not None:
        response.headers["Retry-After"] = str(max(1, round(error.retry_after_s)))
    return response


def not_found_page(what: str, visit: Visit | None) -> Response:
    """The page of an address that leads nowhere."""
    return _page(404, f"there is nothing at {what!r}", "not_found", visit)


def bug_page(visit: Visit | None) -> Response:
    """The page of a fault of ours; what it is stands in the log alone."""
    return _page(500, "this page could not be made; the log of the server says why", "bug", visit)


def _page(status: int, words: str, code: str, visit: Visit | None) -> Response:
    parts = [
        tag("pre", text(words), class_="card words", tabindex="0", aria_label="What happened"),
        tag("p", text(_NEXT[status])),
        tag("p", tag("a", text("To the first page"), href="/"), text(" · "), tag("code", text(code))),
    ]
    page = Page(
        title=_TITLES[status],
        header=heading(_TITLES[status], above=f"Error {status}"),
        parts=[tag("section", joined(parts), id="error", aria_label="Error")],
        status=status,
    )
    return framed(page, visit)
