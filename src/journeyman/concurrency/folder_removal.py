"""Remove folders, if need be after us: by a process of its own, which is this file, run by path."""

from __future__ import annotations

import os
import shutil
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

_TRIES: Final = 5
_AGAIN_S: Final = 0.5
"""Wait before a folder is removed once more: somebody who is being stopped may still have written into it."""
_HOISTED: Final = ".being-removed-"
_removals: Final[list[int]] = []
"""Processes of ours that were not seen to end."""


def remove_folder(place: Path) -> None:
    """Remove a folder with all that is in it, whatever may be read or written there, and however deep it is. Blocks."""
    with suppress(RecursionError):
        for folder, _, _ in os.walk(place):
            with suppress(OSError):
                os.chmod(folder, 0o700)  # noqa: PTH101 - `os.walk` gives text
        shutil.rmtree(place, ignore_errors=True)
    if place.is_dir() and not place.is_symlink():
        with suppress(OSError):
            _remove_deep(place)


def _remove_deep(place: Path) -> None:
    """The same by moving each folder up to the top: no path is longer than that, and nothing recurs."""
    folders, number = [place], 0
    while folders:
        folder = folders[-1]
        folder.chmod(0o700)
        inner: list[Path] = []
        for entry in list(folder.iterdir()):
            if entry.is_dir() and not entry.is_symlink():
                number += 1
                entry.chmod(0o700)
                inner.append(entry if folder == place else entry.rename(place / f"{_HOISTED}{number}"))
            else:
                entry.unlink()
        if folder != place or not inner:
            folder.rmdir()
            folders.pop()
        folders.extend(inner)


def remove_folder_later(place: Path) -> None:
    """Have a folder removed by a process that outlives ours: removing many files takes longer than a deadline allows."""
    if not hasattr(os, "posix_spawn"):  # the thread that began to remove it goes on as long as this process does
        return
    for pid in list(_removals):
        with suppress(ChildProcessError):
            if os.waitpid(pid, os.WNOHANG)[0]:
                _removals.remove(pid)
    nothing = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)]
    command = [sys.executable, "-I", "-S", __file__, str(place)]
    with suppress(OSError):
        _removals.append(os.posix_spawn(command[0], command, os.environ, file_actions=nothing, setsid=True))


def main(place: Path) -> None:
    """Remove the folder."""
    for _ in range(_TRIES):
        remove_folder(place)
        if not place.exists():
            break
        time.sleep(_AGAIN_S)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
