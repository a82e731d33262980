"""Protected baselines: files as somebody saw them when they were pinned, kept by content where an agent does not work."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from journeyman.mission.values.errors import NotFound, RecordBroken, WorldError
from journeyman.workspaces.digest import LINK, FileEntry, WorkspaceFiles
from journeyman.workspaces.file_listing import run_git
from journeyman.workspaces.path_patterns import PathPatterns


@dataclass(frozen=True, slots=True)
class TouchedFile:
    """A protected file that is not as it was."""

    path: str
    how: str
    """`added`, `removed`, `changed`, or `made executable` and the like."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the protected files of a workspace must be."""

    patterns: tuple[str, ...]
    entries: Mapping[str, FileEntry]
    contents: Path
    """Folder of contents, each named by its SHA-256."""

    def content(self, entry: FileEntry) -> bytes:
        """What the file holds, or where the link leads; raises `RecordBroken` where that is not what was pinned."""
        try:
            data = (self.contents / entry.sha256).read_bytes()
        except OSError as error:
            raise RecordBroken(
                f"the pinned content {entry.sha256[:12]} cannot be read: {error}; pin it again"
            ) from None
        if hashlib.sha256(data).hexdigest() != entry.sha256:
            raise RecordBroken(f"the pinned content {entry.sha256[:12]} is not what was pinned; pin it again")
        return data

    def touched(self, files: WorkspaceFiles) -> tuple[TouchedFile, ...]:
        """How a workspace's protected files differ from these, by path."""
        meant = PathPatterns(self.patterns)
        paths = {*self.entries, *meant.filtered(files.entries)}
        found = ((path, _difference(self.entries.get(path), files.entries.get(path))) for path in sorted(paths))
        return tuple(TouchedFile(path, how) for path, how in found if how)

    def applied(self, files: WorkspaceFiles) -> WorkspaceFiles:
        """A workspace's files with these in place of its own protected ones: what checks see."""
        meant = PathPatterns(self.patterns)
        free = {path: entry for path, entry in files.entries.items() if path not in meant}
        return WorkspaceFiles(dict(sorted({**free, **self.entries}.items())))

    def restore(self, files: WorkspaceFiles, copy: Path) -> tuple[TouchedFile, ...]:
        """Make the protected files of a copy of `files` what they must be; give those that were not."""
        touched = self.touched(files)
        for one in touched:
            _remove(copy, one.path)
        for one in touched:
            entry = self.entries.get(one.path)
            if entry is not None:
                _write(copy, one.path, entry, self.content(entry))
        return touched


def pin_files(root: Path, files: WorkspaceFiles, patterns: Sequence[str], contents: Path) -> Baseline:
    """The protected files as they are, their contents kept under `contents`. Blocks."""
    entries = {path: files.entries[path] for path in PathPatterns(patterns).filtered(files.entries)}
    for path, entry in entries.items():
        whole = root / path
        data = os.fsencode(whole.readlink()) if entry.mode == LINK else _bytes_of(whole)
        if hashlib.sha256(data).hexdigest() != entry.sha256:
            raise WorldError(f"{path} changed while it was pinned; try again", code="source_changed", retry_after_s=1.0)
        _keep(contents, entry.sha256, data)
    return Baseline(tuple(patterns), entries, contents)


def files_of_commit(root: Path, commit: str, patterns: Sequence[str], contents: Path) -> Baseline:
    """The protected files as a commit of a git repository has them, below `root`. Blocks.

    Contents are those that git keeps: no filter and no attribute of the repository changes or hides any.
    Raises `NotFound` where there is no such commit, or no git.
    """
    listing = run_git(str(root), "ls-tree", "-r", "-z", "--end-of-options", commit)
    if listing is None:
        raise NotFound(f"git knows no commit {commit!r} in {root}; fetch it, or name another one")
    meant = PathPatterns(patterns)
    wanted: list[tuple[str, str, bytes]] = []
    for row in filter(None, listing.split(b"\0")):
        about, _, name = row.partition(b"\t")
        mode, kind, blob = about.split(b" ")
        if kind == b"blob" and (path := os.fsdecode(name)) in meant:
            wanted.append((path, mode.decode(), blob))
    entries: dict[str, FileEntry] = {}
    for (path, mode, _), data in zip(wanted, _blobs(root, [blob for _, _, blob in wanted]), strict=True):
        sha256 = hashlib.sha256(data).hexdigest()
        entries[path] = FileEntry(mode, sha256)
        _keep(contents, sha256, data)
    return Baseline(tuple(patterns), entries, contents)


def file_of_commit(root: Path, commit: str, path: str) -> bytes | None:
    """One file as a commit has it; `None` where it has none."""
    return run_git(str(root), "show", f"{commit}:./{path}")


def _blobs(root: Path, names: Sequence[bytes]) -> Iterator[bytes]:
    """The contents of git objects, in order."""
    if not names:
        return
    found = run_git(str(root), "cat-file", "--batch", given=b"\n".join([*names, b""]))
    if found is None:
        raise NotFound(f"git cannot read the files of the commit in {root}; fetch all of it")
    at = 0
    for name in names:
        end = found.index(b"\n", at)
        head = found[at:end].split(b" ")
        if len(head) != 3:
            raise NotFound(f"git has no object {name.decode()} in {root}; fetch all of the commit")
        size = int(head[2])
        yield found[end + 1 : end + 1 + size]
        at = end + 1 + size + 1


def _difference(pinned: FileEntry | None, found: FileEntry | None) -> str:
    if pinned == found:
        return ""
    if pinned is None:
        return "added"
    if found is None:
        return "removed"
    if pinned.sha256 != found.sha256 or LINK in (pinned.mode, found.mode):
        return "changed"
    return "made executable" if found.mode == "100755" else "made not executable"


def _bytes_of(path: Path) -> bytes:
    opened = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(opened, "rb") as file:
        return file.read()


def _keep(contents: Path, sha256: str, data: bytes) -> None:
    contents.mkdir(mode=0o700, parents=True, exist_ok=True)
    place = contents / sha256
    if place.exists() and hashlib.sha256(place.read_bytes()).hexdigest() == sha256:
        return
    draft = place.with_name(f"{sha256}.{os.getpid()}")
    draft.write_bytes(data)
    draft.replace(place)


def _remove(copy: Path, path: str) -> None:
    place = copy / path
    if (place.is_symlink() or place.is_file()) and _has_real_folders(copy, path):
        place.unlink()


def _has_real_folders(copy: Path, path: str) -> bool:
    folders = path.split("/")[:-1]
    return not any((copy / "/".join(folders[: count + 1])).is_symlink() for count in range(len(folders)))


def _write(copy: Path, path: str, entry: FileEntry, data: bytes) -> None:
    """Write a file or link; whatever stands on the way to it, a link say, is not what was pinned, and goes."""
    place, folder = copy / path, copy
    for name in path.split("/")[:-1]:
        folder = folder / name
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            folder.unlink()
        folder.mkdir(exist_ok=True)
    if place.is_symlink() or place.exists():
        place.unlink()
    if entry.mode == LINK:
        place.symlink_to(os.fsdecode(data))
    else:
        place.write_bytes(data)
        place.chmod(0o755 if entry.mode == "100755" else 0o644)
