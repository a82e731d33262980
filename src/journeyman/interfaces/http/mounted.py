"""What is served beside the API: MCP at `/mcp` and the viewer at `/`, for the same callers, let in by the same gate."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import NoReturn

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.routing import BaseRoute, Route
from starlette.types import Scope

from journeyman.interfaces.http.admission import resolve
from journeyman.interfaces.http.app import methods_at
from journeyman.interfaces.http.server_state import API, MCP
from journeyman.interfaces.mcp.access import McpAccess
from journeyman.interfaces.mcp.http_app import McpEndpoint
from journeyman.interfaces.viewer.routes import viewer_routes
from journeyman.interfaces.viewer.visit import Visit

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@asynccontextmanager
async def mounted() -> AsyncGenerator[list[BaseRoute]]:
    """The routes, which answer inside."""
    endpoint = McpEndpoint(_mcp_access, allowed_hosts=None)  # the gate has checked the names
    async with endpoint.running():
        yield [
            Route(MCP, endpoint=endpoint),
            Route(
                f"{API}/{{path:path}}", _nothing, methods=_METHODS
            ),  # the viewer's last route would answer with a page
            *viewer_routes(_visit),
        ]


async def _mcp_access(scope: Scope) -> McpAccess:
    admitted = await resolve(HTTPConnection(scope))
    # What a client says that its person answered is the word of whoever holds the token: only a person's token speaks for one.
    return McpAccess(
        host=admitted.host,
        caller=admitted.caller,
        sources=admitted.sources,
        asks_person=False,
        is_over=lambda: not admitted.is_still_admitted,
    )


async def _visit(request: Request) -> Visit:
    admitted = await resolve(request)
    return Visit(
        host=admitted.host,
        caller=admitted.caller,
        missions=admitted.sources,
        episodes=admitted.sources.folder,
        is_over=lambda: admitted.server.stopping.is_set() or not admitted.is_still_admitted,
    )


async def _nothing(request: Request) -> NoReturn:
    raise HTTPException(405 if methods_at(request.scope["path"]) else 404)
