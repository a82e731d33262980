"""Tools that steer missions are never a mission's own, wherever its servers come from."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from journeyman.mission.values.errors import InvalidInput
from journeyman.tools.catalog import open_catalog

_MIXED = """
from mcp.server.mcpserver import MCPServer
from mcp_types import ToolAnnotations
server = MCPServer("mixed")
@server.tool()
def work() -> str:
    return "done"
@server.tool(meta={"dev.journeyman/control": True})
def mission_start() -> str:
    return "started"
server.run()
"""


@pytest.mark.anyio
@pytest.mark.parametrize("pattern", ["journeyman.*", "journeyman.mission_start", "*"])
async def test_a_mission_that_starts_our_server_is_refused_its_tools(tmp_path: Path, pattern: str) -> None:
    """With words that say why."""
    command = {"command": sys.executable, "args": ["-m", "journeyman", "--data-dir", str(tmp_path), "mcp"]}
    with pytest.raises(InvalidInput, match="no mission may have it") as raised:
        async with open_catalog(servers={"journeyman": command}, allow=[pattern], base_dir=tmp_path):
            pass
    assert raised.value.code == "control_tools"


@pytest.mark.anyio
async def test_other_tools_of_the_same_server_stay(tmp_path: Path) -> None:
    """A pattern that means both is only narrower."""
    (tmp_path / "mixed.py").write_text(_MIXED)
    command = {"command": sys.executable, "args": ["mixed.py"]}
    async with open_catalog(servers={"mixed": command}, allow=["mixed.*"], base_dir=tmp_path) as catalog:
        assert [tool.name for tool in await catalog.tools()] == ["mixed.work"]
