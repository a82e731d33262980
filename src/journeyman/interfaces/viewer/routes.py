"""The addresses of the viewer: every page is resolved, made and framed the same way, and every error is a page."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from journeyman.engine.verification import check_record
from journeyman.hosting.access import AccessScope
from journeyman.interfaces.pages.html import html_report
from journeyman.interfaces.pages.report_files import report_and_standing
from journeyman.interfaces.viewer.addresses import of_session
from journeyman.interfaces.viewer.attempts import attempt_page
from journeyman.interfaces.viewer.compare_page import compare_page
from journeyman.interfaces.viewer.episode_page import episode_page
from journeyman.interfaces.viewer.error_pages import bug_page, error_page, not_found_page
from journeyman.interfaces.viewer.events_page import events_page
from journeyman.interfaces.viewer.forms import check_same_origin
from journeyman.interfaces.viewer.frame import HEADERS, Page, framed
from journeyman.interfaces.viewer.gym_pages import EpisodeReplays, gym_page
from journeyman.interfaces.viewer.live_streams import list_stream, session_stream
from journeyman.interfaces.viewer.missions_page import missions_page, start
from journeyman.interfaces.viewer.record_cache import RecordCache
from journeyman.interfaces.viewer.session_controls import act
from journeyman.interfaces.viewer.session_page import session_page
from journeyman.interfaces.viewer.sessions_page import sessions_page
from journeyman.interfaces.viewer.static_files import static_file
from journeyman.interfaces.viewer.verified_page import verified_page
from journeyman.interfaces.viewer.visit import Resolve, Visit
from journeyman.interfaces.viewer.waiting_page import waiting_page
from journeyman.mission.values.errors import JourneymanError

_log = logging.getLogger(__name__)
_Make: TypeAlias = Callable[[Request, Visit], Awaitable[Page | Response]]


def viewer_routes(resolve: Resolve) -> list[BaseRoute]:
    """The routes of the viewer, for an application at the root of its address.

    `resolve` finds out who asks; what it raises is shown as a page. The last route takes whatever no other one does.
    """
    cache, replays = RecordCache(), EpisodeReplays()

    async def sessions(request: Request, visit: Visit) -> Page | Response:
        if visit.only:
            return RedirectResponse(of_session(visit.only), 303, HEADERS)
        return await sessions_page(request, visit, cache)

    async def episode(request: Request, visit: Visit) -> Page | Response:
        return await episode_page(request, visit, replays)

    async def session(request: Request, visit: Visit) -> Page | Response:
        return await session_page(request, visit, cache)

    one = "/sessions/{session_id}"
    pages: list[tuple[str, _Make]] = [
        ("/", sessions),
        ("/stream", list_stream),
        (one, session),
        (f"{one}/stream", session_stream),
        (f"{one}/events", events_page),
        (f"{one}/report", _report),
        (f"{one}/attempts/{{number:int}}", attempt_page),
        ("/waiting", waiting_page),
        ("/compare", compare_page),
        ("/missions", missions_page),
        ("/gym", gym_page),
        ("/gym/episode", episode),
    ]
    forms: list[tuple[str, _Make]] = [(f"{one}/act", _act), (f"{one}/verify", _verify), ("/missions", _start)]
    return [
        Route("/viewer/{digest}/{name}", static_file),
        *(Route(path, _endpoint(resolve, make)) for path, make in pages),
        *(Route(path, _endpoint(resolve, make), methods=["POST"]) for path, make in forms),
        Route("/{path:path}", _endpoint(resolve, _nowhere)),
    ]


def _endpoint(resolve: Resolve, make: _Make) -> Callable[[Request], Awaitable[Response]]:
    async def answered(request: Request) -> Response:
        visit: Visit | None = None
        try:
            visit = await resolve(request)
            visit.caller.require(AccessScope.READ)
            found = await make(request, visit)
        except JourneymanError as error:
            return error_page(error, visit)
        except Exception:  # noqa: BLE001 — a visitor sees that, not what, and the log says it whole
            _log.exception("a page could not be made")
            return bug_page(visit)
        return framed(found, visit) if isinstance(found, Page) else found

    return answered


async def _nowhere(request: Request, visit: Visit) -> Response:
    return not_found_page(request.url.path, visit)


async def _report(request: Request, visit: Visit) -> Response:
    """The one-file report, under the policy that it carries itself."""
    session_id = str(request.path_params["session_id"])
    await visit.row(session_id)
    report, stands = await report_and_standing(visit.store, session_id)
    kept = {name: value for name, value in HEADERS.items() if name != "Content-Security-Policy"}
    return HTMLResponse(html_report(report, stands), headers=kept)


async def _act(request: Request, visit: Visit) -> Response:
    return RedirectResponse(await act(request, visit), 303, HEADERS)


async def _start(request: Request, visit: Visit) -> Response:
    return RedirectResponse(await start(request, visit), 303, HEADERS)


async def _verify(request: Request, visit: Visit) -> Page:
    check_same_origin(request)
    session_id = str(request.path_params["session_id"])
    row = await visit.row(session_id)
    return verified_page(row, await check_record(visit.store, session_id))
