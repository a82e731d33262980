"""`list`, `show`, `watch` and `history`: look at sessions."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any, Final, cast

import typer

from journeyman.engine.journal import Journal
from journeyman.engine.record_reading import state_of
from journeyman.engine.records import NumberedEvent, newest_events, numbered_events, prompt_of
from journeyman.engine.standing import Standing, row_of, standing_of
from journeyman.hosting.session_views import event_row, session_detail, session_row, to_object
from journeyman.interfaces.cli.drive import print_event
from journeyman.interfaces.cli.live_display import open_display
from journeyman.interfaces.cli.live_page import Moment, session_page
from journeyman.interfaces.cli.next_steps import next_step, standing_words
from journeyman.interfaces.cli.options import JsonOption, OutputOption, SessionArgument
from journeyman.interfaces.cli.output import Output
from journeyman.interfaces.cli.rendering import console, print_table, short, summary_text, table
from journeyman.interfaces.cli.shared import CommandGroup, exit_code, is_of_folder, print_json, settings_of
from journeyman.interfaces.cli.terminal import out_stream, say
from journeyman.interfaces.cli.with_session import with_journeyman, with_session
from journeyman.mission.model.reasons import SessionStatus
from journeyman.mission.model.state import State
from journeyman.mission.model.strategy import Strategy
from journeyman.mission.report.call_text import call_text, strategy_text
from journeyman.mission.report.plain_text import one_line
from journeyman.mission.values.canonical import Json, JsonObject
from journeyman.stores.base import Store, Summary
from journeyman.wiring import Journeyman

app = CommandGroup()
_WHOLE: Final = 1_000_000


@app.command("list")
def list_sessions(
    ctx: typer.Context,
    status: Annotated[Standing | None, typer.Option("--status", help="Only sessions that stand so.")] = None,
    here: Annotated[bool, typer.Option("--here", help="Only of missions in this folder and below it.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List the sessions, newest first.

    `running` is what somebody drives at this moment; `waiting` is for a person; `stopped` was put down in order, by a
    pause or Ctrl-C; `interrupted` means that its process ended without a word. `journeyman resume` goes on with the
    last two.
    """
    found = with_journeyman(settings_of(ctx), lambda journeyman: journeyman.store.sessions())
    folder = Path.cwd()
    rows = [
        row
        for row in found
        if (status is None or standing_of(row) is status) and (not here or is_of_folder(row, folder))
    ][:limit]
    if as_json:
        print_json([to_object(session_row(row)) for row in rows])
        return
    if not rows:
        none = "no sessions yet; `journeyman new` writes a mission file and `journeyman run` starts it"
        say("no session fits; `journeyman list` shows all" if found else none)
        return
    made = table("session", "mission", "status", "outcome", "verdict", "iterations", "updated")
    for row in rows:
        status_words = f"{standing_of(row).words}{'' if row.head_holds else ' (?)'}"
        values = (row.session_id, row.name, status_words, row.outcome, row.verdict, row.iteration, row.updated_at)
        made.add_row(*map(str, values))
    print_table(made)
    for row in rows:
        if not row.head_holds:
            name = row.session_id
            say(f"{name} (?): its record ends elsewhere than this row says; run `journeyman verify {name}`", err=True)


@app.command("show")
def show(ctx: typer.Context, session: SessionArgument, as_json: JsonOption = False) -> None:
    """Show where a session stands: criteria, budget, what it waits for."""
    state, row = with_session(settings_of(ctx), session, lambda journeyman, name: state_and_row(journeyman.store, name))
    if as_json:
        print_json(state_json(state, row))
        return
    out = console()
    if out.is_terminal:
        out.print(session_page(state, Moment(stands=standing_words(row))))
    else:
        say(summary_text(state, row))
    if state.status is not SessionStatus.ENDED:
        say(next_step(state, row))


async def state_and_row(store: Store, session_id: str) -> tuple[State, Summary]:
    """Where a session stands by its record, and its row with the lease."""
    return await state_of(store, session_id), await row_of(store, session_id)


def state_json(state: State, row: Summary) -> JsonObject:
    """A state as programs read it."""
    return to_object(session_detail(state, row))


@app.command("watch")
def watch(
    ctx: typer.Context,
    session: SessionArgument,
    every_s: Annotated[float, typer.Option("--every", min=0.05, help="Seconds between looks.")] = 0.5,
    output: OutputOption = Output.text,
) -> None:
    """Follow a session live until it ends, whoever drives it; Ctrl-C only stops watching."""
    display = open_display(quiet=output is Output.json)

    async def work(journeyman: Journeyman, name: str) -> State:
        journal = Journal(journeyman.store, journeyman.clock, name)
        journal.listeners.append(display.show)
        if output is Output.ndjson:
            journal.listeners.append(print_event)
        state = await journal.load()
        row = await row_of(journeyman.store, name)
        while state.status is not SessionStatus.ENDED:
            display.stand(state, standing_words(row))
            await journeyman.clock.sleep(every_s)
            if await journal.refresh():
                state = journal.state
            row = await row_of(journeyman.store, name)
        display.close()
        if output is Output.text:
            say(summary_text(state, row))
        elif output is Output.json:
            print_json(state_json(state, row))
        return state

    try:
        state = with_session(settings_of(ctx), session, work)
    finally:
        display.close()
    raise typer.Exit(exit_code(state))


