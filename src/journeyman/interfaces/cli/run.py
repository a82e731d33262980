"""`run`, `resume` and `logs`: drive a session and show it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from journeyman.config import Settings
from journeyman.engine import control
from journeyman.engine.clock import SystemClock
from journeyman.engine.engine import OnEvent
from journeyman.engine.standing import Standing, row_of, standing_of
from journeyman.hosting.removal import log_of
from journeyman.interfaces.cli.drive import (
    View,
    chosen_output,
    drive_and_print,
    driven,
    print_result,
)
from journeyman.interfaces.cli.dry_run import show_dry_run
from journeyman.interfaces.cli.mission_options import mission_for_run
from journeyman.interfaces.cli.mission_tools import fault_lines, read_mission
from journeyman.interfaces.cli.named_values import parameters_given
from journeyman.interfaces.cli.notifying import notifying_problem
from journeyman.interfaces.cli.options import (
    AdvisorOption,
    DetachOption,
    DryRunOption,
    JsonOption,
    ModelOption,
    NoInputOption,
    NotifyOption,
    OutputOption,
    PersonOption,
    QuietOption,
    ReportOption,
    SessionArgument,
    SessionIdOption,
    SetOption,
    VerboseOption,
)
from journeyman.interfaces.cli.output import Output
from journeyman.interfaces.cli.shared import CommandGroup, exit_code, given_id, person, print_json, settings_of
from journeyman.interfaces.cli.terminal import say, say_on_the_side
from journeyman.interfaces.cli.with_session import once_free, with_journeyman, with_session
from journeyman.interfaces.pages.report_files import report_option, write_at_ending
from journeyman.mission.model.mission import Mission
from journeyman.mission.model.state import State
from journeyman.mission.values.errors import InvalidInput, Problem, Unavailable
from journeyman.wiring import Journeyman

app = CommandGroup()


@app.command("run")
def run(
    ctx: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(metavar="MISSION", help="Mission file: YAML, JSON or TOML; `-` reads YAML from standard input."),
    ],
    budget: Annotated[
        list[str],
        typer.Option("--budget", metavar="KIND=N", help="Another ceiling than the file's, such as iterations=5."),
    ] = [],  # noqa: B006  # typer's form
    values: SetOption = [],  # noqa: B006  # typer's form
    advisor: AdvisorOption = "",
    model: ModelOption = "",
    session_id: SessionIdOption = None,
    dry_run: DryRunOption = False,
    detach: DetachOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    no_input: NoInputOption = False,
    notify: NotifyOption = "",
    report: ReportOption = None,
    as_name: PersonOption = "",
    output: OutputOption = Output.text,
    as_json: JsonOption = False,
) -> None:
    """Run a mission until its criteria hold or its budget ends.

    Progress goes to standard error, the result to standard output, what tools print to a log (`journeyman logs`).
    Exit codes: 0 achieved, 1 not achieved, 2 bad input, 3 a person must act, 4 could not start, 130 interrupted. What
    was interrupted goes on with `journeyman resume`.

    What --set, --budget, --advisor, --model and --report say is recorded with the mission, so that a resumed session keeps it.
    """
    settings = settings_of(ctx)
    mission, folder = read_mission(file, parameters_given(values))
    mission = mission_for_run(mission, settings, file, budget=budget, advisor=advisor, model=model, report=report)
    if dry_run:
        show_dry_run(mission, folder, as_json=as_json)
        return
    session, notifies = given_id(session_id) or f"s{SystemClock().new_id()}", _notified(notify, settings)
    if detach:
        _detach(settings, mission, folder, session, notify, as_json=as_json)
        return
    view = View(
        output=chosen_output(output, as_json=as_json),
        quiet=quiet,
        verbose=verbose,
        who="" if no_input else person(settings, as_name),
        notify=notifies,
    )
    with fault_lines(file):
        drive_and_print(
            settings,
            lambda journeyman, on_event: journeyman.engine.run(mission, folder, on_event, session_id=session),
            session,
            view,
        )


def _notified(given: str, settings: Settings) -> str:
    """How a person is told: one that was asked for now and cannot be is refused, one of the settings is said to be none."""
    problem = notifying_problem(given or settings.notify)
    if problem and given:
        raise InvalidInput("the command line", (Problem(where="--notify", message=problem),))
    say_on_the_side(f"nobody will be notified: {problem} (setting `notify`)" if problem else "")
    return given or settings.notify


def _detach(settings: Settings, mission: Mission, folder: Path, session: str, notify: str, *, as_json: bool) -> None:
    """Record the session, and leave it to a process of its own that outlives this terminal."""
    with_journeyman(settings, lambda journeyman: journeyman.engine.create(mission, folder, session_id=session))
    log = log_of(settings, session)
    where = ["--data-dir", str(settings.data_dir), "--tenant", settings.tenant]
    argv = [sys.executable, "-m", "journeyman", *where, "resume", session, "--no-input"]
    argv += ["--notify", notify] if notify else []
    try:
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        log.touch(mode=0o600)
        with log.open("ab") as file:
            child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True)  # noqa: S603  # ourselves
    except OSError as error:
        raise Unavailable(
            f"cannot begin a background process: {error}; journeyman resume {session} runs it here"
        ) from None
    if as_json:
        print_json({"session_id": session, "pid": child.pid, "log": str(log)})
        return
    say(session)
    say(
        f"process {child.pid} drives it; follow it with: journeyman watch {session}, its output: journeyman logs {session}",
        err=True,
    )


@app.command("resume")
def resume(
    ctx: typer.Context,
    session: SessionArgument,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    no_input: NoInputOption = False,
    notify: NotifyOption = "",
    report: ReportOption = None,
    as_name: PersonOption = "",
    output: OutputOption = Output.text,
    as_json: JsonOption = False,
) -> None:
    """Go on with a session that was paused, waits for a person who has answered, or whose process ended.

    No settled effect is repeated. Effects under way when the process ended are run again where that is safe, asked
    about where they have a probe, and otherwise left for you: `journeyman effects` lists them.
    """
    settings = settings_of(ctx)
    who = person(settings, as_name)

    async def found(_: Journeyman, name: str) -> str:
        return name

    name = with_session(settings, session, found)

    async def reopened(journeyman: Journeyman, on_event: OnEvent) -> State:
        if standing_of(await row_of(journeyman.store, name)) in (Standing.ENDED, Standing.COULD_NOT_START):
            say(f"{name} has ended, so nothing is left to resume; journeyman fork {name} goes on from it", err=True)
        await control.resume(journeyman.store, journeyman.clock, name, who)
        return await driven(journeyman, on_event, name)

    view = View(
        output=chosen_output(output, as_json=as_json),
        quiet=quiet,
        verbose=verbose,
        who="" if no_input else who,
        notify=_notified(notify, settings),
        report=None if report is None else report_option(report),
    )
    drive_and_print(settings, reopened, name, view)


@app.command("logs")
def logs(
    ctx: typer.Context,
    session: SessionArgument,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the session is driven no more.")] = False,
) -> None:
    """Print what the tools of a session have printed, and what a detached run said."""
    settings = settings_of(ctx)

    async def work(journeyman: Journeyman, name: str) -> None:
        log, seen = log_of(settings, name), 0
        while True:
            going_on = standing_of(await row_of(journeyman.store, name)) is Standing.RUNNING
            seen += _print_from(log, seen)
            if not (follow and going_on):
                break
            await journeyman.clock.sleep(0.2)
        if not seen:
            say(f"the tools of {name} have printed nothing", err=True)

    with_session(settings, session, work)


def _print_from(log: Path, start: int) -> int:
    """Print a log from a place on, and tell how many bytes that were."""
    try:
        with log.open("rb") as file:
            file.seek(start)
            data = file.read()
    except OSError:
        return 0
    say(data.decode(errors="replace"), nl=False, exact=True)
    return len(data)


@app.command("conclude", hidden=True)
def conclude(
    ctx: typer.Context, session: SessionArgument, report: ReportOption = None, as_json: JsonOption = False
) -> None:
    """Write the ending of a session whose process was killed, since a tool held it past the deadline."""
    settings = settings_of(ctx)
    say(
        f"a tool held the process past the mission's deadline, so it was killed; `isolate: true` runs a function apart ({session})",
        err=True,
    )

    async def work(journeyman: Journeyman, name: str) -> State:
        state = await once_free(journeyman, name, lambda: journeyman.engine.conclude(name))
        await print_result(journeyman, state, Output.json if as_json else Output.text)
        say_on_the_side(await write_at_ending(journeyman, name, report))
        return state

    raise typer.Exit(exit_code(with_session(settings, session, work)))
