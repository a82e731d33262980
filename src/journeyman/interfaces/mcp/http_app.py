"""Serves any number of clients over streamable HTTP, as an ASGI application that a server mounts behind its own doors."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, TypeAlias, cast

import anyio
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.lowlevel.server import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.types import Receive, Scope, Send

from journeyman.interfaces.mcp.access import McpAccess, RequestContext
from journeyman.interfaces.mcp.server import MissionServer

Resolve: TypeAlias = Callable[[Scope], Awaitable[McpAccess]]
"""Finds what a request reaches, told its ASGI scope. Whoever mounts the application has let the request in by then."""
LOOPBACK_HOSTS: Final = ("127.0.0.1:*", "localhost:*", "[::1]:*")
LOOPBACK_ORIGINS: Final = ("http://127.0.0.1:*", "http://localhost:*", "http://[::1]:*")
_LOOK_S: Final = 1.0
"""How often is looked whether a caller may still be answered."""
_KEY: Final = "journeyman.mcp_access"


class McpEndpoint:
    """The application; requests are answered inside `running`."""

    def __init__(
        self,
        resolve: Resolve,
        *,
        allowed_hosts: Sequence[str] | None = LOOPBACK_HOSTS,
        allowed_origins: Sequence[str] = LOOPBACK_ORIGINS,
        server: Server[Any] | None = None,
    ) -> None:
        """Make one.

        Args:
            resolve: Called once for each request.
            allowed_hosts: What `Host` may say, `name:*` for any port; others are refused, which keeps pages of foreign sites out.
                `None` where whoever mounts it looks at names.
            allowed_origins: What `Origin` may say where a browser sends one.
            server: Served in place of the missions: for tests of the transport.
        """
        self._resolve = resolve
        self._sessions = StreamableHTTPSessionManager(
            app=server or MissionServer(access_of_request).build(),
            security_settings=TransportSecuritySettings(
                enable_dns_rebinding_protection=allowed_hosts is not None,
                allowed_hosts=[*(allowed_hosts or ())],
                allowed_origins=[*allowed_origins],
            ),
        )

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Answer requests meanwhile; once in the life of an application."""
        async with self._sessions.run():
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        access = await self._resolve(scope)
        # The SDK binds a connection's id to its user, so that nobody can go on with somebody else's.
        token = AccessToken(token="", client_id=access.caller.tenant, subject=access.caller.name, scopes=[])
        scope = {**scope, _KEY: access, "user": AuthenticatedUser(token)}
        async with anyio.create_task_group() as group:
            group.start_soon(_end_when_over, access, group.cancel_scope)
            await self._sessions.handle_request(scope, receive, send)
            group.cancel_scope.cancel()


async def _end_when_over(access: McpAccess, request: anyio.CancelScope) -> None:
    """End a request that is open when its caller is let in no more: streams last as long as clients like."""
    while not access.is_over():  # noqa: ASYNC110 - a token file is looked at, which sets no event
        await anyio.sleep(_LOOK_S)
    if (clients := access.host.journeyman.clients) is not None:
        clients.drop_over()
    request.cancel()


async def access_of_request(context: RequestContext) -> McpAccess:
    """What the HTTP request reaches that a message came in."""
    return cast("Any", context.request).scope[_KEY]
