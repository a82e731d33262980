"""The options of `journeyman guard …`; what does the work is loaded when a command runs."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import Annotated, TypeAlias

import typer

from journeyman.agents import HOSTS
from journeyman.interfaces.cli.guard import hook_entry, install_commands
from journeyman.interfaces.cli.guard.guarded_folder import records_of
from journeyman.interfaces.cli.guard.key_commands import attesting, key
from journeyman.interfaces.cli.options import JsonOption, QuietOption, YesOption
from journeyman.interfaces.cli.registry import COMMANDS
from journeyman.interfaces.cli.shared import CommandGroup, settings_of

guard = CommandGroup(
    name="guard",
    help=COMMANDS["guard"].help,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app = CommandGroup()
app.add_typer(guard)
guard.add_typer(key)

FolderArgument: TypeAlias = Annotated[
    Path, typer.Argument(metavar="[FOLDER]", help="The folder; the nearest guarded one above it counts.")
]


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"journeyman.interfaces.cli.guard.{name}")


@guard.command("init")
def init(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="The folder that is to be guarded.")] = Path(),
    yes: YesOption = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is there.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be written.")] = False,
) -> None:
    """Propose guard.yaml from what the repository says of its own checks; write and pin it once you say yes.

    Found are pytest, npm, pnpm, yarn and bun scripts, cargo, go, make, and the linters and type checkers that are set up
    here. Nothing is invented: where nothing is found, you are asked.
    """
    _module("setting_up").write_proposal(settings_of(ctx), folder, yes=yes, force=force, dry_run=dry_run)


@guard.command("pin")
def pin(
    ctx: typer.Context, folder: FolderArgument = Path(), yes: YesOption = False, as_json: JsonOption = False
) -> None:
    """Confirm guard.yaml and the protected files as they are now: this is what counts from now on, wherever it is asked.

    What is pinned lies outside the folder, so that whoever edits or deletes guard.yaml or a test changes nothing.
    """
    _module("setting_up").pin_file(settings_of(ctx), folder, yes=yes, as_json=as_json)


@guard.command("check")
def check(
    ctx: typer.Context,
    folder: FolderArgument = Path(),
    anew: Annotated[
        bool, typer.Option("--all", help="Run every check, also those whose files have not changed.")
    ] = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Check the folder now by what was pinned: on a copy, with protected files as they were pinned.

    Only checks whose files (`paths`) changed run again; the others keep what they found. Exit codes: 0 achieved,
    1 not achieved, 2 bad input, 3 a person must act, 4 could not start.
    """
    _module("checks").check_by_hand(settings_of(ctx), folder, anew=anew, quiet=quiet, as_json=as_json)


@guard.command("attest")
def attest(
    ctx: typer.Context,
    folder: FolderArgument = Path(),
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where it is written; else it is printed.")
    ] = None,
    key_file: Annotated[
        Path | None,
        typer.Option("--key", metavar="FILE", help="A private Ed25519 key in PEM, in place of the data folder's."),
    ] = None,
    quiet: QuietOption = False,
) -> None:
    """Check everything, and where all of it holds, sign that this workspace fulfils its contract.

    The statement (in-toto, in a DSSE envelope) names the workspace's digest, the criteria and the end of the record;
    `journeyman verify FILE --current .` says whether it is valid, stale or forged. Exit codes as of `guard check`.
    """
    attesting().attest_folder(settings_of(ctx), folder, output=output, key=key_file, quiet=quiet)


@guard.command("hook")
def hook(
    ctx: typer.Context,
    host: Annotated[str, typer.Argument(metavar="HOST", help=f"{', '.join(HOSTS)}.")],
) -> None:
    """Answer a coding agent's stop hook: its JSON on standard input, the host's answer on standard output.

    docs/guard.md shows where each host looks for this command. It always ends with 0.
    """
    hook_entry.main([host], records_of(settings_of(ctx)))


@guard.command("run", context_settings={"ignore_unknown_options": True})
def run(
    ctx: typer.Context,
    command: Annotated[list[str], typer.Argument(metavar="-- COMMAND…", help="The agent's command.")],
    rounds: Annotated[int, typer.Option("--max-rounds", metavar="N", min=1, max=100, help="Runs of the command.")] = 5,
    budget_usd: Annotated[
        float | None,
        typer.Option(
            "--budget-usd", metavar="X", min=0, help="No further round once so much is spent, as the agent says."
        ),
    ] = None,
    timeout_s: Annotated[
        float | None, typer.Option("--timeout", metavar="S", min=1, help="Seconds of one run; then it is ended.")
    ] = None,
    folder: Annotated[Path, typer.Option("--folder", metavar="DIR", help="The guarded folder.")] = Path(),
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Run an agent's command, check, and run it again with the reasons, until the work holds or the rounds are over.

    Every file is read and every check runs: what this command exits with is the verdict. In later rounds the reasons stand
    where the command says {reasons}; behind the prompt of claude, codex, gemini, opencode, cursor-agent and copilot; and for
    any command in the variables JOURNEYMAN_REASONS and JOURNEYMAN_REASONS_FILE. Exit codes: 0 achieved, 1 not achieved,
    3 a person must act.
    """
    _module("rounds").run_command_rounds(
        settings_of(ctx), folder, command, rounds=rounds, budget_usd=budget_usd, timeout_s=timeout_s, quiet=quiet,
        as_json=as_json,
    )  # fmt: skip


@guard.command("ci")
def ci(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="The guarded folder of the checkout.")] = Path(),
    base: Annotated[
        str,
        typer.Option(
            "--base", metavar="REF", help="The commit whose contract counts; a pull request's base on GitHub."
        ),
    ] = "",
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Check a clean git checkout by guard.yaml and the protected files of its base commit, and exit with the verdict.

    Every file is read, every check runs, and nothing that was committed since is believed. Exit codes: 0 achieved,
    1 not achieved, 2 bad input, 3 a person must act.
    """
    _module("continuous_integration").check_checkout(settings_of(ctx), folder, base=base, quiet=quiet, as_json=as_json)


install_commands.register(guard)
