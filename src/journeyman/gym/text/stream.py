"""An action out of a stream: done in the chunk that closes the first object that is one.

Every character is looked at once, and only when a sign came that may change something. Objects that are no action, such
as a stray `{word}`, are passed over, and nothing inside reasoning counts. A stream that ends without having finished is
read as a whole, with all repairs.

`journeyman.answers.AnswerStream` cannot stand here: where prose precedes an object it waits for the end, since the last
object counts then. Whoever streams an action wants the first one, as soon as it is closed.
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
_OUTSIDE_SIGNS: Final = ("{", ">")
_REASONING_SIGNS: Final = (">", ">")
_INSIDE_SIGNS: Final = ("}", "}")
_LONGEST_TAG: Final = len("</thinking>")


class StreamingActionParser:
    """Feed it a model's text as it comes; stop when `feed` says so.

    Args:
        role: who acts.
        fallback: the type of the action where there is none.
    """

    def __init__(self, role: AgentRole, fallback: ActionType = ActionType.NOOP) -> None:
        self.role: Final = role
        self.fallback: Final = fallback
        self._chunks: list[str] = []
        self._looked = 0
        """Chunks that were looked at."""
        self._signs = _OUTSIDE_SIGNS
        """Only a chunk with one of them can change the state."""
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
        if self._read is not None:
            return True
        self._chunks.append(chunk)
        first, second = self._signs
        if first in chunk or second in chunk:
            self._look()
        return self._read is not None

    def action(self) -> TextAction:
        """Give the action so far; `fallback` where there is none."""
        read = self._read or read_text(self.raw, self.role)
        return replace(read.action, action_type=self.fallback) if read.reason else read.action

    def _look(self) -> None:
        text, at = self._tail + "".join(self._chunks[self._looked :]), 0
        self._looked, self._tail = len(self._chunks), ""
        while at < len(text) and self._read is None:
            at = self._within(text, at) if self._depth else self._outside(text, at)
        self._signs = _INSIDE_SIGNS if self._depth else _REASONING_SIGNS if self._reasoning else _OUTSIDE_SIGNS

    def _outside(self, text: str, at: int) -> int:
        found = (_REASONED if self._reasoning else _OUTSIDE).search(text, at)
        if found is None:
            # A tag may be cut by the end of the text: look at its beginning again with what comes next.
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
                read = read_text("".join(self._object), self.role)
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
