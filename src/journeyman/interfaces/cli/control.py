"""What people do to sessions: pause, end, answer, amend, note, fork, and settle unknown effects."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Final

import typer

from journeyman.engine import control
from journeyman.engine.clock import Clock
from journeyman.engine.process_identity import process_of
from journeyman.engine.record_reading import state_of
from journeyman.engine.reporting import report_of
from journeyman.engine.standing import is_driven, row_of
from journeyman.interfaces.cli.mission_options import budget_changes
from journeyman.interfaces.cli.next_steps import next_step, standing_words
from journeyman.interfaces.cli.options import ApprovalArgument, JsonOption, NoteOption, PersonOption, SessionArgument
from journeyman.interfaces.cli.rendering import print_table, table_of
from journeyman.interfaces.cli.sessions import state_json
from journeyman.interfaces.cli.shared import CommandGroup, person, print_json, settings_of
from journeyman.interfaces.cli.terminal import say, say_on_the_side
from journeyman.interfaces.cli.with_session import once_free, with_session
from journeyman.interfaces.pages.report_files import write_at_ending
from journeyman.mission.model.reasons import SessionStatus
from journeyman.mission.model.state import State
from journeyman.mission.report.document import effects_table
from journeyman.mission.report.model import to_json
from journeyman.mission.report.rows import EffectRow
from journeyman.mission.values.errors import CallerError, LeaseHeld
from journeyman.mission.values.value import replace
from journeyman.stores.base import Store, Summary
from journeyman.tasks.outputs import put_out_at_ending
from journeyman.wiring import Journeyman

app = CommandGroup()
Act = Callable[[Store, Clock, str, str], Awaitable[State]]
_CANCELS: Final = "it cancels its running calls and writes the ending"
_SETTLES: Final = "it ends once its running calls have settled"


def _record_action(
    ctx: typer.Context,
    session: str,
    as_name: str,
    act: Act,
    said: str,
    *,
    then: str = "it goes on with that",
    as_json: bool,
    finish: bool = False,
) -> None:
    """Add one event to a session's record and say what comes of it.

    Args:
        ctx: The command's.
        session: As the person named it.
        as_name: Who the person is.
        act: Adds the event.
        said: What was done, in one word.
        then: What a process that drives the session does about it.
        as_json: Print the session as JSON instead.
        finish: Write the ending here where nobody drives.
    """
    settings = settings_of(ctx)
    who = person(settings, as_name)
    wrote: list[str] = []

    async def work(journeyman: Journeyman, name: str) -> tuple[State, Summary]:
        state = await act(journeyman.store, journeyman.clock, name, who)
        if finish:
            state = await _finished(journeyman, name, state)
            wrote.append(await write_at_ending(journeyman, name))
            wrote.append(await put_out_at_ending(journeyman, name))
        return state, await row_of(journeyman.store, name)

    state, row = with_session(settings, session, work)
    say_on_the_side("\n".join(filter(None, wrote)))
    if as_json:
        print_json(state_json(state, row))
        return
    if is_driven(row) and state.status is not SessionStatus.ENDED:
        process = process_of(row.lease_owner)
        whose = "the process that drives it" if process is None else f"process {process}, which drives it,"
        say(f"{state.session_id}: {said}; {whose} sees that within a second: {then}")
    elif state.status is SessionStatus.ENDED:
        say(f"{state.session_id}: {said}; it has ended: {state.outcome} · {row.verdict}")
    else:
        say(f"{state.session_id}: {said}; nobody drives it: it is {standing_words(row)}")
    say(next_step(state, row), err=True)


async def _finished(journeyman: Journeyman, name: str, state: State) -> State:
    try:
        return await once_free(journeyman, name, lambda: journeyman.engine.drive(name))
    except LeaseHeld:
        return state  # its driver sees the event and writes the ending


@app.command("pause")
def pause(
    ctx: typer.Context,
    session: SessionArgument,
    note: NoteOption = "",
    as_name: PersonOption = "",
    as_json: JsonOption = False,
) -> None:
    """Stop a session at its next safe point; `journeyman resume` goes on."""
    _record_action(
        ctx,
        session,
        as_name,
        partial(control.pause, note=note),
        "paused",
        then="it stops at its next safe point",
        as_json=as_json,
    )


@app.command("abort")
def abort(
    ctx: typer.Context,
    session: SessionArgument,
    note: NoteOption = "",
    as_name: PersonOption = "",
    as_json: JsonOption = False,
) -> None:
    """End a session now: running calls are cancelled, and the report says who ended it."""
    act: Act = partial(control.end, abort=True, note=note)
    _record_action(ctx, session, as_name, act, "aborted", then=_CANCELS, as_json=as_json, finish=True)


@app.command("end")
def end(
    ctx: typer.Context,
    session: SessionArgument,
    note: NoteOption = "",
    as_name: PersonOption = "",
    as_json: JsonOption = False,
) -> None:
    """End a session after its running calls have settled; the outcome is what the evidence says."""
    act: Act = partial(control.end, abort=False, note=note)
    _record_action(ctx, session, as_name, act, "told to end", then=_SETTLES, as_json=as_json, finish=True)


@app.command("approve")
def approve(
    ctx: typer.Context, session: SessionArgument, approval: ApprovalArgument = "", note: NoteOption = "",
    as_name: PersonOption = "", as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Say yes to what a session asks."""
    act: Act = partial(control.answer, granted=True, approval=approval, note=note)
    _record_action(ctx, session, as_name, act, "approved", as_json=as_json)


