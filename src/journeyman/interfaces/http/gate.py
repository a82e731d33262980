"""What each request passes before any route sees it, and each response on its way out."""

from __future__ import annotations

import logging
import math
import time
from typing import Final
from urllib.parse import parse_qsl, urlencode

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from journeyman.interfaces.error_status import Refusal
from journeyman.interfaces.http.admission import KEY, RequestAccess, access_of, sign_in_cookie
from journeyman.interfaces.http.browser_sessions import SAFE_METHODS
from journeyman.interfaces.http.problems import problem_response
from journeyman.interfaces.http.request_bodies import replaying
from journeyman.interfaces.http.server_state import API, MCP, METRICS, ServerState
from journeyman.mission.values.errors import BugError, JourneymanError

_log = logging.getLogger(__name__)
OPEN_PATHS: Final = frozenset({"/healthz", "/readyz"})
"""Answered to everybody, whatever is under way."""
_CLOSED: Final = (API, MCP, METRICS)
"""Where nothing at all is answered without a token; pages tell a browser how to get in."""
_STRANGERS_BODY_BYTES: Final = 64 * 1024
_HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "cache-control": "no-store",
}
"""Unless a route says otherwise."""


class Gate:
    """Checks names and limits, finds out who calls, and leaves one line of a log and one count for each request."""

    def __init__(self, app: ASGIApp, server: ServerState) -> None:
        self._app = app
        self._server = server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            await _Passage(self._app, self._server, scope, receive, send).answer()
        elif scope["type"] == "lifespan":
            await self._app(scope, receive, send)


