"""Lines of JSON out of a stream that may hold anything: in linear time, in bounded memory, and nothing raises."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final, TypeAlias, cast

from journeyman.agents.drivers.events import Unreadable, clip

MOST_LINE_BYTES: Final = 32 << 20
"""A line that is longer is passed over; agents print a whole file or reply in one line."""
_SHOWN_CHARS: Final = 200

Row: TypeAlias = dict[str, object]
"""One message of an agent."""


class JsonLines:
    """Takes in pieces of a stream, and gives its messages."""

    def __init__(self, most_bytes: int = MOST_LINE_BYTES) -> None:
        self.oversized_bytes = 0
        """Of the largest line that was passed over."""
        self.torn = False
        """The stream ended in the middle of a message."""
        self._most_bytes = most_bytes
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[Row | Unreadable]:
        """The messages that a piece completes."""
        *whole, rest = chunk.split(b"\n")
        for line in whole:
            self._keep(line)
            yield from self._line()
        self._keep(rest)

    def close(self) -> Iterator[Row | Unreadable]:
        """What is left at the end of the stream: a message without its newline, or a part of one."""
        begins = b"".join(self._parts).lstrip()[:1]
        for found in self._line():
            self.torn = self.torn or (isinstance(found, Unreadable) and begins == b"{")
            yield found

    def _keep(self, part: bytes) -> None:
        """Keep a part of a line; of one that is too long, only how long it is."""
        self._size += len(part)
        if self._size > self._most_bytes:
            self._parts[:] = [b"".join([*self._parts, part[:_SHOWN_CHARS]])[:_SHOWN_CHARS]]
        elif part:
            self._parts.append(part)

    def _line(self) -> Iterator[Row | Unreadable]:
        line, size = b"".join(self._parts), self._size
        self._parts, self._size = [], 0
        if size > self._most_bytes:
            self.oversized_bytes = max(self.oversized_bytes, size)
            yield Unreadable(why="too long", size_bytes=size, head=shown(line))
        elif line.strip():
            yield parse_row(line)


def parse_row(line: bytes) -> Row | Unreadable:
    """A line as a JSON object, or why it is none."""
    try:
        found: object = json.loads(line.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return Unreadable(why="no JSON", size_bytes=len(line), head=shown(line))
    if not isinstance(found, dict):
        return Unreadable(why="no JSON object", size_bytes=len(line), head=shown(line))
    return cast("Row", found)


def shown(line: bytes) -> str:
    """The beginning of a line, for people."""
    return clip(line[: 4 * _SHOWN_CHARS].decode("utf-8", "replace"), _SHOWN_CHARS)
