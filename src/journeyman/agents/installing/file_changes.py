"""Files as they are and as they shall be: shown, backed up, and written whole or not at all."""

from __future__ import annotations

import difflib
import hashlib
import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from journeyman.agents.installing.skill_text import SKILL_NAME
from journeyman.mission.values.errors import NotAllowed, Unavailable

_FOLDERS: Final = frozenset({SKILL_NAME, "skills", "plugins", "hooks", "opencode"})
"""Folders that may be ours alone: they go where nothing is left in them, as does the host's own above them."""


@dataclass(frozen=True, slots=True)
class HostFileChange:
    """One file; `None` where there is none."""

    path: Path
    before: bytes | None
    after: bytes | None
    keep: bool = False
    """Whether what is there now is somebody's own, of which a backup is made."""

    @property
    def is_none(self) -> bool:
        """Whether nothing changes."""
        return self.before == self.after


@dataclass(frozen=True, slots=True)
class Backups:
    """What files held before we changed them first, each under a name made of its path."""

    folder: Path

    def place(self, path: Path) -> Path:
        """Where the backup of a file lies; it need not exist."""
        name = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
        return self.folder / name / path.name

    def read(self, path: Path) -> bytes | None:
        """What the file held; `None` where there was none."""
        return read_bytes(self.place(path))

    def keep(self, change: HostFileChange) -> None:
        """Keep what is there now, also that there is nothing."""
        place = self.place(change.path)
        if change.before is None:
            place.unlink(missing_ok=True)
            return
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(place, change.before, 0o600)


def read_bytes(path: Path) -> bytes | None:
    """A file's bytes, `None` where there is none. Raises `Unavailable` where it cannot be read."""
    try:
        if path.exists() and not path.is_file():
            raise Unavailable(f"{str(path)!r} is no file; nothing was changed")
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise Unavailable(f"cannot read {str(path)!r}: {error.strerror}; nothing was changed") from None


def difference(change: HostFileChange) -> str:
    """The change as a unified diff."""

    def rows(data: bytes | None) -> list[str]:
        return (data or b"").decode("utf-8", "replace").splitlines(keepends=True)

    old, new = (str(change.path) if data is not None else os.devnull for data in (change.before, change.after))
    found = difflib.unified_diff(rows(change.before), rows(change.after), old, new)
    return "".join(row if row.endswith("\n") else f"{row}\n\\ No newline at end of file\n" for row in found)


def apply(changes: Iterable[HostFileChange], backups: Backups) -> None:
    """Make the changes, each file whole or not at all; links are followed to what they name.

    Raises `NotAllowed` where a file may not be written or was changed meanwhile, `Unavailable` where it cannot be written.
    """
    due = [change for change in changes if not change.is_none]
    for change in due:
        target = Path(os.path.realpath(change.path))
        if target.exists() and not os.access(target, os.W_OK):
            raise NotAllowed(f"{change.path} is read-only{_linked(change.path, target)}; nothing was changed")
    for change in due:
        target = Path(os.path.realpath(change.path))
        if read_bytes(target) != change.before:
            raise NotAllowed(f"{change.path} was changed by another program meanwhile; do it again")
        try:
            if change.keep:
                backups.keep(change)
            if change.after is None:
                _remove(target)
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                write_whole(target, change.after, target.stat().st_mode & 0o7777 if target.exists() else None)
        except OSError as error:
            raise Unavailable(f"cannot write {str(change.path)!r}: {error.strerror or error}") from None


def write_whole(target: Path, data: bytes, mode: int | None) -> None:
    """Put bytes in the place of a file; `mode` in place of what a new file gets. Raises `OSError`."""
    folder = tempfile.mkdtemp(prefix=".journeyman-", dir=target.parent)
    draft = Path(folder) / "draft"
    try:
        with draft.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            draft.chmod(mode)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
        Path(folder).rmdir()


def _remove(path: Path) -> None:
    """A file and the folders that hold nothing else then."""
    path.unlink()
    with suppress(OSError):
        for above in path.parents:
            is_hosts = above.name.startswith(".")
            if not is_hosts and above.name not in _FOLDERS:
                break
            above.rmdir()
            if is_hosts:
                break


def _linked(path: Path, target: Path) -> str:
    return f" (it leads to {target})" if path.resolve() != path.absolute() or path.is_symlink() else ""
