"""Errors as pages that say what happened and what to do."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from journeyman.interfaces.error_status import status_of
from journeyman.interfaces.pages.markup import joined, tag, text
from journeyman.interfaces.viewer.frame import Page, framed, heading
from journeyman.interfaces.viewer.visit import Visit
from journeyman.mission.values.errors import JourneymanError

_TITLES: Final = {
    401: "Nobody let you in yet", 403: "Not allowed", 404: "Not here", 409: "Not as it stands", 500: "Broken", 503: "Not now",
}  # fmt: skip
_OTHER: Final = "That cannot be done"
_CHANGE: Final = "Go back, change what is wrong, and send it again."
_NEXT: Final = {
    401: "Open the link that `journeyman serve` printed when it started, or one with a token of yours: /?token=TOKEN.",
    404: "The address may be mistyped, or the session removed. All sessions are listed on the first page.",
    403: "Ask whoever gave you access for more, or go back and choose something else.",
    409: "Look at the session again: it may have gone on, or ended, since this page was made.",
    503: "Wait a moment, then load this page again.",
    500: "Load the page again; if it stays, run `journeyman doctor` and `journeyman verify` on the machine, and report it.",
}


def error_page(error: JourneymanError, visit: Visit | None) -> Response:
    """The page of one of our errors."""
    response = _page(status_of(error), str(error), error.code, visit)
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
    title = _TITLES.get(status, _OTHER)
    parts = [
        tag("pre", text(words), class_="card words", tabindex="0", aria_label="What happened"),
        tag("p", text(_NEXT.get(status, _CHANGE))),
        tag("p", tag("a", text("To the first page"), href="/"), text(" · "), tag("code", text(code))),
    ]
    page = Page(
        title=title,
        header=heading(title, above=f"Error {status}"),
        parts=[tag("section", joined(parts), id="error", aria_label="Error")],
        status=status,
    )
    return framed(page, visit)
