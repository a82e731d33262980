"""The options of `guard install`, `uninstall`, `status` and `doctor`."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import Annotated, TypeAlias

import typer

from journeyman.agents import HOSTS
from journeyman.agents.installing.host_files import Scope
from journeyman.interfaces.cli.guard.host_names import known_host
from journeyman.interfaces.cli.options import JsonOption, QuietOption
from journeyman.interfaces.cli.shared import CommandGroup, settings_of

HostArgument: TypeAlias = Annotated[str, typer.Argument(metavar="HOST", help=f"One of {', '.join(HOSTS)}.")]
ProjectOption: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--project/--user", help="For this repository alone, or for all sessions of yours.", show_default="--user"
    ),
]
FolderOption: TypeAlias = Annotated[Path, typer.Option("--folder", metavar="DIR", help="A folder of the repository.")]
DryRunOption: TypeAlias = Annotated[bool, typer.Option("--dry-run", help="Print the changes as a diff; make none.")]


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"journeyman.interfaces.cli.guard.{name}")


def register(guard: CommandGroup) -> None:
    """Put the commands into their group."""
    guard.command("install")(install)
    guard.command("uninstall")(uninstall)
    guard.command("status")(status)
    guard.command("doctor")(doctor)


def install(
    ctx: typer.Context,
    host: HostArgument,
    project: ProjectOption = False,
    trust: Annotated[
        bool, typer.Option("--trust", help="Codex: also trust the hook, as pressing it in /hooks would.")
    ] = False,
    raise_cap: Annotated[
        bool, typer.Option("--long", help="Claude Code: also raise after how many blocks it lets its agent go.")
    ] = False,
    dry_run: DryRunOption = False,
    folder: FolderOption = Path(),
) -> None:
    """Put the guard's stop hook and its Agent Skill into a coding agent's own files.

    Everything else in those files stays byte for byte, and a file that was there is backed up first. Doing it again changes
    nothing. The hook is silent in folders without a guard, so --user, once, is what most people want.
    """
    installing = _module("installing")
    options = installing.InstallOptions(trust=trust, raise_cap=raise_cap, dry_run=dry_run)
    installing.install_guard(settings_of(ctx), known_host(host), _scope(project=project), folder, options)


def uninstall(
    ctx: typer.Context,
    host: HostArgument,
    project: ProjectOption = False,
    dry_run: DryRunOption = False,
    folder: FolderOption = Path(),
) -> None:
    """Take the hook and the skill out again: exactly what was put in, also where the file was edited since."""
    scope = _scope(project=project)
    _module("installing").uninstall_guard(settings_of(ctx), known_host(host), scope, folder, dry_run=dry_run)


def status(
    ctx: typer.Context,
    host: Annotated[str, typer.Argument(metavar="[HOST]", help="Only this one.")] = "",
    folder: FolderOption = Path(),
    as_json: JsonOption = False,
) -> None:
    """Show where the hook is installed, which command it calls and whether that exists, its trust, and the host's cap."""
    name = known_host(host) if host else ""
    _module("install_status").show_status(settings_of(ctx), name, folder, as_json=as_json)


def doctor(
    ctx: typer.Context,
    host: HostArgument,
    folder: FolderOption = Path(),
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Prove an installation: the agent itself, offline, with a model that lies, in a throw-away repository and home.

    It shows whether the hook blocks, after how many blocks the host lets go, whether it trusts the hook, and what it does
    when the hook breaks. It takes about a minute and asks no real model. Exit code 0 only where the installation blocks.
    """
    _module("install_proof").prove(settings_of(ctx), known_host(host), folder, quiet=quiet, as_json=as_json)


def _scope(*, project: bool) -> Scope:
    return Scope.PROJECT if project else Scope.USER
