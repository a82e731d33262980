"""MCP and the viewer stand beside the API: the same gate, the same callers, the same walls."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, cast

import anyio
import httpx2
import pytest

from benchmarks.serving.in_process import ServedApp
from journeyman.hosting.access import AccessScope

pytestmark = pytest.mark.anyio
ACCEPTS = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
}


async def mcp(client: httpx2.AsyncClient, tool: str, **arguments: Any) -> dict[str, Any]:
    """What a control tool answers over MCP, in one request of the modern era."""
    body = {
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": tool, "arguments": arguments, "_meta": META},
    }  # fmt: skip
    head = {**ACCEPTS, "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": tool}
    found = await client.post("/mcp", json=body, headers=head)
    assert found.status_code == 200, found.text
    text = found.text if found.text.startswith("{") else found.text.split("data: ", 1)[1]
    return cast("dict[str, Any]", httpx2.Response(200, text=text).json()["result"])


async def test_one_session_is_the_same_by_each_way_in(served: ServedApp) -> None:
    """Started over MCP, read over the API, shown in the viewer."""
    async with served.client(served.secret("ada")) as client:
        started = await mcp(client, "mission_start", file="quick.yaml", session_id="s1")
        assert not started.get("isError"), started
        ended = await mcp(client, "mission_status", session_id="s1", wait_s=60)
        assert ended["structuredContent"]["outcome"] == "achieved"
        assert (await client.get("/api/v1/sessions/s1")).json()["outcome"] == "achieved"
        page = await client.get("/sessions/s1")
        assert page.status_code == 200
        assert "criteria_met" in page.text
        assert page.headers["content-type"].startswith("text/html")


async def test_another_tenant_sees_an_unknown_session(served: ServedApp) -> None:
    """By none of the ways."""
    async with served.client(served.secret("ada")) as client:
        await mcp(client, "mission_start", file="asks.yaml", session_id="s1")
    async with served.client(served.secret("eve", "other")) as eve:
        told = [
            (await mcp(eve, "mission_status", session_id=name))["_meta"]["dev.journeyman/error"]["message"].replace(
                name, "ID"
            )
            for name in ("s1", "s9")
        ]
        assert told[0] == told[1]
        pages = [(await eve.get(f"/sessions/{name}")) for name in ("s1", "s9")]
        assert [page.status_code for page in pages] == [404, 404]
        assert pages[0].text.replace("s1", "ID") == pages[1].text.replace("s9", "ID")


async def test_nobody_gets_in_without_a_token(served: ServedApp) -> None:
    """MCP says so as a problem, pages as a page; what the API does not have is no page."""
    async with served.client() as client:
        assert (await client.post("/mcp", json={}, headers=ACCEPTS)).status_code == 401
        page = await client.get("/")
        assert page.status_code == 401
        assert page.headers["content-type"].startswith("text/html")
        assert "journeyman token new" in page.text
        assert (await client.post("/sessions/s1/act", data={"do": "abort"})).status_code in (401, 403)
    async with served.client(served.secret("ada")) as client:
        missing = await client.get("/api/v1/nothing")
        assert missing.status_code == 404
        assert missing.headers["content-type"].startswith("application/problem+json")
        assert (await client.get("/nothing")).headers["content-type"].startswith("text/html")


async def test_streams_of_pages_end_with_the_server(served: ServedApp) -> None:
    """And with the token of who looks: a page asks again, and is told."""
    async with served.client(served.secret("ada")) as client:
        await mcp(client, "mission_start", file="asks.yaml", session_id="s1")
        served.state.stopping.set()
        with anyio.fail_after(60):
            for path in ("/stream", "/sessions/s1/stream"):
                assert (await client.get(path)).headers["content-type"].startswith("text/event-stream")


async def test_an_open_call_ends_with_its_token(served: ServedApp) -> None:
    """What it waits for is told to nobody; its model is asked no more."""
    secret = served.secret("ada")
    async with served.client(secret) as client:
        await mcp(client, "mission_start", file="asks.yaml", session_id="s1", run=False, lend_model=True)
        clients = (await served.state.tenants.get("default")).host.journeyman.clients
        assert clients is not None
        assert [link.owner for link in clients.links("s1")] == ["ada"]
        (token,) = [row for row in served.tokens.tokens() if row.name == "ada"]

        async def wait() -> None:
            with suppress(AssertionError, IndexError, KeyError):
                told.append(await mcp(client, "next_prompts", session_id="s1", wait_s=60))

        told: list[object] = []
        with anyio.fail_after(30):
            async with anyio.create_task_group() as group:
                group.start_soon(wait)
                await anyio.sleep(0.5)
                served.tokens.revoke(token.id, served.state.clock.now())
        assert told == []
        assert clients.links("s1") == ()


async def test_more_budget_than_offered_needs_an_author(served: ServedApp) -> None:
    """Less may be asked for by whoever may start it; whoever may act may read."""
    scopes = [AccessScope.RUN]
    async with served.client(served.secret("robot", scopes=scopes)) as client:
        wanted = {"file": "quick.yaml", "budget": {"iterations": 3000}}
        refused = await client.post("/api/v1/sessions", json=wanted)
        assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
        assert "allows iterations 3" in refused.json()["detail"]
        wanted["budget"] = {"iterations": 2}
        assert (await client.post("/api/v1/sessions", json={**wanted, "session_id": "s1"})).status_code == 201
        assert (await client.get("/api/v1/sessions/s1")).status_code == 200
        fork = await client.post("/api/v1/sessions/s1/fork", json={"run": True})
        assert fork.status_code == 403


async def test_another_site_logs_nobody_in(served: ServedApp) -> None:
    """A link in the address bar does."""
    secret = served.secret("ada")
    async with served.client() as client:
        for site, status in (("cross-site", 403), ("same-site", 403), ("none", 303)):
            found = await client.get(f"/?token={secret}", headers={"sec-fetch-site": site})
            assert found.status_code == status
            assert ("set-cookie" in found.headers) is (status == 303)
