"""What people do to sessions: pause, end, answer, amend, note, fork, and settle unknown effects."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, cast

import typer

from journeyman.engine import control
from journeyman.engine.clock import Clock
from journeyman.engine.record_reading import state_of
from journeyman.engine.reporting import report_of
from journeyman.interfaces.cli.rendering import console, table_of
from journeyman.interfaces.cli.run import budget_changes, next_step
from journeyman.interfaces.cli.sessions import state_json
from journeyman.interfaces.cli.shared import (
    AS,
    JSON,
    SESSION,
    find_session,
    handle_errors,
    person,
    print_json,
    run_async,
    settings_of,
)
from journeyman.interfaces.cli.terminal import say
from journeyman.mission.model.reasons import SessionStatus
from journeyman.mission.model.state import State
from journeyman.mission.report.document import effects_table
from journeyman.mission.report.model import to_json
from journeyman.mission.report.rows import EffectRow
from journeyman.mission.values.canonical import JsonObject
from journeyman.mission.values.errors import CallerError, LeaseHeld
from journeyman.mission.values.value import replace
from journeyman.stores.base import Store
from journeyman.wiring import Journeyman, opened

app = typer.Typer(rich_markup_mode=None)
Act = Callable[[Store, Clock, str, str], Awaitable[State]]
NOTE = typer.Option("--note", "-m", help="Why, for the record.")


def _record_action(
    ctx: typer.Context, session: str, as_name: str, act: Act, said: str, *, as_json: bool, finish: bool = False
) -> None:
    """Add one event to a session's record and say how it stands; `finish` writes the ending where nobody drives."""
    settings = settings_of(ctx)
    who = person(settings, as_name)

    async def work() -> State:
        async with opened(settings) as journeyman:
            name = await find_session(journeyman.store, session)
            state = await act(journeyman.store, journeyman.clock, name, who)
            return await _finished(journeyman, name, state) if finish else state

    state = run_async(work)
    if as_json:
        print_json(state_json(state))
        return
    say(f"{state.session_id}: {said}; it is {state.status.value} now")
    if state.status is not SessionStatus.ENDED:
        say(next_step(state), err=True)


async def _finished(journeyman: Journeyman, name: str, state: State) -> State:
    try:
        return await journeyman.engine.drive(name)
    except LeaseHeld:
        return state  # its driver sees the event and writes the ending


