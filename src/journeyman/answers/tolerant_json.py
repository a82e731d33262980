"""Read one almost-JSON value: one pass, no recursion, and a name for everything that was put right.

The reader repairs form, never content. Where it would have to invent a value (a missing one, an elided one, one cut off
by the end of the text) it stops; what the text leaves open is never closed. What it decides about text before a position never changes when more text follows,
except where it says so (`ParseResult.undecided`); streams rely on that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from journeyman.answers.extraction import ExtractionReason
from journeyman.answers.string_reader import QUOTED_KEY, StringReader
from journeyman.answers.token_patterns import (
    AFTER_NUMBER,
    BARE_KEY,
    BARE_VALUE,
    BLANK,
    COLON,
    DOUBLE,
    END_MARK,
    ITEM_START,
    LITERALS,
    LOOSE_NUMBER,
    NOT_FINITE,
    NUMBER,
    QUOTES,
    SINGLE,
    UnexpectedEnd,
    Unrecoverable,
    Value,
)

MAX_CHARS: Final = 32_768
"""What needs repair may be this long in all: the pass costs 1 to 2 ms per KB."""
MAX_DEPTH: Final = 200
_QUOTE: Final = re.compile(r'(?<!\\)(?:\\\\)*"')
"""One that no backslash escapes; two of them are a backslash."""
_QUOTES: Final = frozenset(QUOTES)
_KEY_CHARS: Final = 256
"""How far the reader looks ahead for the end of a key."""


class _Expected(Enum):
    KEY = auto()
    COLON = auto()
    VALUE = auto()
    AFTER = auto()


@dataclass(slots=True)
class _Frame:
    container: dict[str, Value] | list[Value]
    want: _Expected
    closer: str
    key: str = ""
    after_comma: bool = False


@dataclass(frozen=True, slots=True)
class ParseResult:
    """What the reader found; `reason` is `OK` for strict form, `REPAIRED` with repairs, else why there is no value."""

    reason: ExtractionReason
    value: Value = None
    """The value; for `TRUNCATED` what is whole of it."""
    end: int = 0
    repairs: tuple[str, ...] = ()
    undecided: bool = False
    """The end of the text had a say: more text could change the outcome."""


def parse_tolerant(text: str, start: int, chars: int = MAX_CHARS) -> ParseResult:
    """Read the object or array that begins at `start`, looking at no more than so many characters."""
    return _Reader(text, start, min(len(text), start + chars)).read()


@dataclass(slots=True)
class _Reader:
    text: str
    pos: int
    limit: int
    stack: list[_Frame] = field(default_factory=list[_Frame])
    root: Value = None
    repairs: dict[str, None] = field(default_factory=dict[str, None])
    undecided: bool = False

    def read(self) -> ParseResult:
        try:
            self._open()
            while self.stack:
                self._blank()
                self._go_on()
                self._step(self.stack[-1])
        except UnexpectedEnd as cut:
            beyond = self.limit < len(self.text) and not cut.closed_around
            reason = ExtractionReason.TOO_LARGE if beyond else ExtractionReason.TRUNCATED
            return ParseResult(reason, self.root, self.limit, tuple(self.repairs), undecided=True)
        except Unrecoverable as broken:
            return ParseResult(broken.reason, None, self.pos, tuple(self.repairs), self.undecided)
        reason = ExtractionReason.REPAIRED if self.repairs else ExtractionReason.OK
        return ParseResult(reason, self.root, self.pos, tuple(self.repairs), self.undecided)

    def _step(self, frame: _Frame) -> None:
        if frame.want is _Expected.KEY:
            self._key(frame)
        elif frame.want is _Expected.COLON:
            self._colon(frame)
        elif frame.want is _Expected.VALUE:
            self._value(frame)
        else:
            self._after(frame)

    def record_repair(self, repair: str) -> None:
        self.repairs[repair] = None

    def _open(self) -> None:
        mark = self.text[self.pos]
        self.pos += 1
        if len(self.stack) >= MAX_DEPTH:
            raise Unrecoverable(ExtractionReason.TOO_LARGE)
        if mark == "(":
            self.record_repair("python_literal")
        frame = (
            _Frame({}, _Expected.KEY, "}") if mark == "{" else _Frame([], _Expected.VALUE, "]" if mark == "[" else ")")
        )
        if self.stack:
            self._put(frame.container)
        else:
            self.root = frame.container
        self.stack.append(frame)

    def _put(self, value: Value) -> None:
        frame = self.stack[-1]
        frame.want = _Expected.AFTER
        frame.after_comma = False
        if isinstance(frame.container, dict):
            frame.container[frame.key] = value
        else:
            frame.container.append(value)

    def _blank(self) -> None:
        """Pass white space and comments."""
        while True:
            found = BLANK.match(self.text, self.pos, self.limit)
            self.pos = found.end() if found else self.pos
            if self.text.startswith(("//", "#"), self.pos):
                end = self.text.find("\n", self.pos, self.limit)
                # A quote that opens in a comment closes behind it: then it is no comment but the rest of a string.
                if end >= 0 and len(_QUOTE.findall(self.text, self.pos, end)) % 2:
                    raise Unrecoverable
            elif self.text.startswith("/*", self.pos):
                end = self.text.find("*/", self.pos + 2, self.limit)
                if end < 0:
                    raise UnexpectedEnd
                end += 2
            else:
                return
            self.record_repair("comment")
            self.pos = self.limit if end < 0 else end

    def _go_on(self) -> None:
        """Raise `UnexpectedEnd` where the text, or the fence or tag around the value, ends; what is open is never closed for it."""
        if self.pos >= self.limit:
            raise UnexpectedEnd
        if END_MARK.match(self.text, self.pos, self.limit):
            raise UnexpectedEnd(closed_around=True)

    def _key(self, frame: _Frame) -> None:
        mark = self.text[self.pos]
        if mark in "}])":
            self._close(mark)
        elif mark == ",":
            self.record_repair("extra_comma")
            self.pos += 1
        elif mark in QUOTES:
            self._name(frame, self._quoted_key(mark))
        elif found := BARE_KEY.match(self.text, self.pos, self.limit):
            self.record_repair("unquoted_key")
            self.pos = found.end(1) + len(found[2])
            self._name(frame, found[1])
        elif self.limit - self.pos < _KEY_CHARS and BARE_VALUE.fullmatch(self.text, self.pos, self.limit):
            raise UnexpectedEnd
        else:
            raise Unrecoverable

    @staticmethod
    def _name(frame: _Frame, key: str) -> None:
        if key in frame.container:
            raise Unrecoverable  # nobody knows which of two values is meant; and a quote may have torn a string in two
        frame.key, frame.want = key, _Expected.COLON

    def _quoted_key(self, mark: str) -> str:
        # A key whose closing quote is missing: `{"a: 1`.
        found = BARE_KEY.match(self.text, self.pos + 1, self.limit)
        whole = QUOTED_KEY.match(self.text, self.pos, self.limit)
        if found and not found[2] and not whole and mark in DOUBLE:
            self.record_repair("missing_quote")
            self.pos = found.end(1)
            return found[1]
        return self._string(mark, in_object=True, is_key=True)

    def _colon(self, frame: _Frame) -> None:
        found = COLON.match(self.text, self.pos, self.limit)
        if found is None:
            raise Unrecoverable
        if found[0] != ":":
            self.record_repair("separator")
        self.pos = found.end()
        frame.want = _Expected.VALUE

    def _value(self, frame: _Frame) -> None:
        mark = self.text[self.pos]
        if mark in "{[(":
            self._open()
        elif mark in QUOTES:
            self._put(self._string(mark, in_object=isinstance(frame.container, dict), is_key=False))
        elif mark in "}])" and isinstance(frame.container, list):
            self._close(mark)
        elif mark == "," and isinstance(frame.container, list):
            self.record_repair("extra_comma")
            self.pos += 1
        else:
            self._put(self._scalar())

    def _string(self, mark: str, *, in_object: bool, is_key: bool) -> str:
        reader = StringReader(self.text, self.limit, self.record_repair, in_object=in_object, is_key=is_key)
        value, self.pos = reader.read(self.pos, mark, bare_keys="unquoted_key" in self.repairs)
        self.undecided |= reader.undecided
        return value

    def _scalar(self) -> Value:
        if number := NUMBER.match(self.text, self.pos, self.limit):
            if number.end() >= self.limit:
                raise UnexpectedEnd
            if AFTER_NUMBER.match(self.text, number.end(), self.limit):
                self.pos = number.end()
                return _number(number[0])
        found = BARE_VALUE.match(self.text, self.pos, self.limit)
        if found is None:
            raise Unrecoverable
        word = re.split(r"\s+(?://|#|/\*)", found[0])[0]
        end = self.pos + len(word)
        word = word.rstrip()
        if word in LITERALS:
            if word not in {"true", "false", "null"}:
                self.record_repair("python_literal")
            self.pos = end
            return LITERALS[word]
        if end >= self.limit:
            raise UnexpectedEnd
        self.pos = end
        return self._bare(word)

    def _bare(self, word: str) -> Value:
        if NOT_FINITE.fullmatch(word) or not word.strip(".…"):
            raise Unrecoverable
        if LOOSE_NUMBER.fullmatch(word):
            self.record_repair("number")
            return _number(word.removeprefix("+"))
        if not _QUOTES.isdisjoint(word) or self.text[self.pos] not in ",}])\n#/ \t\r":
            raise Unrecoverable
        self.record_repair("unquoted_value")
        return word

    def _after(self, frame: _Frame) -> None:
        mark = self.text[self.pos]
        if mark in ",;，、":
            if mark != ",":
                self.record_repair("separator")
            self.pos += 1
            frame.after_comma = True
            frame.want = _Expected.KEY if isinstance(frame.container, dict) else _Expected.VALUE
        elif mark in "}])":
            self._close(mark)
        elif self._starts_next(frame):
            self.record_repair("missing_comma")
            frame.want = _Expected.KEY if isinstance(frame.container, dict) else _Expected.VALUE
        else:
            raise Unrecoverable

    def _starts_next(self, frame: _Frame) -> bool:
        if isinstance(frame.container, dict):
            return self.text[self.pos] in QUOTES or BARE_KEY.match(self.text, self.pos, self.limit) is not None
        # Python joins strings that stand side by side; what writes these quotes may mean that.
        joined = self.text[self.pos] in SINGLE
        return not joined and ITEM_START.match(self.text, self.pos, self.limit) is not None

    def _close(self, mark: str) -> None:
        """Close the innermost container; the closer of another one says that something is missing in between."""
        if self.stack[-1].closer != mark:
            raise Unrecoverable
        if self.stack[-1].after_comma:
            self.record_repair("trailing_comma")
        self.pos += 1
        self.stack.pop()


def _number(word: str) -> Value:
    try:
        if word.lower().startswith(("0x", "-0x")):
            return int(word, 16)
        return float(word) if set(word) & set(".eE") else int(word)
    except ValueError as error:  # more digits than Python reads
        raise Unrecoverable(ExtractionReason.TOO_LARGE) from error
