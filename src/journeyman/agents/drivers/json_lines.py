"""Lines of JSON out of a stream that may hold anything: in linear time, in bounded memory, and nothing raises."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
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
        """What looks like a message could not be read, or the stream ended in the middle of one."""
        self._most_bytes = most_bytes
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[Row | Unreadable]:
        """The messages that a piece completes."""
        *whole, rest = chunk.split(b"\n")
        for line in whole:
            self._keep(line)
            yield from self._line(_looks_like_message)
        self._keep(rest)

    def close(self) -> Iterator[Row | Unreadable]:
        """What is left at the end of the stream: a message without its newline, or a part of one."""
        yield from self._line(_holds_message)

    def _keep(self, part: bytes) -> None:
        """Keep a part of a line; of one that is too long, only how long it is."""
        self._size += len(part)
        if self._size > self._most_bytes:
            self._parts[:] = [b"".join([*self._parts, part[:_SHOWN_CHARS]])[:_SHOWN_CHARS]]
        elif part:
            self._parts.append(part)

    def _line(self, is_message: Callable[[bytes], bool]) -> Iterator[Row | Unreadable]:
        line, size = b"".join(self._parts), self._size
        self._parts, self._size = [], 0
        if size > self._most_bytes:
            self.oversized_bytes = max(self.oversized_bytes, size)
            yield Unreadable(why="too long", size_bytes=size, head=shown(line))
        elif line.strip():
            found = parse_row(line)
            self.torn = self.torn or (isinstance(found, Unreadable) and is_message(line))
            yield found


def parse_row(line: bytes) -> Row | Unreadable:
    """A line as a JSON object, or why it is none."""
    try:
        found: object = json.loads(line.decode("utf-8-sig"), object_pairs_hook=_once)
    except (ValueError, RecursionError):  # no UTF-8 is a ValueError, too
        return Unreadable(why="no JSON", size_bytes=len(line), head=shown(line))
    if not isinstance(found, dict):
        return Unreadable(why="no JSON object", size_bytes=len(line), head=shown(line))
    return cast("Row", found)


def _once(pairs: list[tuple[str, object]]) -> Row:
    """An object no key of which stands twice: nobody could tell which one the agent means."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _looks_like_message(line: bytes) -> bool:
    """Tell a broken message from what programs print beside their messages."""
    return line.lstrip(b"\0 \t\r\xef\xbb\xbf")[:1] == b"{"


def _holds_message(line: bytes) -> bool:
    """The same of the end of a stream, which has no newline."""
    return b"{" in line


def shown(line: bytes) -> str:
    """The beginning of a line, for people."""
    return clip(line[: 4 * _SHOWN_CHARS].decode("utf-8", "replace"), _SHOWN_CHARS)
