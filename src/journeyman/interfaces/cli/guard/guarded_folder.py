"""Which folder is meant, and its contract, as commands of a person find them."""

from __future__ import annotations

from pathlib import Path

from journeyman.config import Settings
from journeyman.engine.clock import SystemClock
from journeyman.guard.contract import Contract, pin, protected_patterns
from journeyman.guard.contract_lookup import GuardPlace, place_of
from journeyman.guard.guarded import guarded_above
from journeyman.mission.model.guard_file import GuardFile
from journeyman.mission.values.errors import NotAllowed, NotFound
from journeyman.workspaces.digest import read_workspace


def records_of(settings: Settings) -> str:
    """The tenant's folder."""
    return str(settings.data_dir / settings.tenant)


def guarded_place(settings: Settings, folder: Path, *, to_confirm: bool = False) -> GuardPlace:
    """The nearest guarded folder; `to_confirm` takes one that nobody has confirmed yet, too. Raises `NotFound`."""
    return guarded_above(folder, records_of(settings), to_confirm=to_confirm)


def own_place(settings: Settings, folder: Path) -> GuardPlace:
    """What belongs to exactly this folder."""
    if not folder.is_dir():
        raise NotFound(f"{folder} is no folder")
    return place_of(str(folder), records_of(settings))


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
