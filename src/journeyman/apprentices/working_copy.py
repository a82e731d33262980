"""Where an agent works: a copy of its own, of which it is known what was in it before."""

from __future__ import annotations

import stat
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from journeyman.apprentices.copy_files import CopyFiles, UnlistedFolder, look_at
from journeyman.concurrency.folder_removal import remove_folder
from journeyman.mission.values.errors import NotAllowed, NotFound
from journeyman.workspaces.copying import pristine_copy
from journeyman.workspaces.digest import WorkspaceFiles, read_workspace
from journeyman.workspaces.file_listing import LEFT_OUT, run_git
from journeyman.workspaces.pristine import copy_workspace

INPUTS: Final = "inputs"
_WHO: Final = ("-c", "user.name=journeyman", "-c", "user.email=journeyman@localhost", "-c", "commit.gpgsign=false")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingCopy:
    """A folder for one attempt."""

    folder: Path
    """Where the agent works."""
    before: Path
    """The same files, as they were before it began."""
    files: WorkspaceFiles
    """What they were: whoever changes `before`, too, is found out."""
    unlisted: Mapping[str, UnlistedFolder] = field(default_factory=dict[str, UnlistedFolder])
    """What was there besides: folders that tools write, and build folders that were given."""
    inputs: tuple[str, ...] = ()
    """Paths in `folder` that the agent was given to read …"""
    mounts: tuple[str, ...] = ()
    """… and build folders that it was given to use."""


def prepare_working_copy(
    place: Path,
    *,
    source: Path | None,
    carried: Collection[str] | None = None,
    assets: Sequence[Path] = (),
    mounts: Sequence[str] = (),
) -> WorkingCopy:
    """Make a working copy in `place`, which must not exist yet. Blocks.

    The copy shares no file with its source. It is a git repository of one commit, where there is git: agents look at what
    they have changed. Its history, settings and hooks are not the source's.

    Args:
        place: Holds the copy and what it was before.
        source: The folder to work on: files that git ignores stay away. `None` begins with nothing but the assets.
        carried: Where the source is what an earlier attempt left: paths that count wherever they lie. All of its files come
            along then, also those that git would ignore.
        assets: Files and folders that are copied to `inputs/`, read-only; names that clash get `-2`, `-3`, ….
        mounts: Build folders that git ignores and the work needs, such as `node_modules`: copied, and read-only.

    Raises:
        NotFound: An asset is not there.
        NotAllowed: The place is taken, or a copy is not possible as asked.
        WorldError: The source changed meanwhile; try again.
    """
    missing = [str(asset) for asset in assets if not asset.exists()]
    if missing:
        raise NotFound(f"no such asset: {', '.join(missing)}", code="asset_missing")
    if place.exists():
        raise NotAllowed(f"{place} exists already; an attempt needs a folder of its own", code="attempt_exists")
    folder, before = place / "workspace", place / "before"
    place.mkdir(mode=0o700, parents=True)
    try:
        if source is None:
            folder.mkdir()
        else:
            files = read_workspace(source) if carried is None else files_in(source, carried)
            copy_workspace(source, files, folder, mounts=mounts)
        inputs = tuple(_give(folder, asset) for asset in assets)
        _make_repository(folder)
        given = tuple(mount.strip("/") for mount in mounts if (folder / mount).exists())
        found = look_at(folder, known=read_workspace(folder).entries, whole=inputs, aside=given)
        pristine_copy(folder, before, only=found.listed.entries)
    except BaseException:
        remove_folder(place)
        raise
    return WorkingCopy(
        folder=folder, before=before, files=found.listed, unlisted=found.unlisted, inputs=inputs, mounts=given
    )


def files_of(copy: WorkingCopy) -> CopyFiles:
    """What lies in a working copy now. Blocks."""
    return look_at(copy.folder, known=copy.files.entries, whole=copy.inputs, aside=copy.mounts)


def files_in(folder: Path, known: Collection[str] = ()) -> WorkspaceFiles:
    """What lies in a folder that belongs to a task, inputs whole, and `known` paths wherever they lie. Blocks."""
    return look_at(folder, known=known, whole=(INPUTS,)).listed


def _give(folder: Path, asset: Path) -> str:
    """Copy an asset into the inputs; its path in the working copy."""
    whole, number = asset.resolve(), 1
    place = folder / INPUTS / whole.name
    while place.exists() and whole.name:
        number += 1
        place = folder / INPUTS / f"{whole.stem}-{number}{whole.suffix}"
    place.parent.mkdir(exist_ok=True)
    pristine_copy(whole, place)
    for path in (place, *place.rglob("*")):
        mode = path.lstat().st_mode
        if not stat.S_ISLNK(mode):
            path.chmod(stat.S_IMODE(mode) & 0o555)
    return place.relative_to(folder).as_posix()


def _make_repository(folder: Path) -> None:
    """One commit of all that is there; what tools leave behind is ignored. Where there is no git, there is none."""
    name = str(folder)
    if run_git(name, "init", "-q") is not None:
        exclude = folder / ".git" / "info" / "exclude"
        exclude.parent.mkdir(exist_ok=True)
        exclude.write_text("".join(f"{left_out}\n" for left_out in sorted(LEFT_OUT)), "utf-8")
        run_git(name, "add", "-A", "--force")
        run_git(name, *_WHO, "commit", "-q", "--no-verify", "--allow-empty", "-m", "Before the attempt")
