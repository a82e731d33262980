"""A host with missions in a folder, and clients of its server in memory, in either era."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Literal, cast

import anyio
from mcp import Client
from mcp.client.client import ConnectMode
from mcp.client.session import ElicitationFnT
from mcp_types import CallToolResult

from journeyman.config import Settings
from journeyman.hosting.access import AccessScope, Caller
from journeyman.hosting.host import MARK, hosted
from journeyman.hosting.mission_sources import MissionSources
from journeyman.interfaces.mcp.access import McpAccess, RequestContext
from journeyman.interfaces.mcp.server import MissionServer
from journeyman.interfaces.mcp.tool_errors import ERROR_META
from journeyman.tools.functions import tool
from journeyman.wiring import client_models, opened

Era = Literal["modern", "legacy"]
ERAS: Final[tuple[Era, ...]] = ("modern", "legacy")
EVERYTHING: Final = frozenset(AccessScope)
AGENT: Final = frozenset({AccessScope.READ, AccessScope.RUN})
QUICK: Final = """
name: quick
directive: Tell a number.
tools: [count_up]
criteria: [{id: told, kind: metric_threshold, metric: number, op: "==", target: 1}]
plan: [{calls: [{tool: count_up, args: {}}]}]
budget: {iterations: 3}
"""
ASKS: Final = QUICK.replace("quick", "asks") + "approve: always\n"
SLOW: Final = QUICK.replace("quick", "slow").replace("count_up", "wait_long")
STEPS: Final = """
name: steps
directive: Tell a number that never comes.
tools: [count_up]
criteria: [{id: told, kind: metric_threshold, metric: number, op: "==", target: 2}]
plan:
  - {calls: [{tool: count_up, args: {}}]}
  - {calls: [{tool: count_up, args: {}}]}
  - {calls: [{tool: count_up, args: {}}]}
  - {calls: [{tool: count_up, args: {}}]}
  - {calls: [{tool: count_up, args: {}}]}
budget: {iterations: 9}
stagnation: {threshold: 50}
"""


@tool(effect="pure")
async def count_up() -> dict[str, object]:
    """Tell a number."""
    return {"metrics": {"number": 1}}


@tool(effect="pure")
async def wait_long() -> dict[str, object]:
    """Take longer than any test."""
    await anyio.sleep(600)
    return {}


def write_missions(folder: Path) -> None:
    """The mission files of the tests."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {"quick": QUICK, "asks": ASKS, "slow": SLOW, "steps": STEPS}.items():
        (folder / f"{name}.yaml").write_text(text)


@asynccontextmanager
async def access_to(
    folder: Path, scopes: frozenset[AccessScope] = AGENT, *, tenant: str = "default", name: str = "robot"
) -> AsyncGenerator[McpAccess]:
    """What a caller with these scopes reaches, in a host of its own."""
    write_missions(folder / "missions")
    settings = Settings(data_dir=folder / "data", tenant=tenant, lease_ttl_s=2.0)
    async with (
        opened(
            settings, functions=[count_up, wait_long], driver_mark=MARK, clients=client_models(settings)
        ) as journeyman,
        hosted(journeyman) as host,
    ):
        sources = MissionSources(folder=folder / "missions", settings=settings)
        yield McpAccess(host=host, caller=Caller(name=name, tenant=tenant, scopes=scopes), sources=sources)


@asynccontextmanager
async def client_of(
    access: McpAccess, era: Era = "modern", person: ElicitationFnT | None = None
) -> AsyncGenerator[Client]:
    """A client in memory."""

    async def access_of(_context: RequestContext) -> McpAccess:
        return access

    mode = cast("ConnectMode", "legacy" if era == "legacy" else "auto")
    async with Client(MissionServer(access_of).build(), mode=mode, elicitation_callback=person) as client:
        yield client


async def called(client: Client, name: str, **arguments: Any) -> dict[str, Any]:
    """What a tool gives as data; fails where it gave an error."""
    found = await client.call_tool(name, arguments)
    assert isinstance(found, CallToolResult)
    assert not found.is_error, found.content
    return cast("dict[str, Any]", found.structured_content)


async def refused(client: Client, name: str, **arguments: Any) -> dict[str, Any]:
    """The error of a tool as data; fails where it gave none."""
    found = await client.call_tool(name, arguments)
    assert isinstance(found, CallToolResult)
    assert found.is_error, found.structured_content
    assert found.structured_content is None
    return cast("dict[str, dict[str, Any]]", found.meta)[ERROR_META]


def names_of(rows: Sequence[Any]) -> list[str]:
    """The names of what was listed."""
    return [row.name for row in rows]
