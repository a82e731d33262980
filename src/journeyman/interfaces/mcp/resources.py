"""Sessions as resources: where each stands, its report, its events."""

from __future__ import annotations

import re
from typing import Any, Final

import mcp_types as types
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import BaseModel
from pydantic_core import to_json

from journeyman.engine.records import events_after
from journeyman.engine.reporting import report_of
from journeyman.hosting.access import AccessScope
from journeyman.hosting.session_views import event_row
from journeyman.interfaces.mcp.access import AccessOf, McpAccess, RequestContext
from journeyman.interfaces.mcp.session_lists import session_page
from journeyman.interfaces.mcp.session_status import status_of
from journeyman.interfaces.mcp.session_tools import MOST_EVENTS, bounded
from journeyman.interfaces.pages.report_files import Form, rendered
from journeyman.mission.values.errors import CallerError, JourneymanError
from journeyman.stores.base import Summary

_PAGE: Final = 25
"""Sessions on a page; each is three resources."""
_MOST_BYTES: Final = 4 << 20
"""Of a report as a resource; longer ones are had in parts with mission_report."""
_JSON: Final = "application/json"
_NO_RESOURCE: Final = -32002
"""As the protocol has it up to 2025-11-25; later versions answer as for any invalid parameter."""
_URI: Final = re.compile(
    r"mission://sessions/(?P<session>[A-Za-z0-9][A-Za-z0-9._-]{0,199})(?:/(?P<part>report|events)(?:\?after=(?P<after>[0-9]{1,15}))?)?"
)


class SessionResources:
    """Lists and reads them."""

    def __init__(self, access_of: AccessOf) -> None:
        self._access_of = access_of

    async def listed(
        self, context: RequestContext, params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        """A page of them, newest sessions first."""
        access = await self._readable(context)
        cursor = (params.cursor or "") if params is not None else ""
        try:
            rows, more = await session_page(access.host, cursor, _PAGE)
        except JourneymanError as error:
            raise MCPError(code=types.INVALID_PARAMS, message=str(error)) from None
        return types.ListResourcesResult(
            resources=[one for row in rows for one in _resources(row)], next_cursor=more or None
        )

    async def templates(
        self, context: RequestContext, params: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        """The forms of their addresses."""
        del context, params
        rows = [
            ("session", "mission://sessions/{session_id}", "Where a session stands, as of mission_status."),
            ("report", "mission://sessions/{session_id}/report", "What was done and achieved, as JSON."),
            (
                "events",
                "mission://sessions/{session_id}/events{?after}",
                f"At most {MOST_EVENTS} events behind the number `after`; `next` is the address of those behind them.",
            ),
        ]
        return types.ListResourceTemplatesResult(
            resource_templates=[
                types.ResourceTemplate(name=name, uri_template=uri, description=about, mime_type=_JSON)
                for name, uri, about in rows
            ]
        )

    async def read(self, context: RequestContext, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        """One of them; an unknown session, or one of another tenant, is not found."""
        uri = str(params.uri)
        access = await self._readable(context)
        found = _URI.fullmatch(uri)
        if found is None or (found["after"] is not None and found["part"] != "events"):
            raise _not_found(context, uri)
        try:
            text = await _text(access, found["session"], found["part"] or "", int(found["after"] or 0))
        except CallerError:
            raise _not_found(context, uri) from None
        except JourneymanError as error:
            raise MCPError(code=types.INTERNAL_ERROR, message=str(error), data={"code": error.code}) from None
        if len(text) > _MOST_BYTES:
            words = f"the report is {len(text)} bytes, too large for a resource: mission_report gives it in parts"
            raise MCPError(code=types.INVALID_REQUEST, message=words)
        return types.ReadResourceResult(
            contents=[types.TextResourceContents(uri=uri, mime_type=_JSON, text=text)], ttl_ms=0, cache_scope="private"
        )

    async def _readable(self, context: RequestContext) -> McpAccess:
        access = await self._access_of(context)
        try:
            access.caller.require(AccessScope.READ)
        except JourneymanError as error:
            raise MCPError(code=types.INVALID_REQUEST, message=str(error)) from None
        return access


async def _text(access: McpAccess, session: str, part: str, after: int) -> str:
    store = access.host.journeyman.store
    match part:
        case "report":
            return rendered(await report_of(store, session), Form.json)
        case "events":
            found = await events_after(store, session, after, MOST_EVENTS + 1)
            rows = bounded([event_row(item) for item in found[:MOST_EVENTS]])
            more = len(rows) < len(found)
            following = f"mission://sessions/{session}/events?after={rows[-1].seq}" if more else None
            events: list[Any] = [row.model_dump(mode="json") for row in rows]
            return to_json({"session_id": session, "events": events, "next": following}).decode()
        case _:
            status: BaseModel = await status_of(access.host, session)
            return status.model_dump_json()


def _resources(row: Summary) -> list[types.Resource]:
    base = f"mission://sessions/{row.session_id}"
    parts = (("", "stands"), ("/report", "report"), ("/events", "events"))
    return [
        types.Resource(
            name=f"{row.session_id}{part}", title=f"{row.name}: {words}"[:200], uri=f"{base}{part}", mime_type=_JSON
        )
        for part, words in parts
    ]


def _not_found(context: RequestContext, uri: str) -> MCPError:
    code = types.INVALID_PARAMS if context.protocol_version in MODERN_PROTOCOL_VERSIONS else _NO_RESOURCE
    return MCPError(code=code, message="Resource not found", data={"uri": uri[:300]})
