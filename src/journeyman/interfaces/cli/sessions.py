"""`list`, `show`, `watch` and `history`: look at sessions."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, cast

import typer

from journeyman.engine.control import unsettled
from journeyman.engine.journal import Journal
from journeyman.engine.records import prompt_of, read_record, state_of
from journeyman.interfaces.cli.live import open_display, page
from journeyman.interfaces.cli.rendering import console, short, summary_text, table
from journeyman.interfaces.cli.run import next_step
from journeyman.interfaces.cli.shared import (
    JSON,
    SESSION,
    bridge,
    exit_code,
    find_session,
    print_json,
    settings_of,
    told,
)
from journeyman.mission.criteria.evidence import Evidence
from journeyman.mission.model import events as e
from journeyman.mission.model.events import Happened, encode, encode_result
from journeyman.mission.model.reasons import Status
from journeyman.mission.model.state import State
from journeyman.mission.prompt import Prompt
from journeyman.mission.values.canonical import Json, JsonObject
from journeyman.wiring import opened

app = typer.Typer(rich_markup_mode=None)


@app.command("list")
@told
def list_sessions(
    ctx: typer.Context,
    status: Annotated[
        str, typer.Option("--status", help="Only sessions that are running, waiting, paused or ended.")
    ] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 50,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """List the sessions, newest first."""
    settings = settings_of(ctx)

    async def work() -> list[JsonObject]:
        async with opened(settings) as journeyman:
            return [cast("JsonObject", asdict(row)) for row in await journeyman.store.sessions()]

    rows = [row for row in bridge(work) if not status or row["status"] == status][:limit]
    if as_json:
        print_json(cast("Json", rows))
        return
    if not rows:
        typer.echo("no sessions yet; `journeyman new` writes a mission file and `journeyman run` starts it")
        return
    made = table("session", "mission", "status", "outcome", "verdict", "iterations", "updated")
    for row in rows:
        made.add_row(
            *(
                str(row[name])
                for name in ("session_id", "name", "status", "outcome", "verdict", "iteration", "updated_at")
            )
        )
    console().print(made)


@app.command("show")
@told
def show(ctx: typer.Context, session: Annotated[str, SESSION], as_json: Annotated[bool, JSON] = False) -> None:
    """Show where a session stands: criteria, budget, what it waits for."""
    settings = settings_of(ctx)

    async def work() -> State:
        async with opened(settings) as journeyman:
            return await state_of(journeyman.store, await find_session(journeyman.store, session))

    state = bridge(work)
    if as_json:
        print_json(state_json(state))
        return
    out = console()
    if out.is_terminal:
        out.print(page(state, []))
    else:
        typer.echo(summary_text(state))
    if state.status is not Status.ENDED:
        typer.echo(next_step(state))


def state_json(state: State) -> JsonObject:
    """Give a state as programs read it."""
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
        "used": cast("JsonObject", asdict(state.usage)),
        "budget": state.mission.budget.model_dump(mode="json"),
        "pending": cast("JsonObject", asdict(pending)) if pending is not None else None,
        "unknown_effects": [effect.intended.effect for effect in unsettled(state)],
        "metrics": {name: max(rows, key=_order).value for name, rows in state.world.evidence.items()},
    }


def _order(row: Evidence) -> int:
    return row.measurement.order


@app.command("watch")
@told
def watch(
    ctx: typer.Context,
    session: Annotated[str, SESSION],
    every_s: Annotated[float, typer.Option("--every", min=0.05, help="Seconds between looks.")] = 0.5,
) -> None:
    """Follow a session live until it ends, whoever drives it; Ctrl-C only stops watching."""
    settings = settings_of(ctx)
    display = open_display(quiet=False)

    async def work() -> State:
        async with opened(settings) as journeyman:
            name = await find_session(journeyman.store, session)
            journal = Journal(journeyman.store, journeyman.clock, name)
            journal.listeners.append(display.show)
            state = await journal.load()
            while state.status is not Status.ENDED:
                await journeyman.clock.sleep(every_s)
                if await journal.refresh():
                    state = journal.state
            return state

    try:
        state = bridge(work)
    finally:
        display.close()
    typer.echo(summary_text(state))
    raise typer.Exit(exit_code(state))


@app.command("history")
@told
def history(
    ctx: typer.Context,
    session: Annotated[str, SESSION],
    iteration: Annotated[int, typer.Option("--iteration", "-i", help="Only one iteration; all when negative.")] = -1,
    kind: Annotated[str, typer.Option("--kind", help="Only one kind of event, such as Settled.")] = "",
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Show what happened, event by event."""
    settings = settings_of(ctx)

    async def work() -> tuple[Happened, ...]:
        async with opened(settings) as journeyman:
            record = await read_record(journeyman.store, await find_session(journeyman.store, session))
            return record.events

    rows = [
        row
        for row in _numbered(bridge(work))
        if (iteration < 0 or row["iteration"] == iteration) and (not kind or row["kind"] == kind)
    ]
    if as_json:
        print_json(cast("Json", rows))
        return
    made = table("seq", "at", "iteration", "who", "what", "")
    for row in rows:
        made.add_row(
            str(row["seq"]),
            str(row["at"])[11:23],
            str(row["iteration"]),
            str(row["actor"]),
            str(row["kind"]),
            short(_gist(cast("dict[str, Any]", row["data"])), 90),
        )
    console().print(made)


def _numbered(events: tuple[Happened, ...]) -> list[JsonObject]:
    rows: list[JsonObject] = []
    iteration = 0
    for seq, happened in enumerate(events, start=1):
        if isinstance(happened.event, e.Proposed):
            iteration = happened.event.iteration
        data = encode(happened.event)
        rows.append(
            {
                "seq": seq,
                "at": happened.at,
                "actor": happened.actor,
                "kind": type(happened.event).__name__,
                "iteration": iteration,
                "data": data,
            }
        )
    return rows


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
@told
def prompt(ctx: typer.Context, session: Annotated[str, SESSION], as_json: Annotated[bool, JSON] = False) -> None:
    """Print the prompt that a model would see next, byte for byte; it leaves nowhere."""
    settings = settings_of(ctx)

    async def work() -> Prompt:
        async with opened(settings) as journeyman:
            return await prompt_of(journeyman.store, await find_session(journeyman.store, session))

    found = bridge(work)
    if as_json:
        print_json({"system": found.system, "user": found.user, "bytes": found.size_bytes})
    else:
        typer.echo(f"{found.system}\n\n{found.user}", nl=False)
