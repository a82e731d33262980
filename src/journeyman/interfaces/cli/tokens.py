"""`token`: who may call `journeyman serve`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from journeyman.engine.clock import SystemClock
from journeyman.hosting.access import AccessScope
from journeyman.hosting.tokens import AccessToken, TokenFile, new_token
from journeyman.interfaces.cli.ages import age_of
from journeyman.interfaces.cli.options import JsonOption
from journeyman.interfaces.cli.rendering import print_table, table
from journeyman.interfaces.cli.shared import CommandGroup, print_json, settings_of
from journeyman.interfaces.cli.terminal import say
from journeyman.mission.values.canonical import JsonObject

app = CommandGroup()
token = CommandGroup(no_args_is_help=True, help="Make, list and revoke the tokens that `journeyman serve` takes.")
app.add_typer(token, name="token")


@token.callback()
def group() -> None:
    """Make, list and revoke the tokens that `journeyman serve` takes."""


@token.command("new")
def new(
    ctx: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The person or program; stands in records as person:NAME.")
    ],
    scopes: Annotated[
        list[AccessScope] | None,
        typer.Option(
            "--scope",
            help="What it may do, several times: "
            + "; ".join(f"{scope.value}: {scope.about}" for scope in AccessScope)
            + ". Only read when left out.",
        ),
    ] = None,
    tenant: Annotated[str, typer.Option("--tenant", metavar="NAME", help="Whose sessions; yours when left out.")] = "",
    expires: Annotated[
        str, typer.Option("--expires", metavar="AGE", help="After 90m, 12h, 30d or 8w; never when left out.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Make a token and print it, once: only its hash is kept. A running server takes it at once."""
    settings, now = settings_of(ctx), SystemClock().now()
    lasts = age_of(expires, "--expires") if expires else None
    made = new_token(name, tenant or settings.tenant, scopes or [AccessScope.READ], now, lasts)
    TokenFile(settings.data_dir).add(made.token)
    if as_json:
        print_json({"token": made.secret, **_row(made.token, now)})
        return
    say(made.secret)
    may = ", ".join(made.token.scopes)
    until = f" until {made.token.expires_at}" if made.token.expires_at else ""
    say(f"{made.token.id}: {name} may {may} in tenant {made.token.tenant}{until}; it is shown only now", err=True)


@token.command("list")
def list_tokens(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """List the tokens, never what they are."""
    now = SystemClock().now()
    rows = [_row(token, now) for token in TokenFile(settings_of(ctx).data_dir).tokens()]
    if as_json:
        print_json([*rows])
    elif not rows:
        say("no tokens yet; `journeyman token new NAME --scope read --scope run` makes one")
    else:
        made = table("id", "name", "tenant", "scopes", "status", "created", "expires")
        for token in TokenFile(settings_of(ctx).data_dir).tokens():
            ends = (token.expires_at or "never")[:16]
            made.add_row(
                token.id,
                token.name,
                token.tenant,
                " ".join(token.scopes),
                token.status(now),
                token.created_at[:16],
                ends,
            )
        print_table(made)


@token.command("revoke")
def revoke(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="ID|NAME", help="One token by its id, or all with a name.")],
    as_json: JsonOption = False,
) -> None:
    """Let a token open nothing any more; running servers see that at once, open streams within a second."""
    now = SystemClock().now()
    done = TokenFile(settings_of(ctx).data_dir).revoke(name, now)
    if as_json:
        print_json([_row(token, now) for token in done])
    else:
        say(f"revoked {', '.join(token.id for token in done)}" if done else f"{name} was revoked already")


def _row(token: AccessToken, now: datetime) -> JsonObject:
    return {
        "id": token.id,
        "name": token.name,
        "tenant": token.tenant,
        "scopes": [*token.scopes],
        "status": token.status(now),
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "revoked_at": token.revoked_at,
    }
