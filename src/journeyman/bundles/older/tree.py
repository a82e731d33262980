"""The files of a folder or an archive that somebody else made, in memory and bounded: no name in it becomes a path of ours."""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from journeyman.bundles.manifest import refused
from journeyman.bundles.member_names import name_fault
from journeyman.mission.values.errors import NotFound

MOST_FILES: Final = 100_000
MOST_FILE_BYTES: Final = 64 << 20
MOST_BYTES: Final = 2 << 30
"""Of all that is read."""


@dataclass(slots=True)
class FileTree:
    """What is in a folder, or in a ZIP archive; raises `NotFound` where there is neither, `InvalidInput` for a hostile one."""

    place: Path
    _archive: zipfile.ZipFile | None = None
    _left: int = MOST_BYTES

    def __post_init__(self) -> None:
        """Open it."""
        if self.place.is_dir():
            return
        if not self.place.is_file():
            raise NotFound(
                f"there is nothing at {str(self.place)!r}; name the older runner's bundle, or the folder of its data set"
            )
        try:
            self._archive = zipfile.ZipFile(self.place)
        except (zipfile.BadZipFile, UnicodeDecodeError, OSError):
            raise refused(self.place.name, "is neither a folder nor a ZIP archive") from None

    def names(self) -> list[str]:
        """The files, sorted; links and devices are none."""
        found = sorted(self._found())
        if len(found) > MOST_FILES:
            raise refused(self.place.name, f"has more than {MOST_FILES:,} files")
        return found

    def _found(self) -> Iterator[str]:
        if self._archive is not None:
            for row in self._archive.infolist():
                kind = stat.S_IFMT(row.external_attr >> 16)
                if row.is_dir():
                    continue
                fault = name_fault(row.filename) or ("it is no plain file" if kind not in {0, stat.S_IFREG} else "")
                if fault:
                    raise refused(repr(row.filename)[1:-1][:200], fault)
                yield row.filename
            return
        for folder, _, files in os.walk(self.place):
            for name in files:
                file = Path(folder) / name
                if not file.is_symlink() and file.is_file():
                    yield file.relative_to(self.place).as_posix()

    def read(self, name: str) -> bytes:
        """The bytes of a file; raises `InvalidInput` where they are too many."""
        most = min(MOST_FILE_BYTES, self._left)
        try:
            if self._archive is not None:
                with self._archive.open(name) as file:
                    data = file.read(most + 1)
            else:
                with (self.place / name).open("rb") as file:
                    data = file.read(most + 1)
        except (OSError, RuntimeError, zipfile.BadZipFile, NotImplementedError, EOFError) as error:
            raise refused(name, f"cannot be read ({type(error).__name__})") from None
        if len(data) > most:
            raise refused(name, f"is larger than {MOST_FILE_BYTES >> 20} MiB, or all of it than {MOST_BYTES >> 30} GiB")
        self._left -= len(data)
        return data
