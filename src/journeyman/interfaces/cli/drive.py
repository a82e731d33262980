"""Drives a session and shows it: the view, questions to the person in front, what is printed elsewhere, and the result."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import anyio
import typer

from journeyman.config import Settings
from journeyman.engine.engine import OnEvent
from journeyman.engine.reporting import report_of
from journeyman.engine.standing import row_of
from journeyman.hosting.removal import log_of
from journeyman.interfaces.cli.approval_prompt import answered, is_for
from journeyman.interfaces.cli.approval_rows import FailedCalls
from journeyman.interfaces.cli.command_output import log_output
from journeyman.interfaces.cli.live_display import Display, open_display
from journeyman.interfaces.cli.next_steps import next_step
from journeyman.interfaces.cli.notifying import notify
from journeyman.interfaces.cli.output import Output
from journeyman.interfaces.cli.rendering import summary_text
from journeyman.interfaces.cli.shared import INTERRUPTED, exit_code, print_json
from journeyman.interfaces.cli.terminal import others_print_to, say, say_on_the_side
from journeyman.interfaces.cli.watchdog import Watchdog
from journeyman.interfaces.cli.with_session import once_free, with_journeyman
from journeyman.interfaces.pages.report_files import write_at_ending
from journeyman.mission.model.events import EndAsked, EventRecord, encode
from journeyman.mission.model.reasons import SessionStatus, VerdictReason
from journeyman.mission.model.state import State
from journeyman.mission.report.model import to_json
from journeyman.mission.values.canonical import JsonObject
from journeyman.tasks.outputs import put_out_at_ending
from journeyman.wiring import Journeyman

_REPORT_S: Final = 60.0
"""For the report of an ending; that of a record of 100,000 events takes two seconds."""
Drive = Callable[[Journeyman, OnEvent], Awaitable[State]]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How a session is shown while it is driven."""

    output: Output
    quiet: bool
    verbose: bool
    who: str
    """Who answers questions here; empty where nobody is asked."""
    notify: str
    """How a person is told who looks elsewhere; see `notifying.notify`."""
    report: Path | None = None
    """File for the report in place of the mission's."""


def chosen_output(output: Output, *, as_json: bool) -> Output:
    """`--json` is the short form of `--output json`."""
    return Output.json if as_json else output


def drive_and_print(settings: Settings, start: Drive, session: str, view: View) -> None:
    """Drive a session, ask the person in front of it where one is needed, print how it ended, and exit with its code."""
    with others_print_to(log_of(settings, session)):
        addresses: dict[str, str] = {}
        display = open_display(quiet=view.quiet, verbose=view.verbose, addresses=addresses)

        async def work(journeyman: Journeyman) -> State:
            addresses.update(_addresses(journeyman))
            return await _driven(journeyman, start, session, display, view)

        try:
            state = with_journeyman(settings, work)
        except KeyboardInterrupt:
            display.close()
            say(f"interrupted; nothing is lost. Go on with: journeyman resume {session}", err=True)
            raise typer.Exit(INTERRUPTED) from None
        finally:
            display.close()
    raise typer.Exit(exit_code(state))


def _addresses(journeyman: Journeyman) -> dict[str, str]:
    """Where each advisor is asked."""
    broker = journeyman.broker
    return {row.name: row.address for row in broker.resolve(sorted(broker.advisors)) if row.address}


async def _driven(journeyman: Journeyman, start: Drive, session: str, display: Display, view: View) -> State:
    """Drive it to its end, and leave its report whatever that was: also where it failed, or was interrupted too late."""
    try:
        return await _driven_to_its_end(journeyman, start, display, view)
    finally:
        wrote = f"no report was written in {_REPORT_S:g} s: journeyman report {session} -o FILE writes it again"
        with anyio.move_on_after(_REPORT_S, shield=True):
            wrote = await write_at_ending(journeyman, session, view.report)
        display.close()
        say_on_the_side(wrote)
        with anyio.move_on_after(_REPORT_S, shield=True):
            say_on_the_side(await put_out_at_ending(journeyman, session))


async def _driven_to_its_end(journeyman: Journeyman, start: Drive, display: Display, view: View) -> State:
    watchdog, failed = _watchdog(journeyman.settings, view), FailedCalls()
    told: set[str] = set()

    def listen(happened: EventRecord, state: State) -> None:
        watchdog.follow(happened, state)
        failed.take(happened, state)
        log_output(happened, state)
        if not _is_told_as_error(happened):
            display.show(happened, state)
        if view.output is Output.ndjson:
            print_event(happened, state)
        if not told:
            told.add(state.session_id)
            for row in journeyman.broker.resolve(state.mission.advisors):
                if not row.used:
                    display.say(f"advisor {row.name} is not asked: {row.why}")

    drive = start
    while True:
        try:
            state = await drive(journeyman, listen)
        finally:
            watchdog.off()
        unsent = notify(view.notify, state)
        say_on_the_side(unsent) if view.quiet else display.say(unsent)
        if not is_for(state, view.who):
            break
        await answered(journeyman, state, display, view.who, failed, listen)
        drive = partial(driven, session=state.session_id)
    display.close()
    await print_result(journeyman, state, view.output)
    return state


def _is_told_as_error(happened: EventRecord) -> bool:
    """Tell whether an event says what this command will end with, with the file's lines."""
    event = happened.event
    return isinstance(event, EndAsked) and event.reason is VerdictReason.COULD_NOT_START


def _watchdog(settings: Settings, view: View) -> Watchdog:
    return Watchdog(settings, as_json=view.output is Output.json, report=view.report)


async def driven(journeyman: Journeyman, on_event: OnEvent, session: str) -> State:
    """Drive a session that was begun before."""
    return await once_free(journeyman, session, lambda: journeyman.engine.drive(session, on_event))


def print_event(happened: EventRecord, state: State) -> None:
    """Print an event as one line of JSON."""
    row: JsonObject = {
        "session_id": state.session_id,
        "at": happened.at,
        "actor": happened.actor,
        "kind": type(happened.event).__name__,
        "iteration": state.iteration.index,
        "data": encode(happened.event),
    }
    say(json.dumps(row, ensure_ascii=False, sort_keys=True), exact=True)


async def print_result(journeyman: Journeyman, state: State, output: Output) -> None:
    """Print how a session stands now that it is not driven any more."""
    if output is Output.json:
        print_json(to_json(await report_of(journeyman.store, state.session_id)))
    if output is not Output.text:
        return
    row = await row_of(journeyman.store, state.session_id)
    say(summary_text(state, row))
    if state.status is SessionStatus.ENDED:
        say(f"the whole report: journeyman report {state.session_id} --open", err=True)
    else:
        say(next_step(state, row), err=True)