@app.command("history")
def history(
    ctx: typer.Context,
    session: SessionArgument,
    iteration: Annotated[int, typer.Option("--iteration", "-i", help="Only one iteration; any when negative.")] = -1,
    kind: Annotated[str, typer.Option("--kind", help="Only one kind of event, such as Settled.")] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="The newest so many.")] = 50,
    before: Annotated[int, typer.Option("--before", min=0, help="Only events before this number; 0 for all.")] = 0,
    every: Annotated[bool, typer.Option("--all", help="Every event, oldest first, as it is read.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what happened, event by event: the newest page, or all."""

    async def work(journeyman: Journeyman, name: str) -> list[JsonObject] | None:
        if iteration < 0 and not kind and not every:
            return [_row(item) for item in await newest_events(journeyman.store, name, limit, before or None)]
        found = (
            _row(item)
            async for item in numbered_events(journeyman.store, name, kind=kind)
            if (iteration < 0 or item.iteration == iteration) and (not before or item.seq < before)
        )
        if every:
            await _print_all(found, as_json=as_json)
            return None
        newest: deque[JsonObject] = deque(maxlen=limit)
        async for row in found:
            newest.append(row)
        return list(newest)

    rows = with_session(settings_of(ctx), session, work)
    if rows is None:
        return
    if as_json:
        print_json(cast("Json", rows))
        return
    made = table("seq", "at", "iteration", "who", "what", "")
    for row in rows:
        made.add_row(*_columns(row))
    print_table(made)
    if len(rows) == limit and cast("int", rows[0]["seq"]) > 1:
        say(f"older ones: --before {rows[0]['seq']}, or --all", err=True)


async def _print_all(rows: AsyncIterator[JsonObject], *, as_json: bool) -> None:
    """Print rows as they come: a record may be longer than memory."""
    begun = False
    async for row in rows:
        if as_json:
            say(f"{',' if begun else '['}\n{json.dumps(row, ensure_ascii=False, sort_keys=True)}", nl=False, exact=True)
        else:
            seq, at, index, who, what, gist = _columns(row)
            say(f"{seq:>7}  {at}  {index:>5}  {who:<16}  {what:<16}  {gist}".rstrip())
        begun = True
    if as_json:
        say("\n]" if begun else "[]")


_GIST_KEYS: Final = (
    "tool", "purpose", "state", "verdict", "reason", "outcome", "source", "question", "granted", "effect", "error", "text", "value",
    "observations",
)  # fmt: skip


def _columns(row: JsonObject) -> tuple[str, str, str, str, str, str]:
    most = 90 if out_stream().isatty() else _WHOLE
    gist = short(str(row.get("words") or _gist(cast("dict[str, Any]", row["data"]), most)), most)
    return str(row["seq"]), str(row["at"])[11:23], str(row["iteration"]), str(row["actor"]), str(row["kind"]), gist


def _row(item: NumberedEvent) -> JsonObject:
    return to_object(event_row(item))


def _gist(data: dict[str, Any], most: int) -> str:
    """What an event says in words: calls as live views have them, values as one line of JSON."""
    shown: list[str] = []
    for key in _GIST_KEYS:
        value = data.get(key)
        if value in (None, "", {}, []):
            continue
        shown.append(f"{key}={value if isinstance(value, str) else one_line(cast('Json', value), most)}")
    if "effect_class" in data:  # an intent
        shown[0] = call_text(str(data["tool"]), cast("Json", data.get("args", {})), most)
    if data.get("strategy"):
        shown.append(strategy_text(Strategy.model_validate(data["strategy"]), most))
    calls = ", ".join(str(call["tool"]) for call in data.get("calls", []))
    return " ".join([*shown, f"waits for {calls}" if calls else ""])


@app.command("prompt")
def prompt(ctx: typer.Context, session: SessionArgument, as_json: JsonOption = False) -> None:
    """Print the prompt that a model would see next, byte for byte; it leaves nowhere."""
    found = with_session(settings_of(ctx), session, lambda journeyman, name: prompt_of(journeyman.store, name))
    if as_json:
        print_json({"system": found.system, "user": found.user, "bytes": found.size_bytes})
    else:
        say(f"{found.system}\n\n{found.user}", nl=False, exact=True)
