"""Looks for secrets in the bytes of a file, and replaces them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from journeyman.bundles.secret_scan.detectors import matches
from journeyman.bundles.secret_scan.readings import DecodedText, UnreadableArchive, readings

MOST_FINDINGS: Final = 1_000
"""Of one file: what has more is no file of which anything is to be shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretFinding:
    """Where a secret stands: never what it is."""

    path: str
    """The file; behind `!` what is in it, where it is an archive."""
    line: int
    """From 1; of a binary file, too: its line feeds are counted."""
    kind: str
    span: tuple[int, int] | None = None
    """The bytes of the file that must go; `None` where the whole file must."""
    width: int = 1
    """Bytes of a character there: what takes its place must not shift what follows."""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.kind}"


def secrets_in(path: str, data: bytes) -> list[SecretFinding]:
    """The secrets in a file's bytes, and the archives in it that nobody can look into, in order.

    Raises:
        NotFound: The extra for it is not installed (`extra_missing`).
    """
    found: list[SecretFinding] = []
    covered: dict[tuple[str, bool], list[tuple[int, int]]] = {}
    for reading in readings(path, data):
        if isinstance(reading, UnreadableArchive):
            found.append(SecretFinding(path=reading.path, line=1, kind=f"unreadable: {reading.why}"))
            continue
        place = covered.setdefault((reading.path, reading.is_member), [])
        found += _found_in(reading, data, place)
        if len(found) > MOST_FINDINGS:
            break
    return sorted(found, key=lambda one: (one.path, one.line, one.span or (0, 0), one.kind))


def _found_in(reading: DecodedText, data: bytes, covered: list[tuple[int, int]]) -> list[SecretFinding]:
    """The secrets of one reading, each told once: the first detector that knows one names it."""
    found: list[SecretFinding] = []
    ends: list[int] | None = None
    own: list[tuple[int, int]] = covered if not reading.is_member else []
    for match in matches(reading.text):
        span = (match.start, match.end) if reading.is_member else reading.span(match.start, match.end)
        if any(first < span[1] and span[0] < last for first, last in own):
            continue
        own.append(span)
        if reading.is_member:
            line = reading.text.count("\n", 0, match.start) + 1
        else:
            ends = _line_ends(data) if ends is None else ends
            line = bisect_right(ends, span[0] - 1) + 1
        found.append(
            SecretFinding(
                path=reading.path,
                line=line,
                kind=match.kind,
                span=None if reading.is_member else span,
                width=max(1, reading.step),
            )
        )
        if len(found) > MOST_FINDINGS:
            break
    return found


def _line_ends(data: bytes) -> list[int]:
    ends: list[int] = []
    at = data.find(b"\n")
    while at >= 0:
        ends.append(at)
        at = data.find(b"\n", at + 1)
    return ends


def redacted(data: bytes, findings: Sequence[SecretFinding]) -> bytes | None:
    """The bytes with a mark in place of every secret; `None` where the whole file must go."""
    if any(one.span is None for one in findings):
        return None
    parts: list[bytes] = []
    at = 0
    for first, last, one in _merged(findings):
        parts += [data[at:first], _mark(one, data[first:last])]
        at = last
    return b"".join([*parts, data[at:]])


def _mark(one: SecretFinding, secret: bytes) -> bytes:
    """What stands in the place of a secret, in the encoding that it was in."""
    mark = f"[redacted: {one.kind}]"
    if one.width == 1:
        return mark.encode()
    order = "be" if secret[:1] == b"\0" else "le"
    return mark.encode(f"utf-{one.width * 8}-{order}")


def _merged(findings: Iterable[SecretFinding]) -> list[tuple[int, int, SecretFinding]]:
    rows: list[tuple[int, int, SecretFinding]] = []
    for one in sorted((one for one in findings if one.span is not None), key=lambda one: one.span or (0, 0)):
        first, last = one.span or (0, 0)
        if rows and first < rows[-1][1]:
            rows[-1] = (rows[-1][0], max(last, rows[-1][1]), rows[-1][2])
        else:
            rows.append((first, last, one))
    return rows
