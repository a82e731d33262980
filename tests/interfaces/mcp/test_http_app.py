"""Streamable HTTP: one application for many tenants, each request by its own caller."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
import uvicorn
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Scope

from journeyman.interfaces.mcp.access import McpAccess
from journeyman.interfaces.mcp.http_app import McpEndpoint
from tests.interfaces.mcp.served import ERAS, EVERYTHING, Era, access_to, called, refused

_WHO = "x-who"


@asynccontextmanager
async def _served(*callers: McpAccess) -> AsyncGenerator[str]:
    """The address of an application whose callers are told apart by a header, as a token would be."""
    by_name = {access.caller.name: access for access in callers}

    async def resolve(scope: Scope) -> McpAccess:
        return by_name[Request(scope).headers[_WHO]]

    endpoint = McpEndpoint(resolve)
    server = uvicorn.Server(
        uvicorn.Config(Starlette(routes=[Route("/mcp", endpoint=endpoint)]), port=0, log_level="error", lifespan="off")
    )
    async with endpoint.running(), anyio.create_task_group() as group:
        group.start_soon(server.serve)
        with anyio.fail_after(30):
            while not server.started:  # noqa: ASYNC110 - uvicorn sets no event
                await anyio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        try:
            yield f"http://127.0.0.1:{port}/mcp"
        finally:
            server.should_exit = True


@asynccontextmanager
async def _client(url: str, who: str, era: Era) -> AsyncGenerator[Client]:
    async with (
        httpx2.AsyncClient(headers={_WHO: who}, timeout=60) as http,
        Client(streamable_http_client(url, http_client=http), mode="legacy" if era == "legacy" else "auto") as client,
    ):
        yield client


@pytest.mark.anyio
@pytest.mark.parametrize("era", ERAS)
async def test_another_tenants_ids_are_answered_as_unknown_ones_by_every_tool_and_resource(
    tmp_path: Path, era: Era
) -> None:
    """Word for word, but for the id."""
    async with AsyncExitStack() as stack:
        ours = await stack.enter_async_context(access_to(tmp_path, EVERYTHING, tenant="ours", name="ada"))
        theirs = await stack.enter_async_context(access_to(tmp_path, EVERYTHING, tenant="theirs", name="eve"))
        url = await stack.enter_async_context(_served(ours, theirs))
        ada = await stack.enter_async_context(_client(url, "ada", era))
        eve = await stack.enter_async_context(_client(url, "eve", era))
        await called(ada, "mission_start", file="asks.yaml", session_id="secret")
        await called(ada, "mission_status", session_id="secret", wait_s=60)
        before = (await called(ada, "mission_checkpoint", session_id="secret"))["head_hash"]
        tried = 0
        for tool in (await eve.list_tools()).tools:
            if "session_id" not in tool.input_schema.get("required", ()):
                continue
            more: dict[str, Any] = {
                "mission_amend": {"budget": {"iterations": 9}},
                "task_follow_up": {"text": "more"},
            }.get(tool.name, {})
            known = await refused(eve, tool.name, session_id="secret", **more)
            unknown = await refused(eve, tool.name, session_id="nobody", **more)
            assert known == {**unknown, "message": unknown["message"].replace("nobody", "secret")}
            assert known["code"] == "not_found"
            tried += 1
        assert tried >= 12
        for part in ("", "/report", "/events"):
            with pytest.raises(MCPError, match="Resource not found"):
                await eve.read_resource(f"mission://sessions/secret{part}")
        assert (await called(eve, "mission_list"))["sessions"] == []
        assert (await eve.list_resources()).resources == []
        assert (await called(ada, "mission_checkpoint", session_id="secret"))["head_hash"] == before


@pytest.mark.anyio
async def test_a_connection_belongs_to_the_caller_who_opened_it(tmp_path: Path) -> None:
    """Its id is of no use to anybody else; without it there is no connection, and foreign pages are kept out."""
    opening = {
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
    }  # fmt: skip
    accept = {"accept": "application/json, text/event-stream"}
    async with AsyncExitStack() as stack:
        ours = await stack.enter_async_context(access_to(tmp_path, tenant="ours", name="ada"))
        theirs = await stack.enter_async_context(access_to(tmp_path, tenant="theirs", name="eve"))
        url = await stack.enter_async_context(_served(ours, theirs))
        http = await stack.enter_async_context(httpx2.AsyncClient(timeout=30))
        opened = await http.post(url, json=opening, headers={**accept, _WHO: "ada"})
        known = {"mcp-session-id": opened.headers["mcp-session-id"], "mcp-protocol-version": "2025-11-25", **accept}
        listing = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
        assert (await http.post(url, json=listing, headers={**known, _WHO: "ada"})).status_code == 200
        assert (await http.post(url, json=listing, headers={**known, _WHO: "eve"})).status_code == 404
        foreign = {**accept, _WHO: "ada", "origin": "https://evil.example"}
        assert (await http.post(url, json=opening, headers=foreign)).status_code == 403
        rebound = {**accept, _WHO: "ada", "host": "evil.example"}
        assert (await http.post(url, json=opening, headers=rebound)).status_code == 421
