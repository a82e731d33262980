"""Find what a mission names without being led elsewhere: no link is followed below the mission's folder."""

from __future__ import annotations

import os
import stat
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from journeyman.workspaces.copying import kind_words

_READ: Final = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


class PathRefused(Exception):
    """What stands at a path is not looked into; the text says why."""


@dataclass(frozen=True, slots=True)
class OpenedPath:
    """An open file or folder; whoever opened it closes `opened`."""

    opened: int
    found: os.stat_result

    @property
    def is_folder(self) -> bool:
        """Say whether it is a folder."""
        return stat.S_ISDIR(self.found.st_mode)


def open_below(base_dir: Path, path: str, holding: ExitStack) -> OpenedPath | None:
    """Open what stands at `path`; `None` where nothing does. Never waits for a pipe or a device.

    `..` and absolute paths are the operator's word and lead where they say; links above the folder that they lead to
    are followed, links below the mission's folder are not.

    Raises:
        Refused: A link, pipe, socket or device stands there or on the way.
    """
    base = base_dir.resolve()
    whole = Path(os.path.normpath(base / path))
    start, parts = (
        (base, whole.relative_to(base).parts) if whole.is_relative_to(base) else (whole.parent, (whole.name,))
    )
    try:
        folder = os.open(start, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0))
    except (FileNotFoundError, NotADirectoryError):
        return None
    holding.callback(os.close, folder)
    for index, part in enumerate(parts):
        try:
            found = os.stat(part, dir_fd=folder, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            return None
        last = index == len(parts) - 1
        is_folder = stat.S_ISDIR(found.st_mode)
        if not is_folder and not last and not stat.S_ISLNK(found.st_mode):
            return None
        if not is_folder and not stat.S_ISREG(found.st_mode):
            shown = "/".join(parts[: index + 1])
            raise PathRefused(f"{shown} is {kind_words(found.st_mode)}, which is not followed; name the file itself")
        folder = os.open(part, _READ, dir_fd=folder)
        holding.callback(os.close, folder)
    return OpenedPath(folder, os.fstat(folder))
