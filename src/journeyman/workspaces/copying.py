"""Copy a file or folder so that nothing of the copy is shared with, or leads back to, where it came from."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import sys
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

from journeyman.mission.values.errors import NotAllowed, NotFound, Unavailable, WorldError

if sys.platform == "linux":
    import fcntl

Signature: TypeAlias = tuple[int, int, int, int, int, int]

FICLONE: Final = 0x40049409
"""Linux's request to share the blocks of another file until one of the two is written (`ioctl_ficlonerange(2)`)."""
_TICK_NS: Final = 20_000_000
_TICKS: Final = 5
"""How often is waited for a file that is written all the time; its change shows then, too."""
_CHUNK_BYTES: Final = 4 << 20
_READ: Final = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_FOLDER: Final = _READ | getattr(os, "O_DIRECTORY", 0)
_KINDS: Final = {
    stat.S_IFLNK: "a link", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device", stat.S_IFBLK: "a device", stat.S_IFDIR: "a folder", stat.S_IFREG: "a file",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyCaps:
    """How much may be copied."""

    total_bytes: int = 4 << 30
    entries: int = 200_000
    """Files, folders and links."""
    depth: int = 200
    """Folders within folders; each holds a file descriptor while it is copied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyResult:
    """What was copied."""

    files: int
    taken_bytes: int
    left_out: tuple[str, ...] = ()
    """Paths, from the source, of links that lead out of it, pipes, sockets and devices, and of the folder kept apart."""


def pristine_copy(
    source: Path,
    destination: Path,
    *,
    caps: CopyCaps | None = None,
    stopped: Callable[[], bool] | None = None,
    only: Collection[str] | None = None,
    apart: Path | None = None,
) -> CopyResult:
    """Copy `source`, a file or folder, to `destination`, which must not exist yet. Blocks.

    No link of the copy leads out of it, nothing but files, folders and links is in it, and it shares no file with its
    source: where the file system can, blocks are shared until either side writes (reflinks); hard links never are
    made. Permission bits are kept, without set-user-id, set-group-id and sticky; owners and times are not. On an error
    nothing is left at `destination`.

    Args:
        source: Not a link itself. Links above it are followed.
        destination: Not inside `source`.
        caps: Refuses more than this.
        stopped: Asked between pieces of work; true ends the copy.
        only: Paths of files and links in a folder, with `/` between names: nothing else is copied, nor looked at.
        apart: A folder that is not copied, wherever in the source it lies; it may change meanwhile.

    Raises:
        NotFound: There is no such source.
        NotAllowed: It is no file or folder (`copy_kind`), is more than the caps allow (`copy_too_large`), or would be
            copied into itself (`copy_into_itself`).
        Unavailable: A part of it cannot be read or written, or `stopped` said so (`copy_stopped`).
        WorldError: It changed while it was copied (`source_changed`); try again.
    """
    root = source.parent.resolve() / source.name
    kind = _kind_of(root)
    if destination.parent.resolve().is_relative_to(root):
        raise NotAllowed(f"{destination} lies inside {root}; copy to another place", code="copy_into_itself")
    copy = _Copy(
        root, destination, caps or CopyCaps(), stopped or (lambda: False), _with_folders(only), _identity(apart)
    )
    try:
        if kind == stat.S_IFDIR:
            copy.whole_folder()
        else:
            copy.whole_file()
    except BaseException as error:
        _remove(destination)
        if isinstance(error, OSError):
            raise Unavailable(f"{root} cannot be copied: {error}", code="copy_failed") from error
        raise
    return CopyResult(files=copy.files, taken_bytes=copy.taken_bytes, left_out=tuple(copy.left_out))


def _identity(folder: Path | None) -> tuple[int, int] | None:
    try:
        found = None if folder is None else folder.stat()
    except OSError:
        return None
    return None if found is None else (found.st_dev, found.st_ino)


def kind_words(mode: int) -> str:
    """What a file of this mode is, in words."""
    return _KINDS.get(stat.S_IFMT(mode), "of an unknown kind")


def signature_of(found: os.stat_result) -> Signature:
    """What changes whenever a file's content may have changed."""
    return (
        found.st_dev, found.st_ino, found.st_mode, found.st_size, found.st_mtime_ns, found.st_ctime_ns,
    )  # fmt: skip


def stable_stat(opened: int) -> os.stat_result:
    """What is known of an open file or folder, once its last change is old enough that another one must show.

    File systems stamp changes with the kernel's clock tick (up to 10 ms): two changes within one look like one.
    """
    found = os.fstat(opened)
    for _ in range(_TICKS):
        age_ns = time.time_ns() - found.st_ctime_ns
        if not 0 <= age_ns < _TICK_NS:
            break
        time.sleep((_TICK_NS - age_ns) / 1e9)
        found = os.fstat(opened)
    return found


def _kind_of(root: Path) -> int:
    try:
        found = os.lstat(root)
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(f"{root} does not exist") from None
    except (OSError, ValueError) as error:
        raise Unavailable(f"{root} cannot be copied: {error}", code="copy_failed") from error
    kind = stat.S_IFMT(found.st_mode)
    if kind not in {stat.S_IFDIR, stat.S_IFREG}:
        raise NotAllowed(f"{root} is {kind_words(found.st_mode)}; name a file or folder", code="copy_kind")
    return kind


def _remove(destination: Path) -> None:
    if destination.is_dir() and not destination.is_symlink():
        for folder, _, _ in os.walk(destination):
            with suppress(OSError):
                os.chmod(folder, 0o700)  # noqa: PTH101 - `os.walk` gives text
        shutil.rmtree(destination, ignore_errors=True)
    else:
        with suppress(OSError):
            destination.unlink()


@dataclass(slots=True)
class _Copy:
    """One copy under way."""

    root: Path
    destination: Path
    caps: CopyCaps
    stopped: Callable[[], bool]
    only: frozenset[str] | None = None
    """What is copied, folders on the way to it included; all where it is `None`."""
    apart: tuple[int, int] | None = None
    """Device and inode of the folder that is not copied."""
    files: int = 0
    taken_bytes: int = 0
    left_out: list[str] = field(default_factory=list[str])
    _entries: int = 0
    _seen: list[tuple[str, Signature]] = field(default_factory=list[tuple[str, Signature]])
    _links: list[str] = field(default_factory=list[str])
    _clones: bool = True
    """Reflinks were not refused so far."""

    def whole_file(self) -> None:
        """Copy the source, a file."""
        parent = os.open(self.root.parent, os.O_RDONLY)
        try:
            self._file(parent, self.root.name, "", self.destination)
        finally:
            os.close(parent)
        self._unchanged()

    def whole_folder(self) -> None:
        """Copy the source, a folder."""
        opened = os.open(self.root, _FOLDER)
        try:
            self._folder(opened, "", self.destination, 0)
        finally:
            os.close(opened)
        self._unchanged()
        self._links_stay_inside()

    def _folder(self, opened: int, relative: str, destination: Path, depth: int) -> None:
        if depth > self.caps.depth:
            raise self._too_large(f"more than {self.caps.depth} folders within folders, at {_shown(relative)}")
        found = stable_stat(opened)
        self._seen.append((relative, signature_of(found)))
        destination.mkdir(0o700)
        with os.scandir(opened) as entries:
            names = sorted(entry.name for entry in entries)
        for name in names:
            path = f"{relative}/{name}" if relative else name
            if self.only is None or path in self.only:
                self._entry(opened, name, path, destination / name, depth)
        destination.chmod(found.st_mode & 0o777)

    def _entry(self, folder: int, name: str, relative: str, destination: Path, depth: int) -> None:
        self._go_on()
        self._entries += 1
        if self._entries > self.caps.entries:
            raise self._too_large(f"more than {self.caps.entries:,} files and folders")
        try:
            found = os.stat(name, dir_fd=folder, follow_symlinks=False)
            mode = found.st_mode
            if stat.S_ISDIR(mode) and (found.st_dev, found.st_ino) == self.apart:
                self.left_out.append(_shown(relative))
            elif stat.S_ISDIR(mode):
                opened = os.open(name, _FOLDER, dir_fd=folder)
                try:
                    self._folder(opened, relative, destination, depth + 1)
                finally:
                    os.close(opened)
            elif stat.S_ISREG(mode):
                self._file(folder, name, relative, destination)
            elif stat.S_ISLNK(mode):
                self._link(os.readlink(name, dir_fd=folder), relative, destination)
            else:
                self.left_out.append(_shown(relative))
        except (FileNotFoundError, NotADirectoryError):
            raise self._changed(relative) from None
        except OSError as error:
            if error.errno == errno.ELOOP:  # A link took the place of what was there a moment ago.
                raise self._changed(relative) from None
            raise

    def _file(self, folder: int, name: str, relative: str, destination: Path) -> None:
        opened = os.open(name, _READ, dir_fd=folder)
        try:
            found = stable_stat(opened)
            if not stat.S_ISREG(found.st_mode):
                raise self._changed(relative)
            self._room_for(found.st_size, relative)
            self._seen.append((relative, signature_of(found)))
            written = os.open(destination, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                if not self._cloned(opened, written):
                    self._filled(opened, written, relative)
                if os.fstat(written).st_size != found.st_size or signature_of(os.fstat(opened)) != signature_of(found):
                    raise self._changed(relative)
                os.fchmod(written, found.st_mode & 0o777)
            finally:
                os.close(written)
        finally:
            os.close(opened)
        self.files += 1
        self.taken_bytes += found.st_size

    def _cloned(self, opened: int, written: int) -> bool:
        if sys.platform != "linux" or not self._clones:
            return False
        try:
            fcntl.ioctl(written, FICLONE, opened)
        except OSError:
            self._clones = False  # Another file system, or one that cannot: the other files would fail alike.
            return False
        return True

    def _filled(self, opened: int, written: int, relative: str) -> None:
        taken = 0
        while chunk := os.read(opened, _CHUNK_BYTES):
            self._go_on()
            taken += len(chunk)
            self._room_for(taken, relative)
            rest = memoryview(chunk)
            while rest:
                rest = rest[os.write(written, rest) :]

    def _link(self, target: str, relative: str, destination: Path) -> None:
        """Make the link anew where it stays inside the source; an absolute one becomes relative to stay in the copy."""
        leads_to = Path(os.path.realpath(self.root / relative))
        root = Path(os.path.realpath(self.root))
        if not leads_to.is_relative_to(root):
            self.left_out.append(_shown(relative))
            return
        if os.path.isabs(target):  # noqa: PTH117 - the link's text, not a path of ours
            target = os.path.relpath(leads_to, os.path.realpath((self.root / relative).parent))
        destination.symlink_to(target)
        self._links.append(relative)

    def _links_stay_inside(self) -> None:
        """Take out links that led inside by way of the outside, such as `../NAME-OF-THE-SOURCE/file`."""
        root = Path(os.path.realpath(self.destination))
        for relative in self._links:
            link = self.destination / relative
            if not Path(os.path.realpath(link)).is_relative_to(root):
                mode = link.parent.stat().st_mode
                link.parent.chmod(0o700)
                link.unlink()
                link.parent.chmod(mode & 0o777)
                self.left_out.append(_shown(relative))

    def _unchanged(self) -> None:
        """Look at everything once more: what was copied early may have changed while the rest was."""
        for relative, seen in self._seen:
            self._go_on()
            try:
                now = signature_of(os.lstat(self.root / relative if relative else self.root))
            except OSError:
                raise self._changed(relative) from None
            if now != seen:
                raise self._changed(relative)

    def _room_for(self, size: int, relative: str) -> None:
        total = self.taken_bytes + size
        if total > self.caps.total_bytes:
            raise self._too_large(f"more than {self.caps.total_bytes:,} bytes, at {_shown(relative)}")

    def _go_on(self) -> None:
        if self.stopped():
            raise Unavailable(f"the copy of {self.root} was stopped", code="copy_stopped")

    def _too_large(self, why: str) -> NotAllowed:
        return NotAllowed(f"{self.root} has {why}; name a smaller folder, or the file itself", code="copy_too_large")

    def _changed(self, relative: str) -> WorldError:
        what = _shown(relative) if relative else str(self.root)
        return WorldError(
            f"{what} changed while {self.root} was copied; try again when nothing writes to it",
            code="source_changed",
            retry_after_s=1.0,
        )


def _with_folders(paths: Collection[str] | None) -> frozenset[str] | None:
    if paths is None:
        return None
    found = set(paths)
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return frozenset(found)


def _shown(relative: str) -> str:
    """A path as text that can be written anywhere."""
    return os.fsencode(relative).decode("utf-8", "replace")
