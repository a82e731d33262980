"""The arguments and options that several commands have, each said once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from journeyman.interfaces.cli.output import Output

SessionArgument: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="SESSION",
        help="Session id, a unique beginning of one, or `last`: the newest of the missions in this folder.",
    ),
]
ApprovalArgument: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="[APPROVAL]", help="An approval criterion to answer ahead of time; the open question when left out."
    ),
]
JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
PersonOption: TypeAlias = Annotated[
    str, typer.Option("--as", metavar="NAME", help="Who you are, for the record; your login name otherwise.")
]
NoteOption: TypeAlias = Annotated[str, typer.Option("--note", "-m", help="Why, for the record.")]
YesOption: TypeAlias = Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")]
QuietOption: TypeAlias = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
NotifyOption: TypeAlias = Annotated[
    str,
    typer.Option(
        "--notify",
        metavar="HOW",
        help="When a person is needed or it ends: `desktop`, or a command that gets the text; the setting `notify` otherwise.",
    ),
]
VerboseOption: TypeAlias = Annotated[bool, typer.Option("--verbose", "-v", help="Show also what each call gave.")]
OutputOption: TypeAlias = Annotated[
    Output,
    typer.Option("--output", help="text, json (as --json) or ndjson: each event as one line of JSON as it happens."),
]
NoInputOption: TypeAlias = Annotated[
    bool, typer.Option("--no-input", help="Ask nothing here; exit with 3 when a person is needed.")
]
SetOption: TypeAlias = Annotated[
    list[str], typer.Option("--set", metavar="NAME=VALUE", help="Another value for a parameter of the mission.")
]
AdvisorOption: TypeAlias = Annotated[
    str,
    typer.Option("--advisor", metavar="NAME", help="Another advisor than the file's for this run; `none` asks nobody."),
]
ModelOption: TypeAlias = Annotated[
    str, typer.Option("--model", metavar="MODEL", help="Another model of the advisor for this run.")
]
SessionIdOption: TypeAlias = Annotated[
    str | None, typer.Option("--id", metavar="NAME", help="The session's id; drawn when left out.")
]
DryRunOption: TypeAlias = Annotated[
    bool, typer.Option("--dry-run", help="Show what would be done first and what would ask; call nothing.")
]
DetachOption: TypeAlias = Annotated[
    bool, typer.Option("--detach", "-d", help="Run in the background; print the session's id.")
]
ReportOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--report",
        metavar="FILE",
        help="Write the report there when it ends, however it ends: .html, .md, .json or .xml (JUnit); {session} is its id.",
    ),
]
