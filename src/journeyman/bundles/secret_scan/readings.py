"""What is written in bytes of any kind: as they are, as UTF-16, in base64 and hex, and in archives inside of them.

Every reading knows which bytes of the file it comes from, so that what is found there can be cut out. Texts are read as
Latin-1: one character for each byte, whatever the bytes are.
"""

from __future__ import annotations

import base64
import binascii
import bz2
import io
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

MOST_UNPACKED_BYTES: Final = 256 << 20
"""Of all archives in one file together."""
MOST_MEMBERS: Final = 20_000
MOST_DEPTH: Final = 5
"""Archives and encodings within each other."""
_CHUNK: Final = 1 << 20
_WIDE: Final = (
    (re.compile(rb"(?:[\x09\x0a\x0d\x20-\x7e]\x00){10,}"), 0, 2),
    (re.compile(rb"(?:\x00[\x09\x0a\x0d\x20-\x7e]){10,}"), 1, 2),
    (re.compile(rb"(?:[\x09\x0a\x0d\x20-\x7e]\x00\x00\x00){10,}"), 0, 4),
)
"""Texts in UTF-16 and UTF-32: their pattern, where the character stands, and how far it is to the next."""
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/_-]{24,}(?:(?:\r?\n|\\n)[ \t]*[A-Za-z0-9+/_-]{8,})*={0,2}")
_HEX: Final = re.compile(rb"(?:[0-9a-f]{2}){16,}|(?:[0-9A-F]{2}){16,}")
_ZLIB: Final = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
_CLOSED: Final = (b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18")
"""How archives begin that cannot be opened here: 7z, RAR, Zstandard, LZ4."""
_ESCAPES: Final = re.compile(r'\\+([nrtbf"\\/])')
"""Of JSON, of source code, and of either within the other."""
_PRINTABLE: Final = bytes(range(0x20, 0x7F)) + b"\t\n\r"


@dataclass(frozen=True, slots=True)
class DecodedText:
    """A text in a file."""

    path: str
    """The file; behind `!` what is in it, where it is an archive."""
    text: str = field(repr=False)
    start: int = 0
    """Of the text in the bytes of the file."""
    step: int = 1
    """From one character to the next; 0 where the text has no places of its own in the file: `end` ends it."""
    end: int = 0
    is_member: bool = False
    """It comes out of an archive: nothing can be cut out of that."""

    def span(self, first: int, last: int) -> tuple[int, int]:
        """The bytes of the file that some characters come from."""
        if self.step == 0:
            return self.start, self.end
        return self.start + first * self.step, self.start + last * self.step


@dataclass(frozen=True, slots=True)
class UnreadableArchive:
    """An archive in a file that could not be looked into."""

    path: str
    why: str


class _Allowance:
    """What may still be unpacked of one file."""

    def __init__(self) -> None:
        self.bytes = MOST_UNPACKED_BYTES
        self.members = MOST_MEMBERS


class _TooLargeArchive(Exception):
    """It would take more than is allowed."""


def readings(path: str, data: bytes) -> Iterator[DecodedText | UnreadableArchive]:
    """All that can be read in the bytes of a file, the bytes themselves first."""
    yield from _read(path, data, _Allowance(), 0)


def _read(path: str, data: bytes, left: _Allowance, depth: int) -> Iterator[DecodedText | UnreadableArchive]:
    inside = depth > 0
    yield DecodedText(path, _text(data), is_member=inside)
    for pattern, offset, step in _WIDE:
        for found in pattern.finditer(data):
            text = found[0][offset::step].decode("latin-1")
            yield DecodedText(path, _unescaped(text), found.start(), step, is_member=inside)
    yield from _encoded(path, data, left, depth)
    if depth >= MOST_DEPTH:
        if _opener(data) is not None:
            yield UnreadableArchive(path, f"more than {MOST_DEPTH} archives within each other")
        return
    yield from _archive(path, data, left, depth)


def _encoded(path: str, data: bytes, left: _Allowance, depth: int) -> Iterator[DecodedText | UnreadableArchive]:
    """What base64 and hex stand for, where that is a text or an archive; it is cut out as a whole."""
    for pattern, decode in ((_BASE64, _from_base64), (_HEX, binascii.unhexlify)):
        for found in pattern.finditer(data):
            plain = decode(found[0])
            if len(plain) < 12 or not (_is_text(plain) or _opener(plain) is not None):
                continue
            if depth >= MOST_DEPTH:
                yield UnreadableArchive(path, f"more than {MOST_DEPTH} encodings within each other")
                continue
            for inner in _read(path, plain, left, depth + 1):
                if isinstance(inner, UnreadableArchive):
                    yield inner
                else:
                    yield DecodedText(inner.path, inner.text, found.start(), 0, found.end(), is_member=depth > 0)


def _from_base64(raw: bytes) -> bytes:
    plain = raw.replace(b"\\n", b"").translate(bytes.maketrans(b"-_", b"+/"), b"\r\n\t =")
    try:
        return base64.b64decode(plain + b"=" * (-len(plain) % 4))
    except ValueError:
        return b""


def _archive(path: str, data: bytes, left: _Allowance, depth: int) -> Iterator[DecodedText | UnreadableArchive]:
    opener = _opener(data)
    if opener is None:
        if data.startswith(_CLOSED):
            yield UnreadableArchive(path, "an archive of a kind that cannot be opened here")
        return
    try:
        for name, content in opener(data, left):
            yield from _read(f"{path}!{name}" if name else path, content, left, depth + 1)
    except _TooLargeArchive:
        yield UnreadableArchive(
            path, f"more than {MOST_UNPACKED_BYTES >> 20} MiB or {MOST_MEMBERS} files when unpacked"
        )
    except RuntimeError:  # zipfile's word for an encrypted member
        yield UnreadableArchive(path, "an encrypted archive")
    except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError, KeyError):
        return  # no archive after all, or a broken one of which no reader gets more


