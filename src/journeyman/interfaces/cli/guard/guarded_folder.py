"""Which folder is meant, and its contract, as commands of a person find them."""

from __future__ import annotations

from pathlib import Path

from journeyman.config import Settings
from journeyman.engine.clock import SystemClock
from journeyman.guard.contract import Contract, difference, load_guard_file, pin, pinned_contract, plain_protected
from journeyman.guard.contract_lookup import GuardPlace, find_guard, place_of
from journeyman.interfaces.cli.terminal import say
from journeyman.mission.model.guard_file import GuardFile
from journeyman.mission.values.errors import NotFound
from journeyman.workspaces.digest import read_workspace


def records_of(settings: Settings) -> str:
    """The tenant's folder."""
    return str(settings.data_dir / settings.tenant)


def guarded_place(settings: Settings, folder: Path) -> GuardPlace:
    """The nearest guarded folder; raises `NotFound`."""
    place = find_guard(str(folder), records_of(settings))
    if place is None:
        raise NotFound(
            f"{folder.resolve()} is not guarded: there is no guard.yaml; `journeyman guard init` proposes one"
        )
    return place


def own_place(settings: Settings, folder: Path) -> GuardPlace:
    """What belongs to exactly this folder."""
    if not folder.is_dir():
        raise NotFound(f"{folder} is no folder")
    return place_of(str(folder), records_of(settings))


def contract_for_check(place: GuardPlace) -> tuple[Contract, str]:
    """The pinned contract, and how the file differs from it; a folder that has none yet gets what its file says."""
    contract = pinned_contract(place)
    if contract is None:
        contract = pin_now(place, load_guard_file(place))
        say(f"pinned {place.file}: from now on this is what counts, until `journeyman guard pin`", err=True)
    return contract, difference(place, contract)


def pin_now(place: GuardPlace, guard: GuardFile) -> Contract:
    """Pin the contract with the protected files as they are."""
    files = read_workspace(Path(place.root), also=plain_protected(guard))
    return pin(place, guard, files, SystemClock().now())
