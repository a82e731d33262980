"""Puts the server together: routes, errors, the gate before them, and what else is mounted."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any, Final, cast

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from opentelemetry.trace import TracerProvider
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from journeyman.interfaces.error_status import Refusal
from journeyman.interfaces.http.gate import Gate
from journeyman.interfaces.http.idempotency import IdempotentRequests
from journeyman.interfaces.http.problems import MEDIA_TYPE, ProblemDetails, problem_response
from journeyman.interfaces.http.routes import actions, approvals, events, health, missions, records, sessions
from journeyman.interfaces.http.server_state import API, ServerState
from journeyman.mission.values.errors import BugError, InvalidInput, JourneymanError, Problem

ROUTERS: Final = tuple(part.router for part in (health, sessions, events, records, actions, approvals, missions))
_ABOUT: Final = """Missions that are driven until their criteria hold, over HTTP.

Errors are problem details (RFC 9457) with a stable `code`. A POST with an `Idempotency-Key` is done once, however often it is
sent. Lists go on at `next_cursor`."""


def create_app(server: ServerState, mounts: Sequence[BaseRoute] = (), traces: TracerProvider | None = None) -> ASGIApp:
    """The server as one ASGI application.

    Args:
        server: What its requests share.
        mounts: What else is served, such as MCP at `/mcp` and pages at `/`: routes and mounts of Starlette, asked behind
            the API's own. They find out who calls by `admission.resolve(request)`, and have passed the gate.
        traces: Where spans of requests go; none are made without it.
    """
    app = FastAPI(
        title="Journeyman",
        version=version("journeyman"),
        description=_ABOUT,
        openapi_url=f"{API}/openapi.json",
        docs_url=None,  # a page that loads scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        telemetry={
            "tracing": traces is not None,
            "tracer_provider": traces,
            "operation_spans": False,
            "metrics": False,
            "logs": False,  # they hold messages of errors
            "auto_configure": False,
        },
        responses={"default": {"description": "What went wrong", "model": ProblemDetails, "content": {MEDIA_TYPE: {}}}},
        exception_handlers={
            JourneymanError: _journeyman_error,
            RequestValidationError: _malformed,
            HTTPException: _unrouted,
            Exception: _fault,
        },
    )
    app.state.server = server
    for router in ROUTERS:
        app.include_router(router)
    app.router.routes.extend(mounts)
    gate = Gate(IdempotentRequests(app, server, methods_at), server)
    if not server.names.origins:
        return gate
    return CORSMiddleware(
        gate,
        allow_origins=sorted(server.names.origins),
        allow_methods=["GET", "POST", "DELETE"],
        allow_headers=[
            "Authorization",
            "Content-Type",
            "Idempotency-Key",
            "If-Match",
            "If-None-Match",
            "Last-Event-ID",
        ],
        expose_headers=["ETag", "Location", "Retry-After", "Idempotency-Replayed"],
    )


async def _journeyman_error(_request: Request, error: Exception) -> Response:
    return problem_response(cast("JourneymanError", error))


async def _malformed(_request: Request, error: Exception) -> Response:
    """What pydantic has against a request, without the input: it may hold a secret."""
    rows = cast("Sequence[dict[str, Any]]", cast("RequestValidationError", error).errors())
    return problem_response(InvalidInput("the call", tuple(_problem(row) for row in rows)))


def _problem(row: dict[str, Any]) -> Problem:
    place, *path = (str(part) for part in row["loc"])
    where = ".".join(path) or place
    return Problem(where=where, message=str(row["msg"]), hint="" if place == "body" else f"in the {place}")


async def _unrouted(request: Request, error: Exception) -> Response:
    told = cast("HTTPException", error)
    match told.status_code:
        case 404:
            problem = Refusal(404, "no_such_route", f"nothing is served there; {API}/openapi.json lists what is")
        case 405:
            problem = Refusal(405, "method_not_allowed", "this is not done with that method; see the header `Allow`")
        case _:
            problem = Refusal(told.status_code, "request_refused", str(told.detail))
    response = problem_response(problem)
    response.headers.update(told.headers or {})
    if told.status_code == 405:  # FastAPI names the methods of one route, and a path may have several
        response.headers["allow"] = ", ".join(sorted(methods_at(request.scope["path"])))
    return response


def methods_at(path: str) -> set[str]:
    """The methods of the API's routes at a path."""
    routes = (route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute))
    return {method for route in routes if route.path_regex.match(path) for method in route.methods or ()}


async def _fault(_request: Request, error: Exception) -> Response:
    return problem_response(BugError(f"this is a fault of Journeyman, please report it: {type(error).__name__}"))
