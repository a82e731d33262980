"""One session without a server of its own: on this machine alone, behind a link with a secret, until Ctrl-C."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from journeyman.engine.standing import row_of
from journeyman.hosting.access import AccessScope, Caller
from journeyman.hosting.host import SessionHost, hosted
from journeyman.interfaces.error_status import Refusal
from journeyman.interfaces.listening import listening
from journeyman.interfaces.session_endings import write_out
from journeyman.interfaces.viewer.addresses import of_session
from journeyman.interfaces.viewer.error_pages import error_page
from journeyman.interfaces.viewer.frame import HEADERS
from journeyman.interfaces.viewer.routes import viewer_routes
from journeyman.interfaces.viewer.visit import Visit
from journeyman.wiring import Journeyman

LOOPBACK: Final = "127.0.0.1"
_GRACE_S: Final = 1
"""Time that open streams have at the end."""


def single_session_app(host: SessionHost, session_id: str, person: str, secret: str, port: int) -> Starlette:
    """The application for one session; `person` is empty for those who only look."""
    scopes = {AccessScope.READ, AccessScope.RUN, AccessScope.PERSON} if person else {AccessScope.READ}
    tenant = host.journeyman.store.tenant
    caller = Caller(name=person or "reader", tenant=tenant, scopes=frozenset(scopes))
    visit = Visit(host=host, caller=caller, only=session_id)
    cookie = f"journeyman_view_{port}"  # cookies do not know ports: two viewers of one machine must not share theirs

    def knows(told: str) -> bool:
        return hmac.compare_digest(told.encode("utf-8", "replace"), secret.encode())

    async def resolve(request: Request) -> Visit:
        if not knows(request.cookies.get(cookie, "")):
            raise Refusal(403, "not_let_in", "open the link that `journeyman view` printed; it lets this browser in")
        return visit

    async def let_in(request: Request) -> Response:
        if not knows(request.query_params.get("key", "")):
            error = Refusal(
                403, "not_let_in", "this link is of another `journeyman view`; use the one that it printed last"
            )
            return error_page(error, None)
        response = RedirectResponse(of_session(session_id), 303, HEADERS)
        response.set_cookie(cookie, secret, httponly=True, samesite="strict", path="/")
        return response

    # Only under its own name is it answered: no page of another site can have its name point here and read along.
    named = Middleware(TrustedHostMiddleware, allowed_hosts=[LOOPBACK, "localhost"])
    return Starlette(routes=[Route("/open", let_in), *viewer_routes(resolve)], middleware=[named])


async def serve_session(
    journeyman: Journeyman, session_id: str, *, person: str, port: int, ready: Callable[[str], Awaitable[None]]
) -> None:
    """Show a session until the process is told to stop; `ready` is given the link once it works.

    Raises `Unavailable` where the port is taken.
    """
    await row_of(journeyman.store, session_id)
    secret = secrets.token_urlsafe(24)
    with listening(LOOPBACK, port) as listener:
        number = int(listener.getsockname()[1])
        async with hosted(journeyman, at_ending=write_out) as host:
            app = single_session_app(host, session_id, person, secret, number)
            # Streams that are open at the end are cut, which uvicorn calls an error; faults of pages have a log of their own.
            config = uvicorn.Config(
                app, log_level="critical", access_log=False, lifespan="off", timeout_graceful_shutdown=_GRACE_S
            )
            await ready(f"http://{LOOPBACK}:{number}/open?key={secret}")
            await uvicorn.Server(config).serve(sockets=[listener])
