"""Sessions as resources."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import TextResourceContents

from tests.interfaces.mcp.served import ERAS, Era, access_to, called, client_of


async def _read(client: Client, uri: str) -> Any:
    found = (await client.read_resource(uri)).contents[0]
    assert isinstance(found, TextResourceContents)
    return json.loads(found.text)


@pytest.mark.anyio
@pytest.mark.parametrize("era", ERAS)
async def test_a_session_its_report_and_its_events_are_read(tmp_path: Path, era: Era) -> None:
    """Listed, and by the templates' forms."""
    async with access_to(tmp_path) as access, client_of(access, era) as client:
        await called(client, "mission_start", file="quick.yaml", session_id="one")
        await called(client, "mission_status", session_id="one", wait_s=60)
        listed = (await client.list_resources()).resources
        assert [row.uri.removeprefix("mission://sessions/") for row in listed] == ["one", "one/report", "one/events"]
        for row in listed:
            assert await _read(client, row.uri)
        assert (await _read(client, "mission://sessions/one"))["outcome"] == "achieved"
        assert (await _read(client, "mission://sessions/one/report"))["session_id"] == "one"
        events = await _read(client, "mission://sessions/one/events?after=3")
        assert events["events"][0]["seq"] == 4
        assert events["next"] is None
        assert len((await client.list_resource_templates()).resource_templates) == 3


@pytest.mark.anyio
@pytest.mark.parametrize("era", ERAS)
async def test_what_is_unknown_is_not_found_whatever_its_address(tmp_path: Path, era: Era) -> None:
    """Also what was never an address of ours."""
    async with access_to(tmp_path) as access, client_of(access, era) as client:
        for uri in (
            "mission://sessions/none",
            "mission://sessions/none/report",
            "mission://sessions/none/events",
            "mission://sessions/none/secrets",
            "mission://sessions/one/report?after=1",
            "mission://sessions/../../etc/passwd",
            "file:///etc/passwd",
        ):
            with pytest.raises(MCPError, match="Resource not found") as raised:
                await client.read_resource(uri)
            assert raised.value.error.code == (-32602 if era == "modern" else -32002)


@pytest.mark.anyio
async def test_the_list_of_resources_has_pages(tmp_path: Path) -> None:
    """And a cursor that was not given out is refused."""
    async with access_to(tmp_path) as access, client_of(access) as client:
        for number in range(30):
            await called(client, "mission_start", file="quick.yaml", session_id=f"s{number}", run=False)
        first = await client.list_resources()
        second = await client.list_resources(cursor=first.next_cursor)
        assert len({row.uri for row in (*first.resources, *second.resources)}) == 90
        assert second.next_cursor is None
        with pytest.raises(MCPError, match="was not given out here"):
            await client.list_resources(cursor="%%%")
