"""Pristine copies of a workspace for its checks: its files, protected ones as they were pinned, build folders read-only."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

from journeyman.mission.values.errors import NotAllowed, WorldError
from journeyman.workspaces.baseline import Baseline, TouchedFile
from journeyman.workspaces.copying import CopyCaps, pristine_copy
from journeyman.workspaces.digest import WorkspaceFiles, read_workspace


def copy_workspace(
    root: Path,
    files: WorkspaceFiles,
    destination: Path,
    *,
    baseline: Baseline | None = None,
    mounts: Sequence[str] = (),
    verified: bool = False,
    stopped: Callable[[], bool] = lambda: False,
) -> tuple[TouchedFile, ...]:
    """Copy a workspace to `destination`, which must not exist yet; give the protected files that were touched. Blocks.

    Contents share blocks with their source where the file system can (reflinks) and are copied elsewhere; hard links, which
    share their bytes, are never made.

    Args:
        root: The workspace.
        files: What it holds, as it was read.
        destination: Not inside `root`.
        baseline: What its protected files must be.
        mounts: Build folders that git ignores and checks need, such as `node_modules`: copied, and read-only.
        verified: Read the copy, too, and refuse it unless it is what `files` says.
        stopped: Asked between pieces of work; true ends the copy.

    Raises:
        WorldError: The workspace changed meanwhile (`source_changed`); try again.
        NotAllowed: It is too large, or a mount leads out of it.
    """
    pristine_copy(root, destination, caps=CopyCaps(), stopped=stopped, only=files.entries)
    if verified:
        _refuse_changed(root, files, destination)
    touched = baseline.restore(files, destination) if baseline is not None else ()
    for mount in mounts:
        _mount(root, mount, destination, stopped)
    return touched


def _refuse_changed(root: Path, files: WorkspaceFiles, destination: Path) -> None:
    """Compare what was copied with what was read: the copy is what will be judged, the digest what will be believed."""
    copied = read_workspace(destination)
    for path, entry in copied.entries.items():
        if files.entries.get(path) != entry and entry.mode != "120000":  # absolute links were made relative
            raise WorldError(
                f"{path} changed while {root} was copied; try again when nothing writes to it",
                code="source_changed",
                retry_after_s=1.0,
            )


def _mount(root: Path, mount: str, destination: Path, stopped: Callable[[], bool]) -> None:
    source, place = root / mount, destination / mount
    if not source.exists():
        return
    if not source.resolve().is_relative_to(root.resolve()):
        raise NotAllowed(f"the mount {mount!r} leads out of {root}; name a folder inside it", code="mount_outside")
    if place.exists():
        raise NotAllowed(
            f"the mount {mount!r} holds files that are checked; name a folder that git ignores", code="mount_taken"
        )
    place.parent.mkdir(parents=True, exist_ok=True)
    pristine_copy(source, place, stopped=stopped)
    for folder, folders, files in os.walk(place):
        for name in (*folders, *files):
            whole = f"{folder}/{name}"
            found = os.lstat(whole)
            if not stat.S_ISLNK(found.st_mode):
                os.chmod(whole, found.st_mode & 0o555)  # noqa: PTH101 - `os.walk` gives text
    place.chmod(place.stat().st_mode & 0o555)
