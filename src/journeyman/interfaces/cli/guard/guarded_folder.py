"""Which folder is meant, and its contract, as commands of a person find them."""

from __future__ import annotations

from pathlib import Path

from journeyman.config import Settings
from journeyman.engine.clock import SystemClock
from journeyman.guard.contract import Contract, difference, load_guard_file, pin, pinned_contract, protected_patterns
from journeyman.guard.contract_lookup import GuardPlace, find_guard, place_of
from journeyman.mission.model.guard_file import GuardFile
from journeyman.mission.values.errors import NotAllowed, NotFound
from journeyman.workspaces.digest import read_workspace


def records_of(settings: Settings) -> str:
    """The tenant's folder."""
    return str(settings.data_dir / settings.tenant)


def guarded_place(settings: Settings, folder: Path, *, to_confirm: bool = False) -> GuardPlace:
    """The nearest guarded folder; `to_confirm` takes one that nobody has confirmed yet, too. Raises `NotFound`."""
    place = find_guard(str(folder), records_of(settings), to_confirm=to_confirm)
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
    """The contract that somebody confirmed, and how the file differs from it; raises `NotAllowed` where nobody has."""
    contract = pinned_contract(place)
    if contract is None:
        load_guard_file(place)  # what is wrong with it is told first
        raise NotAllowed(
            f"nobody has confirmed {Path(place.root) / place.file}: it may be anybody's; look at it, then: journeyman guard pin",
            code="not_confirmed",
        )
    return contract, difference(place, contract)


def pin_now(place: GuardPlace, guard: GuardFile) -> Contract:
    """Pin the contract with the protected files as they are; raises `NotAllowed` where it would lie among them."""
    if Path(place.own).resolve().is_relative_to(place.root):
        raise NotAllowed(
            f"the data folder lies in {place.root}, where whoever works there can change what is pinned: "
            "name another one with JOURNEYMAN_DATA_DIR",
            code="data_folder_inside",
        )
    files = read_workspace(Path(place.root), also=protected_patterns(guard))
    return pin(place, guard, files, SystemClock().now())
