"""`guard init` and `guard pin`: a contract that a person has seen."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import typer

from journeyman.config import Settings
from journeyman.guard.checking import shown_path
from journeyman.guard.contract import (
    Contract,
    load_guard_file,
    pinned_contract,
    protected_patterns,
    read_guard_file,
)
from journeyman.guard.contract_lookup import FILES, GuardPlace
from journeyman.guard.proposals import ProposedCheck, guard_text, propose_guard
from journeyman.interfaces.cli.guard.guarded_folder import guarded_place, own_place, pin_now
from journeyman.interfaces.cli.shared import print_json
from journeyman.interfaces.cli.terminal import say
from journeyman.mission.criteria.base import walk
from journeyman.mission.model.guard_file import GuardFile
from journeyman.mission.values.canonical import Json, JsonObject
from journeyman.mission.values.errors import NotAllowed, NotFound, RecordBroken
from journeyman.workspaces.baseline import Baseline
from journeyman.workspaces.digest import read_workspace
from journeyman.workspaces.path_patterns import PathPatterns


def write_proposal(settings: Settings, folder: Path, *, yes: bool, force: bool, dry_run: bool) -> None:
    """Propose a guard's file, have it confirmed, write it and pin it."""
    place = own_place(settings, folder)
    if place.file and not force:
        raise NotAllowed(f"{place.root} has a {place.file}; change it and journeyman guard pin, or give --force")
    root = Path(place.root)
    found = propose_guard(root)
    checks = list(found.checks) or _asked_for(yes=yes or dry_run)
    text = guard_text(checks, found.protect, found.mount)
    guard = read_guard_file(text.encode(), FILES[0], root)
    say(text, exact=True, nl=False)
    if dry_run:
        return
    if not yes and not typer.confirm(f"write {FILES[0]} and pin it?", default=False, err=True):
        say("nothing was written", err=True)
        raise typer.Exit(1)
    (root / FILES[0]).write_text(text, "utf-8")
    contract = pin_now(own_place(settings, folder), guard)
    say(f"wrote and pinned {FILES[0]}: {_protected_words(contract)}", err=True)
    _tell_unmatched(contract)
    say("next: journeyman guard check", err=True)


def _asked_for(*, yes: bool) -> list[ProposedCheck]:
    """The command that a person names where the repository says nothing."""
    if yes or not sys.stdin.isatty():
        raise NotFound(
            "nothing here says how the work is checked (pytest, package.json, Cargo.toml, go.mod, Makefile, linters): "
            "write guard.yaml by hand; journeyman schema --guard shows its keys"
        )
    said = str(
        typer.prompt("Nothing here says how the work is checked. Which command shows that it is done?", err=True)
    )
    words = shlex.split(said)
    if not words:
        raise NotFound("no command was named; write guard.yaml by hand")
    return [ProposedCheck("done", tuple(words), "said by a person")]


def pin_file(settings: Settings, folder: Path, *, yes: bool, as_json: bool) -> None:
    """Show what would count from now on, have it confirmed, and pin it."""
    found_at = guarded_place(settings, folder, to_confirm=True)
    place = own_place(settings, Path(found_at.root)) if found_at.leads_to else found_at
    guard = load_guard_file(place)
    changes = _changes(place, guard)
    if found_at.leads_to:
        changes.insert(
            0, f"{found_at.root} was a folder when its contract was confirmed, and leads to {found_at.leads_to} now"
        )
    if not as_json:
        for line in changes:
            say(line)
    if not yes and (as_json or not typer.confirm("pin this?", default=False, err=True)):
        say("nothing was pinned; give --yes to pin without asking", err=True)
        raise typer.Exit(1)
    contract = pin_now(place, guard)
    if found_at.leads_to:
        Path(found_at.pinned).unlink(missing_ok=True)
    if as_json:
        rows: list[Json] = [*changes]
        found: JsonObject = {"root": place.root, "contract": contract.digest, "changes": rows}
        print_json(found)
        return
    say(f"pinned {place.file}: {_protected_words(contract)}", err=True)
    _tell_unmatched(contract)


def _changes(place: GuardPlace, guard: GuardFile) -> list[str]:
    """What is new about the contract and the protected files."""
    try:
        before = pinned_contract(place)
    except RecordBroken as error:
        before = None
        say(f"{error}", err=True)
    lines = [f"{place.root}: {place.file}"]
    if before is None:
        return [*lines, *(f"  + {criterion.id}: {criterion.sentence()}" for criterion in walk(guard.criteria))]
    old = {criterion.id: criterion.sentence() for criterion in walk(before.guard.criteria)}
    new = {criterion.id: criterion.sentence() for criterion in walk(guard.criteria)}
    lines += [f"  - {name}: {words}" for name, words in old.items() if new.get(name) != words]
    lines += [f"  + {name}: {words}" for name, words in new.items() if old.get(name) != words]
    lines += [f"  - protect {one}" for one in before.guard.protect if one not in guard.protect]
    lines += [f"  + protect {one}" for one in guard.protect if one not in before.guard.protect]
    files = read_workspace(Path(place.root), also=protected_patterns(guard))
    known = Baseline(protected_patterns(guard), before.baseline.entries, before.baseline.contents)
    lines += [f"  ~ {shown_path(one.path)} was {one.how}" for one in known.touched(files)]
    return lines if len(lines) > 1 else [*lines, "  nothing changed"]


def _protected_words(contract: Contract) -> str:
    count = len(contract.baseline.entries)
    return f"{len(contract.guard.criteria)} criteria, {count} protected file{'' if count == 1 else 's'}"


def _tell_unmatched(contract: Contract) -> None:
    """Say which patterns protect nothing yet: a file that is to come, or a pattern that was meant otherwise."""
    entries = contract.baseline.entries
    missed = [one for one in contract.guard.protect if not PathPatterns([one]).filtered(entries)]
    if missed:
        say(
            f"no file yet fits {', '.join(missed)} (the wildcards are * and ? within a name, and ** for folders)",
            err=True,
        )
