"""Which folder is guarded, and by which contract, wherever somebody asks for a check."""

from __future__ import annotations

from pathlib import Path

from journeyman.guard.contract import Contract, difference, load_guard_file, pinned_contract
from journeyman.guard.contract_lookup import GuardPlace, find_guard
from journeyman.mission.values.errors import NotAllowed, NotFound


def guarded_above(folder: Path, records: str, *, to_confirm: bool = False) -> GuardPlace:
    """The folder or the nearest guarded one above it; `to_confirm` takes one that nobody has confirmed yet, too.

    `records` is the tenant's folder. Raises `NotFound`.
    """
    place = find_guard(str(folder), records, to_confirm=to_confirm)
    if place is None:
        raise NotFound(
            f"{folder.resolve()} is not guarded: there is no guard.yaml; `journeyman guard init` proposes one"
        )
    return place


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