_Opener = Callable[[bytes, _Allowance], Iterator[tuple[str, bytes]]]


def _opener(data: bytes) -> _Opener | None:
    for magic, opener in _OPENERS:
        if data.startswith(magic):
            return opener
    if data[257:262] == b"ustar":
        return _from_tar
    if b"PK\x05\x06" in data[-66_000:] and zipfile.is_zipfile(io.BytesIO(data)):
        return _from_zip
    return _from_streams if _ZLIB.search(data) is not None else None


def _from_zip(data: bytes, left: _Allowance) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for row in archive.infolist():
            _count(left)
            if row.is_dir():
                continue
            if row.flag_bits & 1:
                raise RuntimeError("encrypted")
            with archive.open(row) as member:
                yield row.filename, _limited(member.read, left)


def _from_tar(data: bytes, left: _Allowance) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        for row in archive:
            _count(left)
            member = archive.extractfile(row) if row.isreg() else None
            if member is not None:
                yield row.name, _limited(member.read, left)


def _from_bzip2(data: bytes, left: _Allowance) -> Iterator[tuple[str, bytes]]:
    with bz2.BZ2File(io.BytesIO(data)) as stream:
        yield "", _limited(stream.read, left)


def _from_xz(data: bytes, left: _Allowance) -> Iterator[tuple[str, bytes]]:
    with lzma.LZMAFile(io.BytesIO(data)) as stream:
        yield "", _limited(stream.read, left)


def _from_streams(data: bytes, left: _Allowance) -> Iterator[tuple[str, bytes]]:
    """Streams of zlib anywhere in the bytes, as PDF, PNG and git's packs have them."""
    end = 0
    for found in _ZLIB.finditer(data):
        if found.start() < end:
            continue
        try:
            plain, end = _inflated(data, found.start(), 15, left)
        except zlib.error:
            continue
        if end:
            yield "", plain


def _from_gzip(data: bytes, left: _Allowance) -> Iterator[tuple[str, bytes]]:
    """All members of a gzip file, one behind the other."""
    parts: list[bytes] = []
    at = 0
    while data[at : at + 2] == b"\x1f\x8b":
        plain, end = _inflated(data, at, 31, left)
        parts.append(plain)
        if not end:
            break
        at = end
    yield "", b"".join(parts)


def _inflated(data: bytes, at: int, wbits: int, left: _Allowance) -> tuple[bytes, int]:
    """What a stream holds that begins somewhere, and where it ends; 0 where it is cut off."""
    unpacker = zlib.decompressobj(wbits)
    parts: list[bytes] = []
    for start in range(at, len(data), _CHUNK):
        chunk = data[start : start + _CHUNK]
        while chunk and not unpacker.eof:
            parts.append(_spent(unpacker.decompress(chunk, _CHUNK), left))
            chunk = unpacker.unconsumed_tail
        if unpacker.eof:
            _count(left)
            return b"".join(parts), start + len(data[start : start + _CHUNK]) - len(unpacker.unused_data)
    return b"".join(parts), 0


_OPENERS: Final[tuple[tuple[bytes, _Opener], ...]] = (
    (b"PK\x03\x04", _from_zip), (b"\x1f\x8b", _from_gzip), (b"BZh", _from_bzip2), (b"\xfd7zXZ\x00", _from_xz),
)  # fmt: skip


def _limited(read: Callable[[int], bytes], left: _Allowance) -> bytes:
    parts: list[bytes] = []
    while chunk := read(_CHUNK):
        parts.append(_spent(chunk, left))
    return b"".join(parts)


def _spent(plain: bytes, left: _Allowance) -> bytes:
    left.bytes -= len(plain)
    if left.bytes < 0:
        raise _TooLargeArchive
    return plain


def _count(left: _Allowance) -> None:
    left.members -= 1
    if left.members < 0:
        raise _TooLargeArchive


def _is_text(plain: bytes) -> bool:
    return len(plain.translate(None, _PRINTABLE)) <= len(plain) * 0.1


def _text(data: bytes) -> str:
    return _unescaped(data.decode("latin-1"))


def _unescaped(text: str) -> str:
    """The text with the escapes of JSON and of source code as what they stand for, every character in its place."""
    if "\\" not in text:
        return text
    return _ESCAPES.sub(lambda found: ("" if found[1] in "nrtbf" else found[1]).rjust(len(found[0])), text)
