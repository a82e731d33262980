"""The options of `journeyman bundle …`; what does the work is loaded when a command runs."""

from __future__ import annotations

import importlib
from enum import StrEnum
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, TypeAlias

import typer
from typer.core import TyperGroup

from journeyman.bundles.manifest import Masking
from journeyman.interfaces.cli.options import JsonOption, SessionArgument
from journeyman.interfaces.cli.registry import COMMANDS
from journeyman.interfaces.cli.shared import CommandGroup, settings_of
from journeyman.mission.values.errors import InvalidInput, NotFound, Problem


class BundleOrigin(StrEnum):
    """Who made a bundle."""

    journeyman = "journeyman"
    older = "older"


_MAKE = "make"
_EXTRA = {"cryptography", "detect_secrets"}


class _SessionOrWord(TyperGroup):
    """Takes `bundle SESSION` for `bundle make SESSION`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in {"-h", "--help"}:
            args = [_MAKE, *args]
        return super().parse_args(ctx, args)


bundle = CommandGroup(
    name="bundle",
    cls=_SessionOrWord,
    help=f"{COMMANDS['bundle'].help}\n\n`journeyman bundle SESSION` is short for `journeyman bundle make SESSION`.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app = CommandGroup()
app.add_typer(bundle)

FileArgument: TypeAlias = Annotated[Path, typer.Argument(metavar="FILE", help="What `journeyman bundle` wrote.")]
BelieveOption: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option("--key", metavar="FILE", help="Believe this public key in PEM, and none of the data folder's."),
]


def _working(name: str) -> ModuleType:
    """What does the work; raises `NotFound` where the extra for it is not installed."""
    try:
        return importlib.import_module(f"journeyman.interfaces.cli.bundles.{name}")
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in _EXTRA:
            raise
        raise NotFound(f"bundles need {error.name}: pip install 'journeyman[bundles]'", code="extra_missing") from None


@bundle.command(_MAKE)
def make(
    ctx: typer.Context,
    session: SessionArgument,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where it is written; SESSION-ADDRESS.zip here otherwise."),
    ] = None,
    mask: Annotated[
        Masking,
        typer.Option(
            "--mask",
            help="What is hidden: none; secrets, with a mark in place of each; content, with nothing left of prompts, "
            "arguments, results and files but sizes and hashes.",
        ),
    ] = Masking.NONE,
    redact: Annotated[bool, typer.Option("--redact", help="As --mask secrets.")] = False,
    key: Annotated[
        Path | None,
        typer.Option("--key", metavar="FILE", help="Sign with this private Ed25519 key in PEM, not the data folder's."),
    ] = None,
    unsigned: Annotated[bool, typer.Option("--unsigned", help="Do not sign it.")] = False,
    gitleaks: Annotated[
        bool, typer.Option("--gitleaks/--no-gitleaks", help="Ask gitleaks, too, where it is on the PATH.")
    ] = True,
    as_json: JsonOption = False,
) -> None:
    """Put a session with all that belongs to it into one file: mission, record, report, traces, outputs, hashes, signature.

    Everything is scanned for secrets before anything is written. One that is found keeps the bundle from being written
    (exit code 1): file, line and kind are told, never the secret. Nothing leaves this machine: `bundle share` does that.
    """
    if redact and mask is Masking.CONTENT:
        problem = Problem(
            where="--redact",
            message="says `--mask secrets`, and --mask says `content`",
            hint="content hides secrets, too",
        )
        raise InvalidInput("the command line", (problem,))
    masking = Masking.SECRETS if redact else mask
    _working("making").make_bundle(
        settings_of(ctx), session, output=output, masking=masking, key=key, unsigned=unsigned, gitleaks=gitleaks,
        as_json=as_json,
    )  # fmt: skip


@bundle.command("check")
def check(ctx: typer.Context, file: FileArgument, key: BelieveOption = None, as_json: JsonOption = False) -> None:
    """Check every hash in a bundle, its signature and the chain of its record; nothing is taken in.

    Exit codes: 0 all of it holds, 1 something does not or its signature is not of a key that is believed, 2 no bundle.
    """
    _working("reading").check_file(settings_of(ctx), file, keys=key or [], as_json=as_json)


@bundle.command("inspect")
def inspect(file: FileArgument, as_json: JsonOption = False) -> None:
    """Say what is in a bundle: of which session, what was hidden, every file with its size. Nothing is checked but the form."""
    _working("reading").inspect_file(file, as_json=as_json)


@bundle.command("import")
def import_(
    ctx: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="What `journeyman bundle` wrote; of an older runner, a folder or a ZIP."),
    ],
    key: BelieveOption = None,
    origin: Annotated[
        BundleOrigin,
        typer.Option(
            "--from",
            help="Who made it: journeyman; or older, the older runner, of whose bundles and data set the tasks are taken.",
        ),
    ] = BundleOrigin.journeyman,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="With --from older: where the tasks are written, one JSON object a line.",
        ),
    ] = Path("tasks.jsonl"),
    as_json: JsonOption = False,
) -> None:
    """Take in the session of a bundle after checking all of it; `show`, `report`, `verify` and `replay` then read it.

    With `--from older` tasks are written, with their rubrics, files and what reviewers asked for. Nothing else of it is believed.
    """
    if origin is BundleOrigin.older:
        _working("older_import").import_older(file, output, as_json=as_json)
        return
    _working("reading").import_file(settings_of(ctx), file, keys=key or [], as_json=as_json)


@bundle.command("share")
def share(ctx: typer.Context, file: FileArgument, as_json: JsonOption = False) -> None:
    """Put a bundle into the place that the settings name: a folder, or a git repository. Nothing else ever shares one.

    The setting is `share` under `[bundles]`: a folder, or `git+URL`. What does not hold, and what secrets are in, is not shared.
    """
    _working("reading").share_file(settings_of(ctx), file, as_json=as_json)
