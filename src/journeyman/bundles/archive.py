"""The file of a bundle: a ZIP archive of exactly one form, so that equal contents are equal bytes and nothing can hide in it.

Its files are not compressed: what it takes is what it holds, so that there are no bombs, and no version of a compressor
changes its bytes. They follow each other without a gap, all with one time and one mode, and nothing stands before,
between or behind them. Whatever is not so is refused before anything is written.
"""

from __future__ import annotations

import struct
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from journeyman.bundles.manifest import refused
from journeyman.bundles.member_names import clashing, name_fault
from journeyman.mission.values.errors import NotFound

MOST_FILES: Final = 50_000
MOST_BYTES: Final = (2 << 30) - 1
"""Of the archive, and so of all that is in it: what the plain form of ZIP can hold."""
_MOST_DIRECTORY_BYTES: Final = 64 << 20
_TIME: Final = (1980, 1, 1, 0, 0, 0)
_REGULAR: Final = 0o100600
_END: Final = struct.Struct("<4s4H2LH")
_END_MAGIC: Final = b"PK\x05\x06"
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_UTF8: Final = 0x800


def write_archive(out: BinaryIO, contents: Iterable[tuple[str, bytes]]) -> None:
    """Write an archive of these files, in this order."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED, allowZip64=False) as archive:
        for name, data in contents:
            row = zipfile.ZipInfo(name, _TIME)
            row.create_system = 3
            row.external_attr = _REGULAR << 16
            archive.writestr(row, data)


class BundleArchive:
    """An archive whose form was checked; nothing of it is read before it is asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO = _opened(path)
        try:
            directory = _directory_start(self._file)
            self._archive = zipfile.ZipFile(self._file)
            self.sizes: Mapping[str, int] = _sizes(self._archive, directory, self._file)
        except (zipfile.BadZipFile, NotImplementedError, struct.error, ValueError, EOFError, OSError) as error:
            self.close()
            if isinstance(error, UnicodeDecodeError):
                raise refused(path.name, "has a name in it that is not UTF-8") from None
            raise refused(path.name, "is no bundle: it is no ZIP archive of the form that bundles have") from None
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def read(self, name: str) -> bytes:
        """The bytes of a file; raises `InvalidInput` where they are not what the archive says of them."""
        try:
            return self._archive.read(name)
        except (zipfile.BadZipFile, EOFError, OSError) as error:
            raise refused(name, f"cannot be read out of the archive ({type(error).__name__})") from None


def _opened(path: Path) -> BinaryIO:
    try:
        if not path.is_file():
            raise NotFound(f"there is no bundle {str(path)!r}; name the file that `journeyman bundle` wrote")
        return path.open("rb")
    except OSError as error:
        raise NotFound(f"cannot read the bundle {str(path)!r}: {error.strerror}") from None


def _directory_start(file: BinaryIO) -> int:
    """Where the archive's directory begins, by its last bytes: before anybody takes memory for what it says."""
    size = file.seek(0, 2)
    if size > MOST_BYTES:
        raise refused("", "it is larger than 2 GiB")
    if size < _END.size:
        raise zipfile.BadZipFile
    file.seek(size - _END.size)
    magic, disk, first, here, count, length, start, comment = _END.unpack(file.read(_END.size))
    if magic != _END_MAGIC or disk or first or here != count or comment or start + length + _END.size != size:
        raise zipfile.BadZipFile
    if count > MOST_FILES or length > _MOST_DIRECTORY_BYTES:
        raise refused("", f"it has {count:,} files; {MOST_FILES:,} are the most")
    file.seek(0)
    return start


def _sizes(archive: zipfile.ZipFile, directory: int, file: BinaryIO) -> dict[str, int]:
    rows = archive.infolist()
    for row in rows:
        if fault := _fault(row):
            raise refused(repr(row.filename)[1:-1][:200], fault)
    names = [row.filename for row in rows]
    if len(set(names)) < len(names):
        raise refused(Counter(names).most_common(1)[0][0], "stands in it twice")
    for name, other in clashing(names).items():
        raise refused(name, f"clashes with {other}: some systems take both for one file")
    at = 0
    for row in rows:  # one behind the other, from the first byte on, each header saying what the directory says
        file.seek(row.header_offset)
        head = _LOCAL.unpack(file.read(_LOCAL.size))
        said = (head[2], head[3], head[6], head[7], head[8], head[10])
        if row.header_offset != at or said != (row.flag_bits, 0, row.CRC, row.file_size, row.file_size, 0):
            raise refused(row.filename, "does not lie where the archive's directory says, or hides something beside it")
        at += _LOCAL.size + head[9] + row.file_size
    if at != directory:
        raise refused("", "something lies between its files and its directory")
    return {row.filename: row.file_size for row in rows}


def _fault(row: zipfile.ZipInfo) -> str:
    """What is wrong with an entry; empty where nothing is."""
    if row.orig_filename != row.filename:
        return "its name has a NUL in it"
    if not row.filename.isascii() and not row.flag_bits & _UTF8:
        return "its name is not UTF-8"
    if fault := name_fault(row.filename.removesuffix("/")):
        return fault
    mode = row.external_attr >> 16
    if row.create_system != 3 or row.external_attr & 0xFFFF or mode != _REGULAR:
        return f"is no plain file of mode 0600 but {_KINDS.get(mode & 0o170000, 'something else')}"
    if row.compress_type != zipfile.ZIP_STORED or row.compress_size != row.file_size:
        return "is compressed; files in a bundle are not, so that none can unpack to more than it takes"
    rules: tuple[tuple[Callable[[zipfile.ZipInfo], bool], str], ...] = (
        (lambda one: bool(one.flag_bits & ~_UTF8), "is encrypted or streamed"),
        (lambda one: one.date_time != _TIME, "has a time of its own"),
        (lambda one: bool(one.extra or one.comment or one.internal_attr), "carries extra fields or a comment"),
    )
    return next((fault for broken, fault in rules if broken(row)), "")


_KINDS: Final = {0o120000: "a link", 0o040000: "a folder", 0o020000: "a device", 0o060000: "a device", 0o010000: "a pipe",
                 0o140000: "a socket"}  # fmt: skip
