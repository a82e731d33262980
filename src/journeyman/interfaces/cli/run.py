"""`run` and `resume`: drive a session and show it."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from journeyman.config import Settings
from journeyman.engine import control
from journeyman.engine.engine import OnEvent
from journeyman.engine.reporting import report_of
from journeyman.interfaces.cli.live_display import Display, open_display
from journeyman.interfaces.cli.options import JsonOption, NoInputOption, PersonOption, QuietOption, SessionArgument
from journeyman.interfaces.cli.rendering import summary_text
from journeyman.interfaces.cli.shared import (
    INTERRUPTED,
    CommandGroup,
    exit_code,
    find_session,
    person,
    print_json,
    settings_of,
)
from journeyman.interfaces.cli.terminal import say
from journeyman.interfaces.cli.watchdog import Watchdog
from journeyman.interfaces.cli.with_session import with_journeyman, with_session
from journeyman.mission.files.mission_file import with_ceilings
from journeyman.mission.model.events import EventRecord
from journeyman.mission.model.reasons import SessionStatus, WaitFor
from journeyman.mission.model.state import State
from journeyman.mission.report.model import to_json
from journeyman.mission.values.canonical import JsonObject
from journeyman.mission.values.errors import InvalidInput, LeaseHeld, Problem
from journeyman.mission.values.printable import visible
from journeyman.wiring import Journeyman, load_mission

app = CommandGroup()
Drive = Callable[[Journeyman, OnEvent], Awaitable[State]]
_BUDGET_KINDS = {"iterations": int, "wall_clock_s": float, "tool_calls": int, "tokens": int, "cost_usd": float}


@app.command("run")
def run(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="MISSION", help="Mission file: YAML, JSON or TOML.")],
    budget: Annotated[
        list[str],
        typer.Option("--budget", metavar="KIND=N", help="Another ceiling than the file's, such as iterations=5."),
    ] = [],  # noqa: B006  # typer's form
    quiet: QuietOption = False,
    no_input: NoInputOption = False,
    as_name: PersonOption = "",
    as_json: JsonOption = False,
) -> None:
    """Run a mission until its criteria hold or its budget ends.

    Progress goes to standard error, the result to standard output. Exit codes: 0 achieved, 1 not achieved, 2 bad
    input, 3 a person must act, 130 interrupted. What was interrupted goes on with `journeyman resume`.
    """
    settings = settings_of(ctx)
    mission, folder = load_mission(file)
    if budget:
        mission = with_ceilings(mission, budget_changes(budget), "--budget")
    who = "" if no_input or not sys.stdin.isatty() else person(settings, as_name)
    _drive_and_print(
        settings,
        lambda journeyman, on_event: journeyman.engine.run(mission, folder, on_event),
        quiet=quiet,
        who=who,
        as_json=as_json,
    )


@app.command("resume")
def resume(
    ctx: typer.Context,
    session: SessionArgument,
    quiet: QuietOption = False,
    no_input: NoInputOption = False,
    as_name: PersonOption = "",
    as_json: JsonOption = False,
) -> None:
    """Go on with a session that was paused, waits for a person who has answered, or whose process ended.

    No settled effect is repeated. Effects under way when the process ended are run again where that is safe, asked
    about where they have a probe, and otherwise left for you: `journeyman effects` lists them.
    """
    settings = settings_of(ctx)
    who = person(settings, as_name)

    async def reopened(journeyman: Journeyman, on_event: OnEvent) -> State:
        name = await find_session(journeyman.store, session)
        await control.resume(journeyman.store, journeyman.clock, name, who)
        return await _driven(journeyman, on_event, name)

    asked = "" if no_input or not sys.stdin.isatty() else who
    _drive_and_print(settings, reopened, session=session, quiet=quiet, who=asked, as_json=as_json)


@app.command("conclude", hidden=True)
def conclude(ctx: typer.Context, session: SessionArgument, as_json: JsonOption = False) -> None:
    """Write the ending of a session whose process was killed, since a tool held it past the deadline."""
    settings = settings_of(ctx)
    say(
        f"a tool held the process past the mission's deadline, so it was killed; `isolate: true` runs a function apart ({session})",
        err=True,
    )

    async def work(journeyman: Journeyman, name: str) -> State:
        state = await _once_free(journeyman, name, lambda: journeyman.engine.conclude(name))
        await _print_result(journeyman, state, as_json=as_json)
        return state

    raise typer.Exit(exit_code(with_session(settings, session, work)))


def _drive_and_print(
    settings: Settings, start: Drive, *, session: str = "", quiet: bool, who: str, as_json: bool
) -> None:
    """Drive, ask `who`, if anybody, where a person is needed, and print how it ended."""
    display, watchdog = open_display(quiet=quiet), Watchdog(settings, as_json=as_json)

    def listen(happened: EventRecord, state: State) -> None:
        nonlocal session
        session = state.session_id
        watchdog.follow(happened, state)
        display.show(happened, state)

    async def work(journeyman: Journeyman) -> State:
        drive = start
        while True:
            try:
                state = await drive(journeyman, listen)
            finally:
                watchdog.off()
            if not await _answered(journeyman, state, display, who):
                break
            drive = partial(_driven, session=state.session_id)
        display.close()
        await _print_result(journeyman, state, as_json=as_json)
        return state

    try:
        state = with_journeyman(settings, work)
    except KeyboardInterrupt:
        display.close()
        where = f"journeyman resume {session}" if session else "journeyman list"
        say(f"interrupted; nothing is lost. Go on with: {where}", err=True)
        raise typer.Exit(INTERRUPTED) from None
    finally:
        display.close()
    raise typer.Exit(exit_code(state))


async def _answered(journeyman: Journeyman, state: State, display: Display, who: str) -> bool:
    """Ask the person at the terminal what the session asks, if it is for that person, and tell whether it was."""
    pending = state.people.pending
    if pending is None or not who or (pending.by and pending.by != who):
        return False
    display.close()
    granted = typer.confirm(visible(f"{state.mission.name}: {pending.question}"), default=False, err=True)
    await control.answer(
        journeyman.store, journeyman.clock, state.session_id, who, granted=granted, approval=pending.approval
    )
    return True


async def _driven(journeyman: Journeyman, on_event: OnEvent, session: str) -> State:
    return await _once_free(journeyman, session, lambda: journeyman.engine.drive(session, on_event))


async def _once_free(journeyman: Journeyman, session: str, drive: Callable[[], Awaitable[State]]) -> State:
    """Drive; where a process that was killed still holds the lease, wait for it to run out."""
    deadline = journeyman.clock.monotonic() + journeyman.settings.lease_ttl_s + 1
    told_so = False
    while True:
        try:
            return await drive()
        except LeaseHeld:
            if journeyman.clock.monotonic() > deadline:
                raise
            if not told_so:
                most = journeyman.settings.lease_ttl_s
                say(f"another process holds {session}; waiting up to {most:g} s for its lease to run out", err=True)
                told_so = True
            await journeyman.clock.sleep(0.2)


async def _print_result(journeyman: Journeyman, state: State, *, as_json: bool) -> None:
    if as_json:
        print_json(to_json(await report_of(journeyman.store, state.session_id)))
        return
    say(summary_text(state))
    if state.status is not SessionStatus.ENDED:
        say(next_step(state), err=True)


def next_step(state: State) -> str:
    """The command that lets a waiting session go on."""
    session = state.session_id
    if state.people.pending is not None:
        who = f" --as {state.people.pending.by}" if state.people.pending.by else ""
        return f"say yes with: journeyman approve {session}{who}   (or deny), then: journeyman resume {session}"
    if state.people.wait is WaitFor.EFFECT:
        effect = state.unknown[0].intended.effect if state.unknown else "EFFECT"
        return f"find out whether it happened, then: journeyman resolve {session} {effect} --done|--not-done"
    if state.people.wait is WaitFor.BUDGET:
        return f"give more with: journeyman amend {session} iterations=N, then: journeyman resume {session}"
    return f"go on with: journeyman resume {session}"


def budget_changes(texts: list[str]) -> JsonObject:
    """Ceilings from `KIND=N` texts; `none` means no limit."""
    changes: JsonObject = {}
    problems: list[Problem] = []
    for text in texts:
        name, _, value = text.partition("=")
        kind = _BUDGET_KINDS.get(name)
        if kind is None:
            problems.append(
                Problem(where=text, message=f"{name!r} is no budget", hint=f"one of {', '.join(_BUDGET_KINDS)}")
            )
            continue
        try:
            changes[name] = None if value == "none" else kind(value)
        except ValueError:
            problems.append(Problem(where=text, message=f"{value!r} is no {kind.__name__}", hint=f"as in {name}=10"))
    if problems:
        raise InvalidInput("budget", tuple(problems))
    return changes