@app.command("pause")
@handle_errors
def pause(
    ctx: typer.Context,
    session: Annotated[str, SESSION],
    note: Annotated[str, NOTE] = "",
    as_name: Annotated[str, AS] = "",
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Stop a session at its next safe point; `journeyman resume` goes on."""
    _record_action(
        ctx,
        session,
        as_name,
        partial(control.pause, note=note),
        "paused",
        as_json=as_json,
    )


@app.command("abort")
@handle_errors
def abort(
    ctx: typer.Context,
    session: Annotated[str, SESSION],
    note: Annotated[str, NOTE] = "",
    as_name: Annotated[str, AS] = "",
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """End a session now: running calls are cancelled, and the report says who ended it."""
    act: Act = partial(control.end, abort=True, note=note)
    _record_action(ctx, session, as_name, act, "aborted", as_json=as_json, finish=True)


@app.command("end")
@handle_errors
def end(
    ctx: typer.Context,
    session: Annotated[str, SESSION],
    note: Annotated[str, NOTE] = "",
    as_name: Annotated[str, AS] = "",
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """End a session after its running calls have settled; the outcome is what the evidence says."""
    act: Act = partial(control.end, abort=False, note=note)
    _record_action(ctx, session, as_name, act, "told to end", as_json=as_json, finish=True)


def _answer(
    ctx: typer.Context, session: str, approval: str, note: str, as_name: str, *, granted: bool, as_json: bool
) -> None:
    act: Act = partial(control.answer, granted=granted, approval=approval, note=note)
    _record_action(ctx, session, as_name, act, "approved" if granted else "denied", as_json=as_json)


APPROVAL = typer.Argument(
    metavar="[APPROVAL]", help="An approval criterion to answer ahead of time; the open question when left out."
)


@app.command("approve")
@handle_errors
def approve(
    ctx: typer.Context, session: Annotated[str, SESSION], approval: Annotated[str, APPROVAL] = "", note: Annotated[str, NOTE] = "",
    as_name: Annotated[str, AS] = "", as_json: Annotated[bool, JSON] = False,
) -> None:  # fmt: skip
    """Say yes to what a session asks."""
    _answer(ctx, session, approval, note, as_name, granted=True, as_json=as_json)


@app.command("deny")
@handle_errors
def deny(
    ctx: typer.Context, session: Annotated[str, SESSION], approval: Annotated[str, APPROVAL] = "", note: Annotated[str, NOTE] = "",
    as_name: Annotated[str, AS] = "", as_json: Annotated[bool, JSON] = False,
) -> None:  # fmt: skip
    """Say no to what a session asks."""
    _answer(ctx, session, approval, note, as_name, granted=False, as_json=as_json)


@app.command("amend")
@handle_errors
def amend(
    ctx: typer.Context, session: Annotated[str, SESSION],
    changes: Annotated[list[str], typer.Argument(metavar="KIND=N...", help="New ceilings, such as iterations=40 or cost_usd=none.")],
    as_name: Annotated[str, AS] = "", as_json: Annotated[bool, JSON] = False,
) -> None:  # fmt: skip
    """Change a session's budget; recorded, with the mission's new digest."""
    wanted = cast("JsonObject", budget_changes(changes))
    _record_action(
        ctx,
        session,
        as_name,
        partial(control.amend, changes=wanted),
        "amended",
        as_json=as_json,
    )


@app.command("note")
@handle_errors
def note(
    ctx: typer.Context, session: Annotated[str, SESSION], text: Annotated[str, typer.Argument(help="What you want to say.")],
    as_name: Annotated[str, AS] = "", as_json: Annotated[bool, JSON] = False,
) -> None:  # fmt: skip
    """Add a note to a session's record."""
    _record_action(
        ctx,
        session,
        as_name,
        partial(control.note, text=text),
        "noted",
        as_json=as_json,
    )


@app.command("fork")
@handle_errors
def fork(
    ctx: typer.Context, session: Annotated[str, SESSION],
    iteration: Annotated[int, typer.Option("--at", help="The iteration whose end both share; the last one when negative.")] = -1,
    as_json: Annotated[bool, JSON] = False,
) -> None:  # fmt: skip
    """Start a new session that shares another's history up to the end of an iteration."""
    settings = settings_of(ctx)

    async def work() -> str:
        async with opened(settings) as journeyman:
            name = await find_session(journeyman.store, session)
            return await journeyman.engine.fork(name, iteration if iteration >= 0 else None)

    made = run_async(work)
    if as_json:
        print_json({"session_id": made})
        return
    say(made)
    say(f"run it with: journeyman resume {made}", err=True)


@app.command("effects")
@handle_errors
def effects(ctx: typer.Context, session: Annotated[str, SESSION], as_json: Annotated[bool, JSON] = False) -> None:
    """List a session's effects, unknown ones first."""
    settings = settings_of(ctx)

    async def work() -> list[EffectRow]:
        async with opened(settings) as journeyman:
            name = await find_session(journeyman.store, session)
            report = await report_of(journeyman.store, name)
            open_ones = {effect.intended.effect for effect in control.unsettled(await state_of(journeyman.store, name))}
            return [replace(row, state="unknown") if row.effect in open_ones else row for row in report.effects]

    rows = sorted(run_async(work), key=lambda row: row.state != "unknown")
    if as_json:
        print_json([to_json(row) for row in rows])
    elif rows:
        console().print(table_of(effects_table(rows)))
    else:
        say("no effects yet")


@app.command("resolve")
@handle_errors
def resolve(
    ctx: typer.Context, session: Annotated[str, SESSION],
    effect: Annotated[str, typer.Argument(metavar="EFFECT", help="As `journeyman effects` names it, such as 3.0.")],
    done: Annotated[bool | None, typer.Option("--done/--not-done", help="Whether it happened.")] = None,
    note: Annotated[str, NOTE] = "", as_name: Annotated[str, AS] = "", as_json: Annotated[bool, JSON] = False,
) -> None:  # fmt: skip
    """Say whether an unknown effect happened, so that the session can go on."""
    if done is None:
        raise CallerError("say whether it happened: give --done or --not-done", code="invalid_input")
    happened = done
    act: Act = partial(control.resolve, effect=effect, done=happened, text=note)
    _record_action(ctx, session, as_name, act, "resolved", as_json=as_json)
