"""The contract: what was pinned for a folder, outside of it, and how the file in the folder differs from that."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, cast

from journeyman.engine.clock import stamp
from journeyman.engine.mission_check import expression_faults
from journeyman.guard.contract_lookup import FILES, GuardPlace
from journeyman.mission.files.documents import FORMS
from journeyman.mission.files.mission_file import parse_as, validate_as
from journeyman.mission.model.guard_file import GuardFile, contract_digest, contract_of
from journeyman.mission.values.errors import InvalidInput, NotAllowed, NotFound, RecordBroken
from journeyman.workspaces.baseline import Baseline, pin_files
from journeyman.workspaces.digest import FileEntry, WorkspaceFiles

_CONTENTS: Final = "contents"


@dataclass(frozen=True, slots=True)
class Contract:
    """What a folder's work must hold, and the protected files that it is judged with."""

    guard: GuardFile
    baseline: Baseline
    pinned_at: str = ""

    @property
    def digest(self) -> str:
        """The SHA-256 hex that names exactly this contract."""
        return contract_digest(self.guard)


def protected_patterns(guard: GuardFile) -> tuple[str, ...]:
    """What is protected in any case, and counts even where git ignores it: what the file says, and the file."""
    return (*guard.protect, *FILES)


def read_guard_file(data: bytes, name: str, folder: Path) -> GuardFile:
    """The guard's file in its bytes; raises `InvalidInput` with everything that is wrong."""
    form = FORMS[Path(name).suffix]
    return parse_as(
        GuardFile, data, form, name, read=lambda other: (folder / other).read_bytes(), check=expression_faults
    )


def load_guard_file(place: GuardPlace) -> GuardFile:
    """The file in the folder; raises `InvalidInput`, or `NotFound` where there is none."""
    if not place.file:
        raise NotFound(f"there is no guard.yaml in {place.root}; `journeyman guard init` proposes one")
    return read_guard_file((Path(place.root) / place.file).read_bytes(), place.file, Path(place.root))


def pin(place: GuardPlace, guard: GuardFile, files: WorkspaceFiles, now: datetime) -> Contract:
    """Keep the contract, and the protected files as they are, outside the folder. Blocks."""
    own = Path(place.own)
    own.mkdir(mode=0o700, parents=True, exist_ok=True)
    baseline = pin_files(Path(place.root), files, protected_patterns(guard), own / _CONTENTS)
    contract = Contract(guard, baseline, stamp(now))
    rows = {os.fsencode(path).hex(): [entry.mode, entry.sha256] for path, entry in baseline.entries.items()}
    document = {
        "root": place.root,
        "contract": contract_of(guard),
        "digest": contract.digest,
        "pinned_at": contract.pinned_at,
        "protected": rows,
    }
    draft = Path(f"{place.pinned}.{os.getpid()}")
    draft.write_text(json.dumps(document, indent=1, sort_keys=True), "utf-8")
    draft.replace(place.pinned)
    return contract


def pinned_contract(place: GuardPlace) -> Contract | None:
    """What was pinned, to judge by; `None` where nothing was.

    Raises:
        RecordBroken: It is not what was written.
        NotAllowed: The folder that somebody confirmed is a link now, to files that nobody did.
    """
    _refuse_replaced(place)
    return stored_contract(place)


def _refuse_replaced(place: GuardPlace) -> None:
    if place.leads_to:
        raise NotAllowed(
            f"{place.root} was a folder when its contract was confirmed, and leads to {place.leads_to} now: put it back, "
            f"or look at what is there and confirm that: journeyman guard pin {place.root}",
            code="folder_replaced",
        )


def stored_contract(place: GuardPlace) -> Contract | None:
    """What was pinned, where nothing is judged by it; raises `RecordBroken` where it is not what was written."""
    try:
        document = cast("Mapping[str, Any]", json.loads(Path(place.pinned).read_text("utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise RecordBroken(
            f"the pinned contract {place.pinned} cannot be read: {error}; journeyman guard pin"
        ) from None
    try:
        guard = validate_as(GuardFile, document["contract"], None, "the pinned contract")
        entries = {
            os.fsdecode(bytes.fromhex(path)): FileEntry(str(row[0]), str(row[1]))
            for path, row in document["protected"].items()
        }
        digest, pinned_at, root = str(document["digest"]), str(document["pinned_at"]), str(document["root"])
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, InvalidInput) as error:
        raise RecordBroken(f"the pinned contract {place.pinned} is malformed: {error}; journeyman guard pin") from None
    contract = Contract(guard, Baseline(protected_patterns(guard), entries, Path(place.own) / _CONTENTS), pinned_at)
    if contract.digest != digest or root != place.root:
        raise RecordBroken(f"the pinned contract {place.pinned} is not what was pinned; journeyman guard pin")
    return contract


def difference(place: GuardPlace, contract: Contract) -> str:
    """How the file in the folder differs from what was pinned, in words; empty where it does not."""
    if not place.file:
        return "guard.yaml is gone; what was pinned counts"
    try:
        same = contract_digest(load_guard_file(place)) == contract.digest
    except (InvalidInput, NotFound, OSError):
        return f"{place.file} cannot be read any more; what was pinned counts"
    return (
        ""
        if same
        else f"{place.file} is not what was pinned, which counts; a person accepts it with: journeyman guard pin"
    )
