"""The arguments and options that several commands have, each said once."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

SessionArgument: TypeAlias = Annotated[
    str, typer.Argument(metavar="SESSION", help="Session id, a unique beginning of one, or `last`.")
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
QuietOption: TypeAlias = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
NoInputOption: TypeAlias = Annotated[
    bool, typer.Option("--no-input", help="Ask nothing here; exit with 3 when a person is needed.")
]
