"""One live connection to an MCP server, in the words of this package; the only file that knows the SDK's client."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final, assert_never, cast

import anyio
import httpx2
import mcp_types as types
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client
from pydantic import ValidationError

from journeyman.mission.model.servers import Transport
from journeyman.mission.values.canonical import Json, JsonObject
from journeyman.tools.base import CallStatus, ToolHints
from journeyman.tools.results import WireAnswer
from journeyman.tools.servers.config import ServerConfig
from journeyman.tools.servers.definition import CONTROL_MARK, ConnectionLost, Definition, TransportError
from journeyman.tools.servers.health import ServerHealth
from journeyman.tools.servers.logs import clean_logs
from journeyman.tools.servers.outbox import TRY_META, HttpResponseHead, Outbox, attempt_in_body
from journeyman.tools.servers.stdio import stdio_transport

KEY_META: Final = "dev.journeyman/idempotencyKey"
"""Where the effect's key stands in the `_meta` of a call, for servers that want it."""
_PAGES: Final = 100
_NO_SESSION: Final = 404
_TIMED_OUT: Final = 408
_WITHDRAWN: Final = 499
"""What we answer ourselves, in the server's place, to a call that nobody waits for any more."""
_HTTP_S: Final = 30.0
_HTTP_READ_S: Final = 300.0
"""A server may hold a response stream open for long; calls have limits of their own."""
_CHARACTERS: Final = re.compile(r"[^\x00-\x20\x7f-\xa0\u2028\u2029]{1,256}")
"""A tool's name: it stands in lists, errors and logs."""


@dataclass(slots=True)
class Connection:
    """A connected server. `announced` turns true when the server says that its tools changed."""

    client: Client
    health: ServerHealth
    outbox: Outbox
    announced: bool = False

    async def definitions(self) -> tuple[Definition, ...]:
        """What the server offers now."""
        found: list[Definition] = []
        cursor: str | None = None
        for _ in range(_PAGES):
            try:
                page = await self.client.list_tools(cursor=cursor)
            except MCPError as error:
                if error.code == types.CONNECTION_CLOSED:
                    raise ConnectionLost(error.message) from error
                raise TransportError(
                    CallStatus.FAILED, "protocol", f"it cannot list its tools: {error.message}"
                ) from error
            except (ValidationError, RuntimeError) as error:
                raise TransportError(
                    CallStatus.FAILED, "protocol", f"its list of tools is malformed: {error}"
                ) from error
            found.extend(map(_definition, page.tools))
            cursor = page.next_cursor
            if cursor is None:
                return tuple(found)
        raise TransportError(CallStatus.FAILED, "protocol", f"its list of tools has no end ({_PAGES} pages)")

    async def call(self, name: str, args: Mapping[str, Json], key: str, number: int) -> WireAnswer:
        """The server's answer; raises `ConnectionLost` when the connection ended first, `TransportError` for a bad answer.

        `number` is the try's in the outbox, by which the transport tells whether it may have left.
        """
        meta = {KEY_META: key, TRY_META: number}
        try:
            result = await self.client.call_tool(name, dict(args), meta=cast("Any", meta))
        except MCPError as error:
            raise _fault(error, self.outbox.answers.get(number)) from error
        except (ValidationError, RuntimeError) as error:
            text = f"the answer breaks the protocol or the tool's own output schema: {error}"
            raise TransportError(CallStatus.UNKNOWN, "protocol", text) from error
        except (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError, httpx2.HTTPError) as error:
            raise ConnectionLost(str(error)) from error
        return _answer(result)


def _fault(error: MCPError, http: HttpResponseHead | None) -> Exception:
    """What an error means. Where the server answered by HTTP, its status says it; the SDK's words may change."""
    if error.code == types.CONNECTION_CLOSED:
        return ConnectionLost(error.message)
    if http is not None and (fault := _http_fault(error, http)) is not None:
        return fault
    if error.code == types.REQUEST_TIMEOUT:
        return TransportError(CallStatus.UNKNOWN, "timeout", error.message)
    unread = error.code == types.PARSE_ERROR  # The answer came, and nobody knows what it says.
    return TransportError(
        CallStatus.UNKNOWN if unread else CallStatus.FAILED, "protocol", f"{error.message} (code {error.code})"
    )


def _http_fault(error: MCPError, http: HttpResponseHead) -> Exception | None:
    if http.status == _NO_SESSION:
        return ConnectionLost(f"the server refused the call: {error.message} (HTTP {http.status})", refused=True)
    if http.status >= 500 or http.status == _TIMED_OUT:
        # It may come from a gateway after the server did its work.
        return TransportError(
            CallStatus.UNKNOWN, "server_died", f"the server answered with an HTTP error ({http.status})"
        )
    if http.status >= 300:
        return TransportError(CallStatus.FAILED, "protocol", f"{error.message} (HTTP {http.status})")
    if http.status == 200 and http.content_type.startswith(("application/json", "text/event-stream")):
        return None
    return TransportError(CallStatus.UNKNOWN, "protocol", f"{error.message} (HTTP {http.status})")


