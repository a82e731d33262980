"""`agents`: which coding agents are there, and whether one does a tiny task."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final, cast

import typer

from journeyman.agents.drivers.base import Capabilities, WorkLimits
from journeyman.agents.drivers.discovery import AgentFinding, look_for_agents
from journeyman.agents.drivers.events import AgentEnded, AgentEvent, Ending
from journeyman.agents.drivers.registry import apprentice_for
from journeyman.apprentices.attempt import AgentAttempt, AttemptOrder, run_attempt
from journeyman.apprentices.event_lines import event_line
from journeyman.concurrency.folder_removal import remove_folder
from journeyman.config import Settings
from journeyman.interfaces.cli.event_loop import run_async
from journeyman.interfaces.cli.options import JsonOption
from journeyman.interfaces.cli.rendering import print_table, table
from journeyman.interfaces.cli.shared import NOT_ACHIEVED, CommandGroup, print_json, settings_of
from journeyman.interfaces.cli.terminal import say, say_on_the_side
from journeyman.mission.values.canonical import Json
from journeyman.mission.values.printable import visible_line

app = CommandGroup()
agents = CommandGroup(help="List the coding agents on this machine, and try one.", invoke_without_command=True)
app.add_typer(agents, name="agents")
_FILE: Final = "agent-check.txt"
_WORDS: Final = "The agent works."
_WANTED: Final = frozenset(hashlib.sha256(f"{_WORDS}{end}".encode()).hexdigest() for end in ("", "\n", "\r\n"))
_PROMPT: Final = (
    f"Create a file named {_FILE} in the current folder that holds exactly this line:\n\n{_WORDS}\n\n"
    "Change nothing else, then say that you are done.\n"
)
_UNKNOWN_LOGIN: Final = "none found"


@agents.callback(invoke_without_command=True)
def list_agents(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """List the coding agents: program, version, login as far as it can be told offline, and how each would be driven."""
    if ctx.invoked_subcommand is not None:
        return
    settings = settings_of(ctx)
    found = run_async(lambda: look_for_agents(settings.agents))
    if as_json:
        print_json([cast("Json", asdict(row)) for row in found])
        return
    made = table("", "agent", "version", "login", "driven", "confined", "program")
    for row in found:
        login = "" if not row.ready else row.login or ("" if row.driver == "command" else _UNKNOWN_LOGIN)
        cells = (row.name, row.version, login, _driven(row), row.confined.partition(":")[0] if row.ready else "")
        made.add_row("✓" if row.ready else "-", *cells, visible_line(row.detail, 200))
    print_table(made)
    say("`journeyman agents check NAME` has one do a tiny task: with its own model, unless --model-url names another.")


@agents.command("check")
def check(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="As `journeyman agents` lists it.")],
    model_url: Annotated[
        str, typer.Option("--model-url", metavar="URL", help="Where its model is asked, such as a scripted one.")
    ] = "",
    timeout_s: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", min=1, help="Then it is ended, with all that it started.")
    ] = 180.0,
    as_json: JsonOption = False,
) -> None:
    """Have an agent write one file in an empty folder, and look whether it is there; exits with 1 when it is not."""
    settings = settings_of(ctx)
    result, works = run_async(lambda: _check(settings, name, model_url, timeout_s, quiet=as_json))
    if as_json:
        print_json(_as_json(name, result, works=works))
    else:
        say(_summary(name, result, works=works))
    if not works:
        raise typer.Exit(NOT_ACHIEVED)


async def _check(
    settings: Settings, name: str, model_url: str, timeout_s: float, *, quiet: bool
) -> tuple[AgentAttempt, bool]:
    agent = apprentice_for(name, settings.agents, model_url=model_url)
    folder = Path(tempfile.mkdtemp(prefix="journeyman-agent-check-"))
    try:
        limits = WorkLimits(wall_clock_s=timeout_s)
        order = AttemptOrder(prompt=_PROMPT, place=folder / "attempt", limits=limits)
        result = await run_attempt(agent, order, lambda event, at_s: None if quiet else _show(event, at_s))
    finally:
        remove_folder(folder)
    made = {change.path: change.after_sha256 for change in result.changes if not change.omitted}
    return result, made.get(_FILE, "") in _WANTED


def _show(event: AgentEvent, at_s: float) -> None:
    if not isinstance(event, AgentEnded) and (line := event_line(event, at_s)):
        say_on_the_side(line)


def _driven(row: AgentFinding) -> str:
    """How it would be driven, in a few words."""
    can: Capabilities = row.capabilities
    words = [
        row.driver.value if row.driver is not None else "",
        "asks" if can.asks else "",
        "resumes" if can.resumes else "",
        "" if can.tells_usage else "tells no usage",
    ]
    return ", ".join(word for word in words if word)


def _summary(name: str, result: AgentAttempt, *, works: bool) -> str:
    ended, said = result.ended, result.said
    used = f", {said.tokens} tokens" if said is not None else ""
    used += f", {said.cost_usd:.4f} USD" if said is not None and said.cost_usd is not None else ""
    took = f"{result.counted.duration_s:.1f} s{used}"
    if works:
        return f"{name} works: the file is there ({took})"
    why = ended.detail or ended.stop_reason or "no reason given"
    made = f"{_FILE} is not as asked" if ended.how is Ending.FINISHED else f"it ended as {ended.how.value}: {why}"
    return f"{name} did not do it: {visible_line(made)} ({took})"


def _as_json(name: str, result: AgentAttempt, *, works: bool) -> Json:
    said = result.said
    return {
        "agent": name,
        "works": works,
        "ended": cast("Json", asdict(result.ended)),
        "session_id": result.session_id,
        "message": result.message,
        "changed": [change.shown for change in result.changes],
        "said": None if said is None else cast("Json", asdict(said)),
        "counted": cast("Json", asdict(result.counted)),
        "confinement": None if result.confinement is None else cast("Json", asdict(result.confinement)),
    }
