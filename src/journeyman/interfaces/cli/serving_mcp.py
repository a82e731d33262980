"""`mcp`: serve missions to an MCP client over standard streams."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from journeyman.config import Settings
from journeyman.hosting.access import AccessScope, Caller
from journeyman.hosting.host import MARK, SessionHost, hosted
from journeyman.hosting.mission_sources import MissionSources
from journeyman.interfaces.cli.event_loop import run_async
from journeyman.interfaces.cli.options import PersonOption
from journeyman.interfaces.cli.shared import CommandGroup, person, settings_of
from journeyman.interfaces.cli.terminal import say
from journeyman.interfaces.session_endings import write_out
from journeyman.mission.values.errors import InvalidInput, NotFound, Problem
from journeyman.wiring import client_models, opened

app = CommandGroup()


@app.command("mcp")
def serve_mcp(
    ctx: typer.Context,
    missions: Annotated[
        Path,
        typer.Option(
            "--missions", metavar="DIR", help="Mission files below it may be started; work happens beside each."
        ),
    ] = Path(),
    scope: Annotated[
        list[AccessScope],
        typer.Option(
            "--scope",
            metavar="SCOPE",
            show_default=False,
            help="What the client may do: read, run, author, person; repeat it for more. Read and run when left out.",
        ),
    ] = [AccessScope.READ, AccessScope.RUN],  # noqa: B006  # typer's form
    as_name: PersonOption = "",
) -> None:
    """Serve missions to an MCP client, such as a coding agent, over standard input and output (stdio).

    Scopes: `read` sees sessions, records and reports. `run` starts the missions below --missions, pauses and resumes, answers
    prompts as a model, checks guarded folders. `author` starts missions and tasks of the client's own, whose commands run on
    this machine. `person` speaks for you: approves, amends, ends, aborts; without it the client asks you where it can.

    Sessions are driven while the client stays connected, then put down in order; the next `journeyman mcp` with the scope
    run goes on with them, and so does `journeyman resume`.
    """
    settings = settings_of(ctx)
    if not missions.is_dir():
        raise NotFound(f"{str(missions)!r} is no folder; name the one that holds your mission files with --missions")
    if sys.stdin.isatty():
        say(
            "waits for an MCP client on standard input; clients start this command by themselves (Ctrl-C ends it)",
            err=True,
        )
    caller = Caller(name=person(settings, as_name), tenant=settings.tenant, scopes=frozenset(scope))
    run_async(lambda: _serve(settings, caller, missions.absolute()))


async def _serve(settings: Settings, caller: Caller, missions: Path) -> None:
    try:
        from journeyman.interfaces.mcp.access import McpAccess  # noqa: PLC0415  # the SDK is an extra, and slow to load
        from journeyman.interfaces.mcp.stdio import serve_stdio  # noqa: PLC0415  # as above
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in ("mcp", "mcp_types"):
            raise
        problem = Problem(where="mcp", message="needs the MCP SDK", hint="pip install 'journeyman[mcp]'")
        raise InvalidInput("journeyman mcp", (problem,), code="extra_missing") from None
    async with (
        opened(settings, driver_mark=MARK, clients=client_models(settings)) as journeyman,
        hosted(journeyman, at_ending=write_out) as host,
    ):
        await _take_up(host, caller)
        sources = MissionSources(folder=missions, settings=settings)
        await serve_stdio(McpAccess(host=host, caller=caller, sources=sources))


async def _take_up(host: SessionHost, caller: Caller) -> None:
    if AccessScope.RUN in caller.scopes:
        await host.take_up()
