"""An action out of a stream: done in the chunk that closes the first object that is one.

Every character is looked at once. Objects that are no action, such as a stray `{word}`, are passed over, and nothing
inside reasoning counts. A stream that ends without having finished is read as a whole, with all repairs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from journeyman.gym.text.action import Read, TextAction
from journeyman.gym.text.parse import read_text
from journeyman.gym.text.words import ActionType, AgentRole

_OUTSIDE: Final = re.compile(r"\{|<think(?:ing)?>", re.IGNORECASE)
_REASONED: Final = re.compile(r"</think(?:ing)?>", re.IGNORECASE)
_INSIDE: Final = re.compile(r'[{}"]')
_IN_STRING: Final = re.compile(r'["\\]')
_LONGEST_TAG: Final = len("</thinking>")


class StreamingActionParser:
    """Feed it a model's text as it comes; stop when `feed` says so."""

    def __init__(self, role: AgentRole, *, fallback: ActionType = ActionType.NOOP) -> None:
        self._role: Final = role
        self._fallback: Final = fallback
        self._chunks: list[str] = []
        self._tail = ""
        self._reasoning = False
        self._object: list[str] = []
        self._depth = 0
        self._in_string = False
        self._escaped = False
        self._read: Read | None = None

    @property
    def finished(self) -> bool:
        """Whether an action is complete."""
        return self._read is not None

    @property
    def raw(self) -> str:
        """Everything that was fed."""
        return "".join(self._chunks)

    def feed(self, chunk: str) -> bool:
        """Take the next piece of text and tell whether an action is complete; what comes after it is ignored."""
        if self.finished:
            return True
        self._chunks.append(chunk)
        text, at = self._tail + chunk, 0
        self._tail = ""
        while at < len(text) and not self.finished:
            at = self._within(text, at) if self._depth else self._outside(text, at)
        return self.finished

    def action(self) -> TextAction:
        """Give the action so far; `fallback` where there is none."""
        read = self._read or read_text(self.raw, self._role)
        return replace(read.action, action_type=self._fallback) if read.reason else read.action

    def _outside(self, text: str, at: int) -> int:
        found = (_REASONED if self._reasoning else _OUTSIDE).search(text, at)
        if found is None:
            # A tag may be cut by the end of the chunk: look at its beginning again with the next one.
            start = text.rfind("<", max(at, len(text) - _LONGEST_TAG))
            self._tail = text[start:] if start >= 0 else ""
            return len(text)
        if self._reasoning or found[0] != "{":
            self._reasoning = not self._reasoning
        else:
            self._depth, self._object = 1, ["{"]
        return found.end()

    def _within(self, text: str, at: int) -> int:
        if self._escaped:
            self._escaped = False
            self._object.append(text[at])
            return at + 1
        found = (_IN_STRING if self._in_string else _INSIDE).search(text, at)
        end = len(text) if found is None else found.end()
        self._object.append(text[at:end])
        if found is not None:
            self._mark(found[0])
        return end

    def _mark(self, mark: str) -> None:
        if mark == '"':
            self._in_string = not self._in_string
        elif mark == "\\":
            self._escaped = True
        else:
            self._depth += 1 if mark == "{" else -1
            if not self._depth:
                read = read_text("".join(self._object), self._role)
                self._read = None if read.reason else read


def parse_streaming_action(
    chunks: Iterable[str], role: AgentRole, *, fallback: ActionType = ActionType.NOOP
) -> TextAction:
    """Give the action of a stream, taking no more chunks than it needs."""
    parser = StreamingActionParser(role, fallback=fallback)
    for chunk in chunks:
        if parser.feed(chunk):
            break
    return parser.action()
