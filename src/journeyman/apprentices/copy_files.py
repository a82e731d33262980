"""What lies in a working copy: an agent may have put there what it likes, and nobody else's word is taken for it.

Each file is read, also what `.gitignore` names, without asking git: the repository in the copy is the agent's. Two things
are looked at from outside alone, by what the system says of their files: folders that tools write (`LEFT_OUT`, such as
`node_modules` and `__pycache__`) and the build folders that were given to it. They are no part of digests and diffs, and
what became of them is told.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from journeyman.workspaces.digest import FileEntry, WorkspaceFiles, entry_of_no_file
from journeyman.workspaces.file_listing import LEFT_OUT

UNREAD: Final = "unread"
"""The mode of an entry of which nothing is known but that it is there: unreadable, too long a path, or over the bounds."""
_OWN_REPOSITORY: Final = ".git"
_READ: Final = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_CHUNK_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class LookBounds:
    """How much is looked at: an agent may leave more than anybody can read."""

    entries: int = 400_000
    """Files, folders and links; those after them are one entry that says so."""
    read_bytes: int = 8 << 30
    """Of contents; a file that is over is known to be there, and no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlistedFolder:
    """A folder, or a file, that is no part of the work."""

    entries: int
    signature: str
    """Differs where any file below was written, added or removed, or its mode changed: times of change cannot be set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyFiles:
    """All that lies in a working copy at one moment."""

    listed: WorkspaceFiles
    unlisted: Mapping[str, UnlistedFolder]
    """By path; the copy's own repository is not among them."""


@dataclass(slots=True)
class _Look:
    """One look at a folder."""

    root: str
    bounds: LookBounds
    whole: frozenset[str]
    """Paths below which nothing is left out."""
    aside: frozenset[str]
    """Folders that are looked at from outside."""
    entries: dict[str, FileEntry] = field(default_factory=dict[str, FileEntry])
    unlisted: dict[str, UnlistedFolder] = field(default_factory=dict[str, UnlistedFolder])
    seen: int = 0
    read_bytes: int = 0

    def walk(self) -> None:
        """Look at everything below the root."""
        folders = [""]  # no recursion: an agent makes folders as deep as it likes
        while folders and not self.is_over():
            before = folders.pop()
            for entry in self.listing(before, self.entries):
                path = f"{before}{entry.name}"
                within = any(path.startswith(f"{top}/") for top in self.whole)
                if path in self.aside or (entry.name in LEFT_OUT and not within):
                    if path != _OWN_REPOSITORY:
                        self.unlisted[path] = self.outside(path, entry)
                elif entry.is_dir(follow_symlinks=False):
                    folders.append(f"{path}/")
                else:
                    self.entries[path] = self.entry(path)
        if self.is_over():  # one entry that nobody can miss
            self.entries[f"... more than {self.bounds.entries} files and folders"] = FileEntry(UNREAD, "")

    def is_over(self) -> bool:
        """Tell whether there is more than is looked at."""
        return self.seen > self.bounds.entries

    def listing(self, folder: str, unread: dict[str, FileEntry]) -> Iterator[os.DirEntry[str]]:
        """What is in a folder; one that cannot be looked into, such as by its path's length, is an entry itself."""
        found: list[os.DirEntry[str]] | None = None
        for _ in range(2):
            with suppress(OSError), os.scandir(f"{self.root}/{folder}") as entries:
                found = []
                for entry in entries:
                    found.append(entry)
                    if self.seen + len(found) > self.bounds.entries:
                        break
                break
            with suppress(OSError):
                Path(f"{self.root}/{folder}").chmod(0o700)
        if found is None:
            unread[folder.rstrip("/")] = FileEntry(UNREAD, "")
        self.seen += len(found or ())
        yield from found or ()

    def entry(self, path: str) -> FileEntry:
        """A file or link, read."""
        whole = f"{self.root}/{path}"
        try:
            mode = os.lstat(whole).st_mode
            if not stat.S_ISREG(mode):
                return entry_of_no_file(whole, mode)
            if not os.access(whole, os.R_OK):
                os.chmod(whole, 0o600)  # noqa: PTH101 - asked of each file
            sha256 = self.sha256(whole)
        except OSError as error:
            return FileEntry(UNREAD, error.strerror or "")
        if not sha256:
            return FileEntry(UNREAD, "too large")
        return FileEntry("100755" if mode & 0o100 else "100644", sha256)

    def sha256(self, whole: str) -> str:
        """Of a file's content; nothing where there is no more room to read."""
        opened = os.open(whole, _READ)
        try:
            if os.fstat(opened).st_size > self.bounds.read_bytes - self.read_bytes:
                return ""
            digest = hashlib.sha256()
            while chunk := os.read(opened, _CHUNK_BYTES):
                self.read_bytes += len(chunk)
                if self.read_bytes > self.bounds.read_bytes:
                    return ""
                digest.update(chunk)
            return digest.hexdigest()
        finally:
            os.close(opened)

    def outside(self, path: str, entry: os.DirEntry[str]) -> UnlistedFolder:
        """What the system says of all files below."""
        digest, count = hashlib.sha256(), 0
        folders = [f"{path}/"] if entry.is_dir(follow_symlinks=False) else []
        unread: dict[str, FileEntry] = {}
        digest.update(_signed(path, entry))
        while folders and not self.is_over():
            before = folders.pop()
            for found in sorted(self.listing(before, unread), key=lambda one: one.name):
                count += 1
                digest.update(_signed(f"{before}{found.name}", found))
                if found.is_dir(follow_symlinks=False):
                    folders.append(f"{before}{found.name}/")
        digest.update(b"cut" if folders or unread else b"")
        return UnlistedFolder(entries=count, signature=digest.hexdigest())


def _signed(path: str, entry: os.DirEntry[str]) -> bytes:
    """What the system says of one file."""
    said = ""
    with suppress(OSError):
        found = entry.stat(follow_symlinks=False)
        said = f"{found.st_mode} {found.st_size} {found.st_ino} {found.st_ctime_ns} "
    return os.fsencode(path) + b"\0" + said.encode()


def look_at(
    folder: Path,
    *,
    known: Collection[str] = (),
    whole: Collection[str] = (),
    aside: Collection[str] = (),
    bounds: LookBounds | None = None,
) -> CopyFiles:
    """All that lies in a folder now. Blocks.

    What was made unreadable is made readable; a folder that was removed, or that a link took the place of, holds nothing.

    Args:
        folder: The working copy.
        known: Paths of files that count wherever they lie, such as those that were tracked below a folder of tools.
        whole: Paths below which nothing is left out, such as inputs.
        aside: Folders that are looked at from outside.
        bounds: How much is looked at.
    """
    if folder.is_symlink() or not folder.is_dir():
        return CopyFiles(listed=WorkspaceFiles({}), unlisted={})
    look = _Look(str(folder), bounds or LookBounds(), frozenset(whole), frozenset(aside))
    look.walk()
    for path in known:
        if path not in look.entries and _is_inside(folder, path) and os.path.lexists(folder / path):
            look.entries[path] = look.entry(path)
    return CopyFiles(listed=WorkspaceFiles(dict(sorted(look.entries.items()))), unlisted=look.unlisted)


def _is_inside(folder: Path, path: str) -> bool:
    """Tell whether no folder on the way is a link: what a link shows is not of this copy."""
    parts = path.split("/")[:-1]
    return not any(os.path.islink(folder.joinpath(*parts[: end + 1])) for end in range(len(parts)))  # noqa: PTH114
