"""`view`: one session in a browser, alive."""

from __future__ import annotations

import webbrowser
from typing import TYPE_CHECKING, Annotated

import anyio.to_thread
import typer

from journeyman.interfaces.cli.options import JsonOption, SessionArgument
from journeyman.interfaces.cli.shared import CommandGroup, print_json, settings_of
from journeyman.interfaces.cli.terminal import say
from journeyman.interfaces.cli.with_session import with_session
from journeyman.mission.values.errors import NotFound

if TYPE_CHECKING:
    from journeyman.wiring import Journeyman

app = CommandGroup()


@app.command("view")
def view(
    ctx: typer.Context,
    session: SessionArgument,
    port: Annotated[
        int, typer.Option("--port", metavar="N", min=0, max=65535, help="The port; a free one otherwise.")
    ] = 0,
    no_open: Annotated[bool, typer.Option("--no-open", help="Print the link and start no browser.")] = False,
    who: Annotated[
        str,
        typer.Option("--as", metavar="NAME", help="Answer and act there under this name; without it pages only show."),
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Show a session in a browser, alive, until Ctrl-C: criteria, budget, iterations, effects, events, what it asks.

    It listens on this machine alone. The link holds a secret: whoever has it sees the session, and with --as acts under
    that name. A session that you let go on from there is driven by this process, and put down in order when it stops.
    """
    try:
        from journeyman.interfaces.viewer.single_session import serve_session  # noqa: PLC0415  # brings the web server
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("starlette", "uvicorn", "sse_starlette"):
            raise
        message = f"the viewer needs {error.name}: pip install 'journeyman[serve]'"
        raise NotFound(message, code="extra_missing") from None

    async def ready(link: str) -> None:
        if as_json:
            print_json({"link": link})
        else:
            say(f"{link}\nCtrl-C ends it", exact=True)
        if not no_open and not await anyio.to_thread.run_sync(webbrowser.open, link):
            say("no browser could be started; open that link in one", err=True)

    async def work(journeyman: Journeyman, name: str) -> None:
        await serve_session(journeyman, name, person=who, port=port, ready=ready)

    try:
        with_session(settings_of(ctx), session, work)
    except KeyboardInterrupt:  # the way to end it
        say("ended", err=True)
