"""Who makes a request, and what of this process they reach: the one place that all interfaces of the server ask.

The API, MCP and the viewer call `resolve`: it gives the host, the caller and the missions of the caller's tenant, or
raises what becomes the response. Nothing of another tenant can be reached from what it gives.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends
from starlette.requests import HTTPConnection
from starlette.types import Scope

from journeyman.hosting.access import AccessScope, Caller
from journeyman.hosting.host import SessionHost
from journeyman.hosting.mission_sources import MissionSources
from journeyman.hosting.person_actions import SessionActions
from journeyman.hosting.tokens import AccessToken
from journeyman.interfaces.error_status import Refusal
from journeyman.interfaces.http.browser_sessions import SAFE_METHODS, cookie_name, is_from_own_page
from journeyman.interfaces.http.server_state import ServerState
from journeyman.mission.values.errors import JourneymanError

_log = logging.getLogger(__name__)
KEY: Final = "journeyman.access"
"""In the scope of each request, mounted ones too."""
_BEARER: Final = "bearer"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAccess:
    """What a request brought to be let in with."""

    server: ServerState
    token: AccessToken | None
    refusal: Refusal | None
    """Why it is not let in."""

    def required(self) -> AccessToken:
        """The token, which lets its caller in; raises what refuses the request."""
        if self.token is None:
            raise self.refusal or _no_token()
        return self.token


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """Somebody who was let in, and what they reach."""

    host: SessionHost
    caller: Caller
    sources: MissionSources
    token: AccessToken
    server: ServerState

    @property
    def is_still_admitted(self) -> bool:
        """Whether the token still holds: what lasts longer than a request looks again and again."""
        return self.server.tokens.is_usable(self.token, self.server.clock.now())

    @property
    def actions(self) -> SessionActions:
        """What the caller may do to sessions."""
        return SessionActions(self.host, self.caller)


async def resolve(request: HTTPConnection) -> Admitted:
    """Let a request in, or raise."""
    access: RequestAccess = request.scope[KEY]
    token = access.required()
    tenant = await access.server.tenants.get(token.tenant)
    return Admitted(host=tenant.host, caller=token.caller, sources=tenant.sources, token=token, server=access.server)


async def _reader(request: HTTPConnection) -> Admitted:
    """As `resolve`; the caller may see sessions."""
    admitted = await resolve(request)
    admitted.caller.require(AccessScope.READ)
    return admitted


Reader = Annotated[Admitted, Depends(_reader)]
"""Of a route that shows something."""
Actor = Annotated[Admitted, Depends(resolve)]
"""Of a route that does something: the operation asks for its scope."""


def access_of(server: ServerState, scope: Scope) -> RequestAccess:
    """What a request brought: a token in its header, or the cookie of a browser that came in with one."""
    try:
        return _looked_up(server, scope)
    except JourneymanError as error:  # its text has the path of a file, which is nobody's business outside
        _log.error("tokens cannot be read: %s", error)
        raise Refusal(
            503, "tokens_unreadable", "this server cannot read its tokens; its log says why", retry_after_s=30.0
        ) from None


def _looked_up(server: ServerState, scope: Scope) -> RequestAccess:
    connection = HTTPConnection(scope)
    now = server.clock.now()
    given = connection.headers.get("authorization", "")
    if given:
        kind, _, secret = given.partition(" ")
        found = server.tokens.find(secret.strip()) if kind.lower() == _BEARER else None
    else:
        found = server.browsers.token_of(connection.cookies.get(cookie_name(_port(scope)), ""), now)
        if found is None:
            return RequestAccess(server=server, token=None, refusal=_no_token())
        if scope["method"] not in SAFE_METHODS and not _comes_from_own_page(server, scope):
            return RequestAccess(server=server, token=None, refusal=_foreign_page())
    if found is None or not server.tokens.is_usable(found, now):
        return RequestAccess(server=server, token=None, refusal=_bad_token())
    return RequestAccess(server=server, token=found, refusal=None)


def _comes_from_own_page(server: ServerState, scope: Scope) -> bool:
    headers = HTTPConnection(scope).headers
    origin = headers.get("origin")
    own = None if origin is None else server.names.is_allowed(origin, headers.get("host", ""))
    return is_from_own_page(headers, own_origin=own)


def _port(scope: Scope) -> int | None:
    server: tuple[str, int | None] | None = scope.get("server")
    return server[1] if server else None


def sign_in_cookie(server: ServerState, scope: Scope, secret: str) -> str | None:
    """The value of `Set-Cookie` for a browser that brings a token in a link; `None` where the token lets nobody in."""
    token, now = server.tokens.find(secret), server.clock.now()
    if token is None or not server.tokens.is_usable(token, now):
        return None
    return server.browsers.cookie(token, now, cookie_name(_port(scope)))


def _no_token() -> Refusal:
    return Refusal(
        401,
        "token_missing",
        "this needs a token: send `Authorization: Bearer TOKEN`; `journeyman token new` makes one",
        challenge='Bearer realm="journeyman"',
    )


def _bad_token() -> Refusal:
    """The same for a token that never was, has expired or was revoked: a guess learns nothing."""
    return Refusal(
        401,
        "token_refused",
        "this token lets nobody in: it is unknown, expired or revoked; `journeyman token new` makes one",
        challenge='Bearer realm="journeyman", error="invalid_token"',
    )


def _foreign_page() -> Refusal:
    return Refusal(
        403, "foreign_page", "a browser's cookie changes nothing for pages of other sites; send a token in the header"
    )
