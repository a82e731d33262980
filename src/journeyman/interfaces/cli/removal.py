"""`delete` and `prune`: remove sessions for good, with all that only they need."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Final

import typer

from journeyman.engine.clock import stamp
from journeyman.engine.standing import Standing, is_driven, row_of, standing_of
from journeyman.hosting.removal import remove_sessions
from journeyman.interfaces.cli.ages import age_of
from journeyman.interfaces.cli.options import JsonOption, YesOption
from journeyman.interfaces.cli.shared import CommandGroup, find_session, print_json, settings_of
from journeyman.interfaces.cli.terminal import say
from journeyman.interfaces.cli.with_session import with_journeyman
from journeyman.mission.values.errors import NotAllowed
from journeyman.stores.base import Summary
from journeyman.wiring import Journeyman

app = CommandGroup()
_ENDED: Final = (Standing.ENDED, Standing.COULD_NOT_START)
_SHOWN: Final = 10


@app.command("delete")
def delete(
    ctx: typer.Context,
    sessions: Annotated[list[str], typer.Argument(metavar="SESSION...", help="Session ids, or unique beginnings.")],
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Remove sessions for good: events, results, reports. A session that somebody drives is left alone."""

    async def chosen(journeyman: Journeyman) -> list[Summary]:
        return [await row_of(journeyman.store, await find_session(journeyman.store, name)) for name in sessions]

    settings = settings_of(ctx)
    rows = with_journeyman(settings, chosen)
    driven = [row.session_id for row in rows if is_driven(row)]
    if driven:
        raise NotAllowed(f"somebody drives {driven[0]}, so nothing was deleted; `journeyman abort {driven[0]}` ends it")
    _remove(ctx, list({row.session_id: row for row in rows}.values()), yes=yes, as_json=as_json)


@app.command("prune")
def prune(
    ctx: typer.Context,
    older_than: Annotated[
        str, typer.Option("--older-than", metavar="AGE", help="By their last event: 90m, 12h, 30d or 8w.")
    ],
    unfinished: Annotated[
        bool, typer.Option("--unfinished", help="Also those that have not ended, unless somebody drives them.")
    ] = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Remove all sessions that ended longer ago than AGE."""
    age = age_of(older_than, "--older-than")

    async def chosen(journeyman: Journeyman) -> list[Summary]:
        before = stamp(journeyman.clock.now() - age)
        return [
            row
            for row in await journeyman.store.sessions()
            if row.updated_at < before and (standing_of(row) in _ENDED or (unfinished and not is_driven(row)))
        ]

    _remove(ctx, with_journeyman(settings_of(ctx), chosen), yes=yes, as_json=as_json)


def _remove(ctx: typer.Context, rows: Sequence[Summary], *, yes: bool, as_json: bool) -> None:
    if rows and not yes:
        _ask(rows)

    names = [row.session_id for row in rows]
    if rows:
        tell = partial(say, err=True)
        with_journeyman(settings_of(ctx), lambda journeyman: remove_sessions(journeyman, names, tell))
    if as_json:
        print_json({"deleted": [*names]})
    else:
        say(f"deleted {len(names)} session{'' if len(names) == 1 else 's'}" if names else "no session fits")


def _ask(rows: Sequence[Summary]) -> None:
    for row in rows[:_SHOWN]:
        say(f"  {row.session_id}  {row.name}  {standing_of(row).words}  {row.updated_at[:16]}", err=True)
    if len(rows) > _SHOWN:
        say(f"  and {len(rows) - _SHOWN} more", err=True)
    what = f"{len(rows)} session{'' if len(rows) == 1 else 's'}"
    if not sys.stdin.isatty():
        raise NotAllowed(f"nothing was deleted: {what} would be; say --yes where nobody can be asked")
    if not typer.confirm(f"delete {what} for good?", default=False, err=True):
        raise typer.Exit(1)