class _HttpClient(httpx2.AsyncClient):
    """Tells the outbox when a call leaves, when it certainly did not, and how the server answered."""

    def __init__(self, headers: Mapping[str, str], outbox: Outbox) -> None:
        super().__init__(headers=dict(headers), timeout=httpx2.Timeout(_HTTP_S, read=_HTTP_READ_S))
        self._outbox = outbox

    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:  # pyright: ignore[reportIncompatibleMethodOverride] - all options are handed on
        """Send a request, unless it carries a call whose caller has left."""
        number = attempt_in_body(request.content) if request.method == "POST" else None
        if number is None:
            return await super().send(request, **options)
        if not self._outbox.may_send(number):
            return httpx2.Response(_WITHDRAWN, request=request, content=b"")
        try:
            response = await super().send(request, **options)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout):
            self._outbox.mark_not_sent(number)
            raise
        content_type = response.headers.get("content-type", "").lower()
        self._outbox.answers[number] = HttpResponseHead(response.status_code, content_type)
        return response


def _answer(result: types.CallToolResult) -> WireAnswer:
    texts = [block.text for block in result.content if isinstance(block, types.TextContent)]
    others = [
        block.model_dump(mode="json", by_alias=True, exclude_none=True)
        for block in result.content
        if not isinstance(block, types.TextContent)
    ]
    return WireAnswer(
        structured=result.structured_content,
        has_structured=result.structured_content is not None,
        texts=texts,
        others=others,
        is_error=bool(result.is_error),
    )


def _definition(tool: types.Tool) -> Definition:
    if _CHARACTERS.fullmatch(tool.name) is None:
        raise TransportError(
            CallStatus.FAILED, "protocol", f"it offers a tool whose name nobody can write: {tool.name[:80]!r}"
        )
    plain = tool.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"meta"})
    notes = tool.annotations
    hints = ToolHints()
    if notes is not None:
        # A server's word tightens and never loosens: that it destroys nothing is for the operator to say.
        hints = ToolHints(
            read_only=notes.read_only_hint,
            destructive=notes.destructive_hint or None,
            idempotent=notes.idempotent_hint,
        )
    return Definition(
        name=tool.name,
        description=tool.description or tool.title or "",
        input_schema=cast("JsonObject", tool.input_schema),
        output_schema=cast("JsonObject | None", tool.output_schema),
        hints=hints,
        whole=cast("JsonObject", plain),
        steers_missions=CONTROL_MARK in (tool.meta or {}),
    )


@asynccontextmanager
async def connect(
    server: ServerConfig, health: ServerHealth, outbox: Outbox, message_bytes: int
) -> AsyncGenerator[Connection]:
    """Connect in whichever era the server speaks, and hold the connection while the block runs."""
    clean_logs()
    async with AsyncExitStack() as stack:
        spec, way = server.spec, server.spec.transport
        match way:
            case Transport.STDIO:
                command = [spec.command or "", *spec.args]
                transport = stdio_transport(command, server.folder, spec.env, health, outbox, message_bytes)
            case Transport.HTTP:
                http = await stack.enter_async_context(_HttpClient(spec.headers, outbox))
                transport = streamable_http_client(spec.url or "", http_client=http, max_sse_event_size=message_bytes)
            case _:
                assert_never(way)
        holder: list[Connection] = []

        async def hear(message: object) -> None:
            if isinstance(message, types.ToolListChangedNotification):
                for connection in holder:
                    connection.announced = True

        client = await stack.enter_async_context(
            Client(cast("Any", transport), cache=None, message_handler=hear, read_timeout_seconds=None)
        )
        connection = Connection(client, health, outbox)
        holder.append(connection)
        yield connection


async def follow_changes(connection: Connection, ready: Callable[[], None]) -> None:
    """Set `announced` whenever a server of the 2026-07-28 era says that its tools changed; older ones tell by themselves."""
    capability = connection.client.server_capabilities.tools
    if connection.client.protocol_version < "2026-07-28" or capability is None or not capability.list_changed:
        ready()
        return
    with suppress(MCPError, RuntimeError, TimeoutError):
        async with connection.client.listen(tools_list_changed=True) as changes:
            ready()
            async for _ in changes:
                connection.announced = True
    # Where listening fails or ends, the list is asked for again from time to time anyway.
    ready()
