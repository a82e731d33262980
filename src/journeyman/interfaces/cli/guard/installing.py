"""`guard install`, `uninstall`, `status`: the hook and the skill in a host's own files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from journeyman.agents import HOSTS
from journeyman.agents.installing.codex_hooks import CodexHook, codex_hooks
from journeyman.agents.installing.codex_trust import trust_change, untrust_changes
from journeyman.agents.installing.file_changes import Backups, HostFileChange, apply, difference
from journeyman.agents.installing.hook_command import is_guard, own_program
from journeyman.agents.installing.host_files import FILES, Base, Scope, base_at
from journeyman.agents.installing.installation import Installer
from journeyman.agents.installing.programs import find_program
from journeyman.agents.installing.settings_text import LONG_CAP
from journeyman.config import Settings
from journeyman.guard.contract_lookup import find_guard
from journeyman.interfaces.cli.event_loop import run_async
from journeyman.interfaces.cli.guard.guarded_folder import records_of
from journeyman.interfaces.cli.terminal import say
from journeyman.mission.values.errors import InvalidInput, NotFound, Problem
from journeyman.stores.data_folder import default_data_folder

_CODEX: Final = "codex"
_BACKUPS: Final = "guard-backups"


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallOptions:
    """What a person asked for."""

    trust: bool = False
    raise_cap: bool = False
    dry_run: bool = False


def installer(settings: Settings, host: str, scope: Scope, base: Base) -> Installer:
    """One host's files at one place."""
    return Installer(host=host, scope=scope, base=base, backups=Backups(settings.data_dir / _BACKUPS))


def program_for(settings: Settings) -> tuple[str, ...]:
    """This Journeyman as hosts start it, with its data where it is now."""
    own = own_program()
    usual = str(settings.data_dir) == os.path.realpath(default_data_folder())
    return own if usual else (*own, "--data-dir", str(settings.data_dir))


def install_guard(settings: Settings, host: str, scope: Scope, folder: Path, options: InstallOptions) -> None:
    """Put hook and skill in place, and say what is left to do."""
    at = installer(settings, host, scope, base_at(folder, os.environ))
    if options.trust and host != _CODEX:
        raise InvalidInput(
            "the command line", (Problem(where="--trust", message=f"{host} keeps no trust in hooks; only codex does"),)
        )
    codex = _codex_program() if options.trust else ""
    changes = at.install(program_for(settings), raise_cap=options.raise_cap)
    if options.dry_run:
        _show_changes(changes)
        if options.trust:
            say("then Codex is asked for the hook's hash, which is written to its config.toml", err=True)
        return
    apply(changes, at.backups)
    _say_changes(changes, at, "installed")
    if host == _CODEX:
        _trust(at, codex, folder, is_asked=options.trust)
    _say_next(settings, at, options)


def uninstall_guard(settings: Settings, host: str, scope: Scope, folder: Path, *, dry_run: bool) -> None:
    """Take out what was put in."""
    at = installer(settings, host, scope, base_at(folder, os.environ))
    changes = [*at.uninstall(), *(untrust_changes(at) if host == _CODEX else ())]
    if dry_run:
        _show_changes(changes)
        return
    apply(changes, at.backups)
    _say_changes(changes, at, "removed")
    if all(change.is_none for change in changes):
        say(f"nothing of the guard is installed in {host} ({scope}): {at.places.hooks}", err=True)


def _show_changes(changes: Sequence[HostFileChange]) -> None:
    shown = "".join(difference(change) for change in changes)
    if shown:
        say(shown, exact=True, nl=False)
    else:
        say("nothing would be changed", err=True)


def _say_changes(changes: Sequence[HostFileChange], at: Installer, done: str) -> None:
    for change in changes:
        if change.is_none:
            if change.before is not None and done == "installed":
                say(f"already there: {change.path}")
            continue
        how = "removed" if change.after is None else done if change.before is None else "changed"
        say(f"{how}: {change.path}")
        backup = at.backups.place(change.path)
        if backup.exists() and change.before is not None:
            say(f"  as it was before the guard: {backup}", err=True)


def _say_next(settings: Settings, at: Installer, options: InstallOptions) -> None:
    host = at.host
    found = at.installed()
    if found is not None and found.off:
        say(f"but {host} does not run it: {found.off}", err=True)
    if options.raise_cap and at.files.cap_path is None:
        cap = HOSTS[host].cap
        words = "never lets go by itself" if cap is None else f"lets go after {cap} blocks, and has no setting for that"
        say(f"--long changes nothing: {host} {words}", err=True)
    elif options.raise_cap and at.files.cap_path is not None:
        say(
            f"{'.'.join(at.files.cap_path)} is {LONG_CAP} where it was not set: max_blocks of guard.yaml bounds the blocks",
            err=True,
        )
    if at.scope is Scope.PROJECT:
        say(f"{at.places.hooks.name} names this machine's Journeyman: keep it out of git", err=True)
        place = find_guard(str(at.base.repository), records_of(settings))
        if place is not None and place.is_pinned:
            say("guard.yaml may protect this file: journeyman guard pin accepts it as it is now", err=True)
    if not find_program(host, os.environ):
        say(f"{host} itself is not on the PATH: {FILES[host].get}", err=True)
    if not FILES[host].proof:
        say(f"prove that it blocks: journeyman guard doctor {host}", err=True)


def _codex_program() -> str:
    found = find_program(_CODEX, os.environ)
    if not found:
        raise NotFound(
            f"--trust needs codex itself, which says what there is to trust, on the PATH: {FILES[_CODEX].get}"
        )
    return found


def codex_rows(program: str, folder: Path, at: Installer) -> list[CodexHook]:
    """The guard's hooks as Codex knows them. Raises `Unavailable`."""
    found = run_async(partial(codex_hooks, [program], folder, at.base.environment))
    return [row for row in found if is_guard(row.command, at.host)]


def _trust(at: Installer, codex: str, folder: Path, *, is_asked: bool) -> None:
    if not is_asked:
        say(
            "Codex skips a hook in silence until it is trusted: open codex, type /hooks and trust it, or give --trust",
            err=True,
        )
        return
    rows = codex_rows(codex, folder.resolve(), at)
    if not rows:
        raise NotFound(
            f"Codex does not see the hook in {at.places.hooks}; in a project it reads hooks only where the project itself "
            "is trusted: open codex there once, then do this again"
        )
    change = trust_change(at, {row.key: row.current_hash for row in rows})
    apply([change], at.backups)
    say(f"trusted: {change.path}" if not change.is_none else f"already trusted: {change.path}")