@app.command("deny")
def deny(
    ctx: typer.Context, session: SessionArgument, approval: ApprovalArgument = "", note: NoteOption = "",
    as_name: PersonOption = "", as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Say no to what a session asks."""
    act: Act = partial(control.answer, granted=False, approval=approval, note=note)
    _record_action(ctx, session, as_name, act, "denied", as_json=as_json)


@app.command("amend")
def amend(
    ctx: typer.Context, session: SessionArgument,
    changes: Annotated[list[str], typer.Argument(metavar="KIND=N...", help="New ceilings, such as iterations=40 or cost_usd=none.")],
    as_name: PersonOption = "", as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Change a session's budget; recorded, with the mission's new digest."""
    act: Act = partial(control.amend, changes=budget_changes(changes))
    _record_action(ctx, session, as_name, act, "amended", as_json=as_json)


@app.command("note")
def note(
    ctx: typer.Context, session: SessionArgument, text: Annotated[str, typer.Argument(help="What you want to say.")],
    as_name: PersonOption = "", as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Add a note to a session's record."""
    _record_action(ctx, session, as_name, partial(control.note, text=text), "noted", as_json=as_json)


@app.command("fork")
def fork(
    ctx: typer.Context, session: SessionArgument,
    iteration: Annotated[int, typer.Option("--at", help="The iteration whose end both share; the last one when negative.")] = -1,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Start a new session that shares another's history up to the end of an iteration."""
    at = iteration if iteration >= 0 else None
    made = with_session(settings_of(ctx), session, lambda journeyman, name: journeyman.engine.fork(name, at))
    if as_json:
        print_json({"session_id": made})
        return
    say(made)
    say(f"run it with: journeyman resume {made}", err=True)


@app.command("effects")
def effects(ctx: typer.Context, session: SessionArgument, as_json: JsonOption = False) -> None:
    """List a session's effects, unknown ones first."""

    async def work(journeyman: Journeyman, name: str) -> list[EffectRow]:
        report = await report_of(journeyman.store, name)
        open_ones = {effect.intended.effect for effect in control.unsettled(await state_of(journeyman.store, name))}
        return [replace(row, state="unknown") if row.effect in open_ones else row for row in report.effects]

    rows = sorted(with_session(settings_of(ctx), session, work), key=lambda row: row.state != "unknown")
    if as_json:
        print_json([to_json(row) for row in rows])
    elif rows:
        print_table(table_of(effects_table(rows)))
    else:
        say("no effects yet")


@app.command("resolve")
def resolve(
    ctx: typer.Context, session: SessionArgument,
    effect: Annotated[str, typer.Argument(metavar="EFFECT", help="As `journeyman effects` names it, such as 3.0.")],
    done: Annotated[bool | None, typer.Option("--done/--not-done", help="Whether it happened.")] = None,
    note: NoteOption = "", as_name: PersonOption = "", as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Say whether an unknown effect happened, so that the session can go on."""
    if done is None:
        raise CallerError("say whether it happened: give --done or --not-done", code="invalid_input")
    act: Act = partial(control.resolve, effect=effect, done=done, text=note)
    _record_action(ctx, session, as_name, act, "resolved", as_json=as_json)
