"""What changed between two states of a folder: which files, and how, as a diff that git and patch can apply."""

from __future__ import annotations

import difflib
import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from journeyman.apprentices.copy_files import UNREAD, UnlistedFolder
from journeyman.apprentices.working_copy import WorkingCopy
from journeyman.workspaces.digest import LINK, SPECIAL, FileEntry, WorkspaceFiles

MOST_DIFFED_BYTES: Final = 512 << 10
"""Of one side of a file; a larger one is told by its hashes alone: comparing lines takes more than linear time."""
_MOST_LINES: Final = 20_000
_READ: Final = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
"""An agent may have put a pipe or a link where a file was, also among what it must not touch."""
_NO_NEWLINE: Final = "\\ No newline at end of file\n"


class ChangeKind(StrEnum):
    """What became of a file."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """One file that is not what it was."""

    path: str
    how: ChangeKind
    before_sha256: str = ""
    after_sha256: str = ""
    mode: str = ""
    """As git has it, after the change; empty for a file that is gone."""
    diff: str = field(default="", repr=False)
    """Empty where `omitted` says why."""
    omitted: str = ""
    """Why there is no diff: `binary`, `too large`, `too many` where others fill what can be shown, `lost` where what it was is
    not there any more, `special`, `unread` where nobody can read it."""

    @property
    def shown(self) -> str:
        """The path as text that can be written anywhere: names need not be text."""
        return os.fsencode(self.path).decode("utf-8", "replace")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlistedChange:
    """A folder that is no part of the work, and is not what it was: its files are not looked into."""

    path: str
    how: ChangeKind
    entries: int
    """Files and folders below, now."""


def changes_of(copy: WorkingCopy, after: WorkspaceFiles) -> tuple[FileChange, ...]:
    """The files of a working copy that are not what they were, by path. Blocks."""
    before = copy.files.entries
    paths = sorted({*before, *after.entries})
    room = _Room()
    return tuple(
        _change(copy, path, before.get(path), after.entries.get(path), room)
        for path in paths
        if before.get(path) != after.entries.get(path) or _is_unread(before.get(path))
    )


def unlisted_changes(copy: WorkingCopy, after: Mapping[str, UnlistedFolder]) -> tuple[UnlistedChange, ...]:
    """What became of the folders that are looked at from outside alone."""
    found: list[UnlistedChange] = []
    for path in sorted({*copy.unlisted, *after}):
        old, new = copy.unlisted.get(path), after.get(path)
        if old != new:
            how = ChangeKind.ADDED if old is None else ChangeKind.REMOVED if new is None else ChangeKind.CHANGED
            found.append(UnlistedChange(path=path, how=how, entries=new.entries if new else 0))
    return tuple(found)


def _is_unread(entry: FileEntry | None) -> bool:
    """Tell whether nobody can say that a file is as it was."""
    return entry is not None and entry.mode == UNREAD


@dataclass(slots=True)
class _Room:
    """What is left for diffs: an agent changes as many files as it likes, and comparing lines takes more than linear time."""

    chars: int = 64 << 20
    line_pairs: int = 1_000_000_000

    def takes(self, texts: list[str]) -> bool:
        """Tell whether there is room to compare these, and take it."""
        lines = [max(1, text.count("\n")) if text else 0 for text in texts]
        self.chars -= sum(map(len, texts))
        self.line_pairs -= lines[0] * lines[1]
        return self.chars >= 0 and self.line_pairs >= 0


def _change(copy: WorkingCopy, path: str, old: FileEntry | None, new: FileEntry | None, room: _Room) -> FileChange:
    how = ChangeKind.ADDED if old is None else ChangeKind.REMOVED if new is None else ChangeKind.CHANGED
    contents = [_content(copy.before, path, old), _content(copy.folder, path, new)]
    omitted = next((found for found in contents if isinstance(found, str)), "")
    diff = ""
    if not omitted:
        texts = [text for found in contents if isinstance(found, bytes) and (text := _text(found)) is not None]
        if len(texts) < len(contents):
            omitted = "binary"
        elif not room.takes(texts):
            omitted = "too many"
        else:
            diff = "".join(_diff(path, old, new, *texts))
    return FileChange(
        path=path, how=how, before_sha256=old.sha256 if old else "", after_sha256=new.sha256 if new else "",
        mode=new.mode if new else "", diff=diff, omitted=omitted,
    )  # fmt: skip


def _content(folder: Path, path: str, entry: FileEntry | None) -> bytes | str:
    """The content of a file, or why it is not to be had."""
    if entry is None:
        return b""
    whole = folder / path
    try:
        if entry.mode == LINK:
            found = os.fsencode(whole.readlink())
        elif entry.mode in (SPECIAL, UNREAD):
            return entry.mode
        else:
            found = _read(whole)
            if len(found) > MOST_DIFFED_BYTES:
                return "too large"
    except OSError:
        return "lost"
    return found if hashlib.sha256(found).hexdigest() == entry.sha256 else "lost"


def _read(file: Path) -> bytes:
    """At most one byte more than is diffed; raises `OSError` for whatever is no file now, and never waits for a pipe."""
    with os.fdopen(os.open(file, _READ), "rb") as opened:
        if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
            raise OSError("it is no file")
        return opened.read(MOST_DIFFED_BYTES + 1)


def _text(content: bytes) -> str | None:
    """The content as lines that a diff can have; `None` for what is no text."""
    if b"\0" in content or content.count(b"\n") > _MOST_LINES:
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _diff(path: str, old: FileEntry | None, new: FileEntry | None, before: str, after: str) -> Iterator[str]:
    if old is not None and new is not None and (old.mode == LINK) != (new.mode == LINK):
        yield from _diff(path, old, None, before, "")
        yield from _diff(path, None, new, "", after)
        return
    ours, theirs = _quoted(f"a/{path}"), _quoted(f"b/{path}")
    yield f"diff --git {ours} {theirs}\n"
    if old is None and new is not None:
        yield f"new file mode {new.mode}\n"
    elif new is None and old is not None:
        yield f"deleted file mode {old.mode}\n"
    elif old is not None and new is not None and old.mode != new.mode:
        yield f"old mode {old.mode}\nnew mode {new.mode}\n"
    lines = difflib.unified_diff(
        _lines(before), _lines(after), "/dev/null" if old is None else ours, "/dev/null" if new is None else theirs
    )
    for line in lines:
        yield line if line.endswith("\n") else f"{line}\n{_NO_NEWLINE}"


def _lines(text: str) -> list[str]:
    """Lines as diffs count them: other line ends than a newline are a part of their line."""
    whole = text.split("\n")
    return [f"{line}\n" for line in whole[:-1]] + ([whole[-1]] if whole[-1] else [])


def _quoted(path: str) -> str:
    """A path as git writes it: in quotes where it holds what would end it."""
    data = os.fsencode(path)
    if all(32 < byte < 127 and byte not in b'"\\' for byte in data):
        return path
    escaped = "".join(
        chr(byte)
        if 32 <= byte < 127 and byte not in b'"\\'
        else f"\\{chr(byte)}"
        if byte in b'"\\'
        else f"\\{byte:03o}"
        for byte in data
    )
    return f'"{escaped}"'
