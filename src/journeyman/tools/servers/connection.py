"""One live connection to an MCP server, in the words of this room; the only file that knows the SDK's client."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final, cast

import anyio
import httpx2
import mcp_types as types
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client
from pydantic import ValidationError

from journeyman.mission.values.canonical import Json, JsonObject
from journeyman.tools.base import Hints, Status
from journeyman.tools.results import Answer
from journeyman.tools.servers.config import HttpServer, StdioServer
from journeyman.tools.servers.definition import Definition, Severed, WireFault
from journeyman.tools.servers.logs import clean_logs
from journeyman.tools.servers.outbox import TRY_META, HttpAnswer, Outbox, try_in
from journeyman.tools.servers.stdio import Health, stdio_transport

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
    health: Health
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
                    raise Severed(error.message) from error
                raise WireFault(Status.FAILED, "protocol", f"it cannot list its tools: {error.message}") from error
            except (ValidationError, RuntimeError) as error:
                raise WireFault(Status.FAILED, "protocol", f"its list of tools is malformed: {error}") from error
            found.extend(map(_definition, page.tools))
            cursor = page.next_cursor
            if cursor is None:
                return tuple(found)
        raise WireFault(Status.FAILED, "protocol", f"its list of tools has no end ({_PAGES} pages)")

    async def call(self, name: str, args: Mapping[str, Json], key: str, number: int) -> Answer:
        """The server's answer; raises `Severed` when the connection ended first, `WireFault` for a bad answer.

        `number` is the try's in the outbox, by which the transport tells whether it may have left.
        """
        meta = {KEY_META: key, TRY_META: number}
        try:
            result = await self.client.call_tool(name, dict(args), meta=cast("Any", meta))
        except MCPError as error:
            raise _fault(error, self.outbox.answers.get(number)) from error
        except (ValidationError, RuntimeError) as error:
            text = f"the answer breaks the protocol or the tool's own output schema: {error}"
            raise WireFault(Status.UNKNOWN, "protocol", text) from error
        except (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError, httpx2.HTTPError) as error:
            raise Severed(str(error)) from error
        return _answer(result)


def _fault(error: MCPError, http: HttpAnswer | None) -> Exception:
    """What an error means. Where the server answered by HTTP, its status says it; the SDK's words may change."""
    if error.code == types.CONNECTION_CLOSED:
        return Severed(error.message)
    if http is not None and (fault := _http_fault(error, http)) is not None:
        return fault
    if error.code == types.REQUEST_TIMEOUT:
        return WireFault(Status.UNKNOWN, "timeout", error.message)
    unread = error.code == types.PARSE_ERROR  # The answer came, and nobody knows what it says.
    return WireFault(Status.UNKNOWN if unread else Status.FAILED, "protocol", f"{error.message} (code {error.code})")


def _http_fault(error: MCPError, http: HttpAnswer) -> Exception | None:
    if http.status == _NO_SESSION:
        return Severed(f"the server refused the call: {error.message} (HTTP {http.status})", refused=True)
    if http.status >= 500 or http.status == _TIMED_OUT:
        # It may come from a gateway after the server did its work.
        return WireFault(Status.UNKNOWN, "server_died", f"the server answered with an HTTP error ({http.status})")
    if http.status >= 300:
        return WireFault(Status.FAILED, "protocol", f"{error.message} (HTTP {http.status})")
    if http.status == 200 and http.content_type.startswith(("application/json", "text/event-stream")):
        return None
    return WireFault(Status.UNKNOWN, "protocol", f"{error.message} (HTTP {http.status})")


class _HttpClient(httpx2.AsyncClient):
    """Tells the outbox when a call leaves, when it certainly did not, and how the server answered."""

    def __init__(self, headers: Mapping[str, str], outbox: Outbox) -> None:
        super().__init__(headers=dict(headers), timeout=httpx2.Timeout(_HTTP_S, read=_HTTP_READ_S))
        self._outbox = outbox

    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:  # pyright: ignore[reportIncompatibleMethodOverride] - all options are handed on
        """Send a request, unless it carries a call whose caller has left."""
        number = try_in(request.content) if request.method == "POST" else None
        if number is None:
            return await super().send(request, **options)
        if not self._outbox.departs(number):
            return httpx2.Response(_WITHDRAWN, request=request, content=b"")
        try:
            response = await super().send(request, **options)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout):
            self._outbox.returned(number)
            raise
        content_type = response.headers.get("content-type", "").lower()
        self._outbox.answers[number] = HttpAnswer(response.status_code, content_type)
        return response


def _answer(result: types.CallToolResult) -> Answer:
    texts = [block.text for block in result.content if isinstance(block, types.TextContent)]
    others = [
        block.model_dump(mode="json", by_alias=True, exclude_none=True)
        for block in result.content
        if not isinstance(block, types.TextContent)
    ]
    return Answer(
        structured=result.structured_content,
        has_structured=result.structured_content is not None,
        texts=texts,
        others=others,
        is_error=bool(result.is_error),
    )


def _definition(tool: types.Tool) -> Definition:
    if _CHARACTERS.fullmatch(tool.name) is None:
        raise WireFault(Status.FAILED, "protocol", f"it offers a tool whose name nobody can write: {tool.name[:80]!r}")
    plain = tool.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"meta"})
    notes = tool.annotations
    hints = Hints()
    if notes is not None:
        hints = Hints(
            read_only=notes.read_only_hint, destructive=notes.destructive_hint, idempotent=notes.idempotent_hint
        )
    return Definition(
        name=tool.name,
        description=tool.description or tool.title or "",
        input_schema=cast("JsonObject", tool.input_schema),
        output_schema=cast("JsonObject | None", tool.output_schema),
        hints=hints,
        whole=cast("JsonObject", plain),
    )


@asynccontextmanager
async def connect(
    server: StdioServer | HttpServer, health: Health, outbox: Outbox, message_bytes: int
) -> AsyncGenerator[Connection]:
    """Connect in whichever era the server speaks, and hold the connection while the block runs."""
    clean_logs()
    async with AsyncExitStack() as stack:
        if isinstance(server, StdioServer):
            transport = stdio_transport(server, health, outbox, message_bytes)
        else:
            http = await stack.enter_async_context(_HttpClient(dict(server.headers), outbox))
            transport = streamable_http_client(server.url, http_client=http, max_sse_event_size=message_bytes)
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
