"""What a task puts out: the files of one attempt, in a folder that is replaced as a whole."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from journeyman.apprentices.file_changes import ChangeKind
from journeyman.apprentices.task_folder import TaskFolder
from journeyman.apprentices.working_copy import INPUTS, files_in
from journeyman.concurrency.folder_removal import remove_folder
from journeyman.mission.model.task import Task
from journeyman.mission.values.errors import NotAllowed, Unavailable
from journeyman.stores.files import sync_folder
from journeyman.stores.whole_files import replacing_file
from journeyman.workspaces.copying import pristine_copy
from journeyman.workspaces.path_patterns import PathPatterns

_STATE: Final = "delivered.json"
_MOST_NAMES: Final = 999


class _Delivered(msgspec.Struct):
    """What was put out last."""

    path: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What was put out."""

    path: Path
    files: tuple[str, ...]
    diff: Path
    """All changes to what the task began with, as git and patch apply them."""
    replaced: bool


def deliver(folder: TaskFolder, task: Task, attempt: int, destination: Path, digest: str = "") -> Delivery:
    """Put the deliverables of an attempt into `destination`, whole or not at all. Blocks.

    A folder of that name that is not as this task, or the one that it follows, left it is not touched: the next free name
    (`-2`, `-3`, …) is taken. Raises `NotAllowed` where the attempt's files are not those of `digest`, as they were judged,
    and `Unavailable` where nothing can be written.
    """
    judged, base = folder.judged(attempt), folder.base_files()
    left = folder.judged_files(attempt, base)
    if digest and left.digest != digest:
        raise NotAllowed(
            f"what attempt {attempt} left in {judged} was changed since it was judged; nothing was put out",
            code="attempt_changed",
        )
    changes = folder.changes(attempt, base, left)
    if task.deliverables:
        files = PathPatterns(task.deliverables).filtered(left.entries)
    else:
        files = [change.path for change in changes if change.how is not ChangeKind.REMOVED]
    wanted = sorted(path for path in files if not path.startswith(f"{INPUTS}/"))
    diff = folder.root / "changes.diff"
    diff.write_bytes("".join(change.diff for change in changes).encode("utf-8", "replace"))
    try:
        place = _free(_chain(folder, task), destination)
        replaced = place.exists()
        _replace(judged, wanted, place)
        _replace(judged, wanted, folder.root / "outputs")
        delivered = _Delivered(path=str(place), digest=files_in(place).digest)
        with replacing_file(folder.root / _STATE) as file:
            file.write(msgspec.json.encode(delivered))
    except OSError as error:
        raise Unavailable(
            f"the outputs cannot be written to {destination}: {error.strerror or error}; the attempt itself is in {judged}",
            code="outputs_not_written",
        ) from None
    return Delivery(path=place, files=tuple(wanted), diff=diff, replaced=replaced)


def _chain(folder: TaskFolder, task: Task) -> list[TaskFolder]:
    """The task and the one that it follows, whose outputs it replaces."""
    return [folder] if task.follows is None else [folder, TaskFolder(folder.root.parent / task.follows.session)]


def _free(folders: list[TaskFolder], destination: Path) -> Path:
    """The destination, or the first of its names at which nothing stands that somebody else has made."""
    if not destination.name:
        raise NotAllowed(
            f"{destination} cannot be replaced; give a folder of its own with --output", code="output_taken"
        )
    known = {_delivered(folder) for folder in folders}
    for number in range(1, _MOST_NAMES):
        place = destination if number == 1 else destination.with_name(f"{destination.name}-{number}")
        if not place.exists() and not place.is_symlink():
            return place
        if place.is_dir() and not place.is_symlink():
            found = files_in(place)
            if not any(place.iterdir()) or (str(place), found.digest) in known:
                return place
    raise Unavailable(f"all names like {destination} are taken; give another with --output", code="outputs_not_written")


def _delivered(folder: TaskFolder) -> tuple[str, str]:
    try:
        known = msgspec.json.decode((folder.root / _STATE).read_bytes(), type=_Delivered)
    except (OSError, msgspec.MsgspecError):
        return "", ""
    return known.path, known.digest


def _replace(judged: Path, files: list[str], place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{place.name[:100]}.", dir=place.parent))
    try:
        new, old = draft / "new", draft / "old"
        if files:
            pristine_copy(judged, new, only=files)
        else:
            new.mkdir()
        if place.exists():
            place.replace(old)
        new.replace(place)
        sync_folder(place.parent)
    finally:
        remove_folder(draft)
