"""`list`, `show`, `watch` and `history`: look at sessions."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Annotated, Any, cast

import typer
from msgspec import structs

from journeyman.engine.control import unsettled
from journeyman.engine.journal import Journal
from journeyman.engine.record_reading import state_of
from journeyman.engine.records import NumberedEvent, newest_events, numbered_events, prompt_of
from journeyman.interfaces.cli.live_display import open_display, session_page
from journeyman.interfaces.cli.options import JsonOption, SessionArgument
from journeyman.interfaces.cli.rendering import console, short, summary_text, table
from journeyman.interfaces.cli.run import next_step
from journeyman.interfaces.cli.shared import CommandGroup, exit_code, print_json, settings_of
from journeyman.interfaces.cli.terminal import say
from journeyman.interfaces.cli.with_session import with_journeyman, with_session
from journeyman.mission.criteria.evidence import Evidence
from journeyman.mission.model.events import encode, encode_result
from journeyman.mission.model.reasons import SessionStatus
from journeyman.mission.model.state import State
from journeyman.mission.report.model import context_rows, to_json
from journeyman.mission.values.canonical import Json, JsonObject
from journeyman.wiring import Journeyman

app = CommandGroup()


@app.command("list")
def list_sessions(
    ctx: typer.Context,
    status: Annotated[
        str, typer.Option("--status", help="Only sessions that are running, waiting, paused or ended.")
    ] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List the sessions, newest first."""
    found = with_journeyman(settings_of(ctx), lambda journeyman: journeyman.store.sessions())
    rows = [cast("JsonObject", asdict(row)) for row in found if not status or row.status == status][:limit]
    if as_json:
        print_json(cast("Json", rows))
        return
    if not rows:
        say("no sessions yet; `journeyman new` writes a mission file and `journeyman run` starts it")
        return
    made = table("session", "mission", "status", "outcome", "verdict", "iterations", "updated")
    for row in rows:
        made.add_row(
            *(
                f"{row[name]}{'' if row['head_holds'] or name != 'status' else ' (?)'}"
                for name in ("session_id", "name", "status", "outcome", "verdict", "iteration", "updated_at")
            )
        )
    console().print(made)
    for row in rows:
        if not row["head_holds"]:
            name = row["session_id"]
            say(f"{name} (?): its record ends elsewhere than this row says; run `journeyman verify {name}`", err=True)


@app.command("show")
def show(ctx: typer.Context, session: SessionArgument, as_json: JsonOption = False) -> None:
    """Show where a session stands: criteria, budget, what it waits for."""
    state = with_session(settings_of(ctx), session, lambda journeyman, name: state_of(journeyman.store, name))
    if as_json:
        print_json(state_json(state))
        return
    out = console()
    if out.is_terminal:
        out.print(session_page(state, []))
    else:
        say(summary_text(state))
    if state.status is not SessionStatus.ENDED:
        say(next_step(state))


def state_json(state: State) -> JsonObject:
    """A state as programs read it."""
    pending, verdict = state.people.pending, state.verdict
    return {
        "session_id": state.session_id,
        "name": state.mission.name,
        "status": state.status.value,
        "iteration": state.iteration.index,
        "phase": state.phase.value,
        "verdict": verdict.label.value if verdict is not None else "",
        "reason": verdict.reason.value if verdict is not None else "",
        "outcome": state.outcome.value if state.outcome is not None else None,
        "criteria": [encode_result(known.result) for known in state.progress.criteria.values()],
        "used": cast("JsonObject", structs.asdict(state.usage)),
        "budget": state.mission.budget.model_dump(mode="json"),
        "pending": cast("JsonObject", structs.asdict(pending)) if pending is not None else None,
        "unknown_effects": [effect.intended.effect for effect in unsettled(state)],
        "context": [to_json(row) for row in context_rows(state)],
        "metrics": {name: max(rows, key=_order).value for name, rows in state.world.evidence.items()},
    }


def _order(row: Evidence) -> int:
    return row.measurement.order


@app.command("watch")
def watch(
    ctx: typer.Context,
    session: SessionArgument,
    every_s: Annotated[float, typer.Option("--every", min=0.05, help="Seconds between looks.")] = 0.5,
) -> None:
    """Follow a session live until it ends, whoever drives it; Ctrl-C only stops watching."""
    display = open_display(quiet=False)

    async def work(journeyman: Journeyman, name: str) -> State:
        journal = Journal(journeyman.store, journeyman.clock, name)
        journal.listeners.append(display.show)
        state = await journal.load()
        while state.status is not SessionStatus.ENDED:
            await journeyman.clock.sleep(every_s)
            if await journal.refresh():
                state = journal.state
        return state

    try:
        state = with_session(settings_of(ctx), session, work)
    finally:
        display.close()
    say(summary_text(state))
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
    console().print(made)
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


def _columns(row: JsonObject) -> tuple[str, str, str, str, str, str]:
    gist = short(_gist(cast("dict[str, Any]", row["data"])), 90)
    return str(row["seq"]), str(row["at"])[11:23], str(row["iteration"]), str(row["actor"]), str(row["kind"]), gist


def _row(item: NumberedEvent) -> JsonObject:
    happened = item.happened
    return {
        "seq": item.seq,
        "at": happened.at,
        "actor": happened.actor,
        "kind": type(happened.event).__name__,
        "iteration": item.iteration,
        "data": encode(happened.event),
    }


def _gist(data: dict[str, Any]) -> str:
    keys = (
        "tool",
        "state",
        "verdict",
        "reason",
        "outcome",
        "source",
        "question",
        "granted",
        "effect",
        "error",
        "text",
        "strategy",
        "value",
        "observations",
    )
    parts = [f"{key}={data[key]}" for key in keys if data.get(key) not in (None, "", {}, [])]
    calls = ", ".join(str(call["tool"]) for call in data.get("calls", []))
    return " ".join([*parts, f"waits for {calls}" if calls else ""])


@app.command("prompt")
def prompt(ctx: typer.Context, session: SessionArgument, as_json: JsonOption = False) -> None:
    """Print the prompt that a model would see next, byte for byte; it leaves nowhere."""
    found = with_session(settings_of(ctx), session, lambda journeyman, name: prompt_of(journeyman.store, name))
    if as_json:
        print_json({"system": found.system, "user": found.user, "bytes": found.size_bytes})
    else:
        say(f"{found.system}\n\n{found.user}", nl=False, exact=True)
