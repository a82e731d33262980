"""What goes into a bundle: named by whoever knows where it lies."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from journeyman.bundles.manifest import LeftOutFile
from journeyman.mission.values.errors import Unavailable

_READ: Final = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
"""An agent may have put a pipe or a link where a file was."""


@dataclass(frozen=True, slots=True)
class BundleSource:
    """One file of a bundle."""

    path: str
    """In the bundle, with `/`."""
    content: Path | bytes = field(repr=False)
    """The file, or its bytes where there is none."""

    def read(self) -> bytes:
        """Its bytes; raises `Unavailable` where it is no plain file any more, and never follows a link."""
        if isinstance(self.content, bytes):
            return self.content
        try:
            with os.fdopen(os.open(self.content, _READ), "rb") as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise Unavailable(f"{self.content} is no file any more; bundle the session again")
                return file.read()
        except OSError as error:
            raise Unavailable(f"cannot read {self.content} for the bundle: {error.strerror}") from None


def folder_sources(prefix: str, folder: Path, *, deep: bool = True) -> Iterator[BundleSource | LeftOutFile]:
    """The files of a folder as sources under `prefix`, and what cannot be one: links, devices, names that are no text.

    Args:
        prefix: Where they stand in the bundle, such as `outputs`.
        folder: Where they lie; nothing comes of one that is not there.
        deep: Whether the folders in it count, too.
    """
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except NotADirectoryError:
        return
    except FileNotFoundError:
        return
    except OSError as error:
        yield LeftOutFile(path=prefix, why=f"cannot be read: {error.strerror}")
        return
    for entry in entries:
        shown = os.fsencode(entry.name).decode("utf-8", "replace")
        path = f"{prefix}/{shown}"
        if shown != entry.name:
            yield LeftOutFile(path=path, why="its name is not UTF-8")
        elif entry.is_dir(follow_symlinks=False):
            if deep:
                yield from folder_sources(path, Path(entry.path))
        elif entry.is_file(follow_symlinks=False):
            yield BundleSource(path, Path(entry.path))
        else:
            yield LeftOutFile(path=path, why="a link" if entry.is_symlink() else "no plain file")
