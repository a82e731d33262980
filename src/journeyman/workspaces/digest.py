"""The digest of a workspace as it is: paths, modes, link targets and contents of its files."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from journeyman.mission.values.errors import Unavailable
from journeyman.workspaces.file_listing import listed_files, meant_files
from journeyman.workspaces.path_patterns import PathPatterns

StatKey: TypeAlias = tuple[int, int, int, int, int]
"""Change time and modification time in nanoseconds, size, inode, mode: what differs whenever a content may differ."""
StatCache: TypeAlias = Mapping[str, tuple[StatKey, str]]
"""Path to what was seen of a file and the SHA-256 of its content then."""

LINK: Final = "120000"
SPECIAL: Final = "special"
_NOFOLLOW: Final = (
    os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
)
_SETTLED_NS: Final = 2_000_000_000
"""A younger change may be followed by another one that shows the same times: some file systems count in two seconds."""
_CHUNK_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file or link."""

    mode: str
    """As git has it: `100644`, `100755` or `120000`; `special` for a pipe, socket or device."""
    sha256: str
    """Of the content, or of a link's target."""


@dataclass(frozen=True)
class WorkspaceFiles:
    """The files of a workspace at one moment, by path."""

    entries: Mapping[str, FileEntry]

    @cached_property
    def digest(self) -> str:
        """The SHA-256 hex that names exactly these files."""
        return _digest(self.entries.items())

    def digest_of(self, patterns: Sequence[str]) -> str:
        """The same of those that patterns mean; of all where there are no patterns."""
        if not patterns:
            return self.digest
        meant = PathPatterns(patterns)
        return _digest((path, entry) for path, entry in self.entries.items() if path in meant)


def read_workspace(
    root: Path,
    *,
    also: Sequence[str] = (),
    named: Collection[str] = (),
    stopped: Callable[[], bool] = lambda: False,
) -> WorkspaceFiles:
    """The files of a workspace, each read. Blocks.

    Args:
        root: Its folder.
        also: Patterns of files that count even where git ignores them.
        named: Paths that count whatever is said of them elsewhere.
        stopped: Asked between files; true ends the reading with `InterruptedError`.
    """
    return _WorkspaceReader(root, {}, stopped).files(also, named)


def glance_workspace(root: Path, cache_file: Path, *, also: Sequence[str] = ()) -> WorkspaceFiles:
    """The same, reading only the files that changed since `cache_file` was written, by their times, sizes and inodes.

    Who can set the clock, or writes to the disk past the file system, deceives it: for reminders, not for verdicts.
    """
    reading = _WorkspaceReader(root, load_stat_cache(cache_file), lambda: False)
    files = reading.files(also)
    if reading.changed:
        save_stat_cache(cache_file, reading.settled)
    return files


def _digest(entries: Iterable[tuple[str, FileEntry]]) -> str:
    whole = hashlib.sha256()
    for path, entry in entries:
        whole.update(f"{entry.mode} {entry.sha256} ".encode() + os.fsencode(path) + b"\0")
    return whole.hexdigest()


class _WorkspaceReader:
    """One look at all files."""

    def __init__(self, root: Path, known: StatCache, stopped: Callable[[], bool]) -> None:
        self._root = str(root)
        self._known = known
        self._stopped = stopped
        self._folders: dict[str, bool] = {"": True}
        self._now_ns = time.time_ns()
        self.settled: dict[str, tuple[StatKey, str]] = {}
        """What may be believed the next time."""
        self.changed = False

    def files(self, also: Sequence[str], named: Collection[str] = ()) -> WorkspaceFiles:
        paths = listed_files(Path(self._root))
        if also:
            named = {*named, *meant_files(Path(self._root), PathPatterns(also))}
        if named:
            paths = sorted({*paths, *named})
        entries: dict[str, FileEntry] = {}
        for path in paths:
            if self._stopped():
                raise InterruptedError("the reading of the workspace was stopped")
            entry = self._entry(path) if self._is_inside(path) else None
            if entry is not None:
                entries[path] = entry
        self.changed = self.changed or len(self.settled) != len(self._known)
        return WorkspaceFiles(entries)

    def _is_inside(self, path: str) -> bool:
        """Tell whether no folder on the way is a link: what a link shows is not of this workspace."""
        folder = path.rpartition("/")[0]
        known = self._folders.get(folder)
        if known is None:
            try:
                mode = os.lstat(f"{self._root}/{folder}").st_mode
            except OSError:
                mode = 0
            known = self._folders[folder] = stat.S_ISDIR(mode) and self._is_inside(folder)
        return known

    def _entry(self, path: str) -> FileEntry | None:
        whole = f"{self._root}/{path}"
        try:
            found = os.lstat(whole)
            mode = found.st_mode
            if not stat.S_ISREG(mode):
                return entry_of_no_file(whole, mode)
            key = (found.st_ctime_ns, found.st_mtime_ns, found.st_size, found.st_ino, mode)
            known = self._known.get(path)
            if known is not None and known[0] == key:
                self.settled[path] = known
                sha256 = known[1]
            else:
                self.changed = True
                sha256 = _sha256_of(whole)
                if self._now_ns - found.st_ctime_ns > _SETTLED_NS:
                    self.settled[path] = (key, sha256)
        except (FileNotFoundError, NotADirectoryError):
            return None  # tracked, and deleted
        except OSError as error:
            raise Unavailable(
                f"{path!r} cannot be read ({error.strerror}), so nobody can tell what is checked; make it readable or remove it",
                code="workspace_unreadable",
            ) from None
        return FileEntry("100755" if mode & 0o100 else "100644", sha256)


def entry_of_no_file(whole: str, mode: int) -> FileEntry:
    """What a link, a pipe, a socket or a device is."""
    if stat.S_ISLNK(mode):
        return FileEntry(LINK, hashlib.sha256(os.fsencode(os.readlink(whole))).hexdigest())  # noqa: PTH115 - 50,000 times
    return FileEntry(SPECIAL, stat.filemode(mode)[0])


def _sha256_of(path: str) -> str:
    opened = os.open(path, _NOFOLLOW)
    try:
        whole = hashlib.sha256()
        while chunk := os.read(opened, _CHUNK_BYTES):
            whole.update(chunk)
        return whole.hexdigest()
    finally:
        os.close(opened)


def load_stat_cache(file: Path) -> StatCache:
    """What was seen before; nothing where that cannot be read."""
    try:
        return msgspec.msgpack.decode(file.read_bytes(), type=dict[str, tuple[StatKey, str]])
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return {}


def save_stat_cache(file: Path, seen: StatCache) -> None:
    """Keep it for the next time; one that cannot be written is no fault, only slower."""
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.write_bytes(msgspec.msgpack.encode(seen))
        draft.replace(file)
    except (OSError, UnicodeEncodeError):
        draft.unlink(missing_ok=True)