class _Passage:
    """One request on its way in and out."""

    def __init__(self, app: ASGIApp, server: ServerState, scope: Scope, receive: Receive, send: Send) -> None:
        self._app = app
        self._server = server
        self._scope = scope
        self._receive = receive
        self._send_raw = send
        self._headers = Headers(scope=scope)
        self._access: RequestAccess | None = None
        self._status = 0
        self._code = ""
        self._began_s = time.perf_counter()
        self._answered_s = 0.0
        self._is_counted = False
        self._answer_due = anyio.CancelScope()

    async def answer(self) -> None:
        """Answer it, whatever happens."""
        try:
            await self._admit()
        except JourneymanError as error:
            await self._refuse(error)
        except Exception as error:  # noqa: BLE001  # the last place that can still answer
            _log.exception("a fault of Journeyman")
            await self._refuse(BugError(f"this is a fault of Journeyman, please report it: {type(error).__name__}"))
        finally:
            self._stop_counting()
            self._tell()

    async def _admit(self) -> None:
        scope, server = self._scope, self._server
        host = self._headers.get("host", "")
        server.names.check_host(host)
        if (origin := self._headers.get("origin")) is not None:
            server.names.check_origin(origin, host)
        if scope["path"] in OPEN_PATHS:
            await self._app(scope, self._receive, self._send)
            return
        self._access = access_of(server, scope)
        token = self._access.token
        server.counted.take(token.id if token is not None else "", self._address())
        if (response := self._signed_in()) is not None:
            await response(scope, self._receive, self._send)
            return
        if _is_below(scope["path"], _CLOSED):
            self._access.required()
        scope[KEY] = self._access
        server.counted.begin()
        self._is_counted = True
        receive = await self._with_body(_STRANGERS_BODY_BYTES if token is None else server.limits.body_bytes)
        self._answer_due.deadline = anyio.current_time() + server.limits.answer_timeout_s
        with self._answer_due:
            await self._app(scope, receive, self._send)
        if self._answer_due.cancelled_caught:
            limit = server.limits.answer_timeout_s
            raise Refusal(503, "answer_timeout", f"no answer within {limit:g} s; try again", retry_after_s=5.0)

    def _address(self) -> str:
        client: tuple[str, int] | None = self._scope.get("client")
        return client[0] if client else ""

    def _signed_in(self) -> Response | None:
        """For a browser that follows a link with a token: the same address without it, and a cookie in its place."""
        query = self._scope["query_string"]
        if self._scope["method"] != "GET" or b"token=" not in query or _is_below(self._scope["path"], _CLOSED):
            return None
        if self._headers.get("sec-fetch-site") in (
            "cross-site",
            "same-site",
        ):  # another site must not log a browser in as somebody
            raise Refusal(
                403, "foreign_page", "another site's page cannot let you in; put the link into the address bar"
            )
        given = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
        secret = next((value for name, value in given if name == "token"), "")
        rest = urlencode([(name, value) for name, value in given if name != "token"])
        # a path that begins with two slashes would name another host
        response = RedirectResponse(f"/{self._scope['path'].lstrip('/')}{'?' if rest else ''}{rest}", 303)
        cookie = sign_in_cookie(self._server, self._scope, secret)
        if cookie is None:
            raise Refusal(
                401, "token_refused", "this link lets nobody in any more; take the newest one that was printed"
            )
        response.headers["set-cookie"] = cookie
        return response

    async def _with_body(self, most: int) -> Receive:
        """The rest of the request, its body read: no route waits for one, or is sent more than the limit."""
        if self._scope["method"] in SAFE_METHODS:
            return self._receive
        declared = self._headers.get("content-length", "0")
        if not declared.isdigit() or int(declared) > most:
            raise _too_large(most)
        parts: list[bytes] = []
        limit_s = self._server.limits.body_timeout_s
        with anyio.move_on_after(limit_s) as waited:
            size, more = 0, True
            while more:
                message = await self._receive()
                if message["type"] == "http.disconnect":
                    raise Refusal(400, "body_missing", "the connection ended before the body had arrived")
                part = message.get("body", b"")
                size += len(part)
                if size > most:
                    raise _too_large(most)
                parts.append(part)
                more = message.get("more_body", False)
        if waited.cancelled_caught:
            raise Refusal(408, "body_timeout", f"the body did not arrive within {limit_s:g} s")
        return replaying(b"".join(parts), self._receive)

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._answered_s = time.perf_counter() - self._began_s
            self._answer_due.deadline = math.inf
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            if headers.get("content-type", "").startswith("text/event-stream"):
                self._stop_counting()  # streams have a limit of their own
        await self._send_raw(message)

    async def _refuse(self, error: JourneymanError) -> None:
        """Answer with an error, unless an answer has begun: then nothing is left but to break it off."""
        self._code = error.code
        if self._status:
            return
        if self._access is None or self._access.token is None:
            self._server.metrics.refusals.labels(error.code).inc()
        response = problem_response(error)
        if self._scope["method"] not in SAFE_METHODS:
            response.headers["connection"] = "close"  # what is left of its body is read by nobody
        await response(self._scope, self._receive, self._send)

    def _stop_counting(self) -> None:
        if self._is_counted:
            self._is_counted = False
            self._server.counted.finish()

    def _tell(self) -> None:
        """One line of the log: no query, header or name that could hold a secret."""
        pattern: str = getattr(self._scope.get("route"), "path", "") or "other"
        method, token = self._scope["method"], self._access.token if self._access is not None else None
        self._server.metrics.count(method, pattern, self._status, self._answered_s)
        who = token.id if token is not None else "-"
        took_ms = 1000 * (time.perf_counter() - self._began_s)
        path = self._scope["path"][:200].encode("unicode_escape").decode()
        _log.info(
            "%s %s %s %.1fms %s%s", method[:16], path, self._status, took_ms, who, f" {self._code}" * bool(self._code)
        )


def _is_below(path: str, places: tuple[str, ...]) -> bool:
    return any(path == place or path.startswith(f"{place}/") for place in places)


def _too_large(most: int) -> Refusal:
    return Refusal(413, "body_too_large", f"the body may have {most} bytes at most")
