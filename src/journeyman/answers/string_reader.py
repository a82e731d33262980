"""Read one string that may hold quotes, line breaks and escapes that JSON does not allow there.

Quotes inside a string are kept where they come in pairs and nothing behind them looks like the end of a string. A single
one, or one before a comma, colon or bracket, may be the end or may not: then there is no value. Nor is there one for
quotes in the items of a list, which has no names by which a reader could find its way back.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from journeyman.answers.token_patterns import (
    BARE_KEY,
    BLANK,
    DOUBLE,
    END_MARK,
    ITEM_START,
    QUOTES,
    SINGLE,
    UnexpectedEnd,
    Unrecoverable,
)

_CONTROL: Final = r"\x00-\x1f"
_STOPS: Final = {
    **{mark: re.compile(rf"[{DOUBLE}\\{_CONTROL}]") for mark in DOUBLE},
    **{mark: re.compile(rf"[{SINGLE}\\{_CONTROL}]") for mark in SINGLE},
    '"': re.compile(rf'["\\{_CONTROL}]'),
    "'": re.compile(rf"['\\{_CONTROL}]"),
    "`": re.compile(rf"[`\\{_CONTROL}]"),
}
_ESCAPES: Final = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_NEEDLESS: Final = "'`_$&*#[](){}<>~|!:"
_HEX: Final = {
    "u": re.compile(r"[0-9a-fA-F]{4}"),
    "x": re.compile(r"[0-9a-fA-F]{2}"),
    "U": re.compile(r"[0-9a-fA-F]{8}"),
}
_KEY_CHARS: Final = 1_100
QUOTED_KEY: Final = re.compile(
    rf"(?:\"(?:[^\"\\\n]|\\.){{0,1000}}+\"|'(?:[^'\\\n]|\\.){{0,1000}}+'|[{QUOTES}](?:[^{QUOTES}\\\n]|\\.){{0,1000}}+[{QUOTES}])"
    r"\s{0,32}[:：=]",
)
_UNDONE_KEY: Final = re.compile(
    rf"(?:\"(?:[^\"\\\n]|\\.)*+(?:\\|\"\s*+)?|'(?:[^'\\\n]|\\.)*+(?:\\|'\s*+)?"
    rf"|[{QUOTES}](?:[^{QUOTES}\\\n]|\\.)*+(?:\\|[{QUOTES}]\s*+)?)\Z",
)
_PLAIN_KEY: Final = re.compile(r"\"[A-Za-z_][\w$-]{0,63}\"\s{0,8}:")
_WORDS: Final = re.compile(r"(?!(?:true|false|null)\b)[^\W\d][^\\\"{}\[\]:]*,", re.IGNORECASE)
"""What was meant as a string; a number, a literal or a list may have got its quote by mistake."""
_STRUCTURE: Final = frozenset(",:]}")
"""After a quote these say that a string ends there; where that cannot be, nobody knows where it does."""
_CONCATENATION: Final = re.compile(rf"\+\s*+[{QUOTES}]")
_COMMENT: Final = re.compile(r"\s{1,32}(?://|/\*|#)")


@dataclass(slots=True)
class StringReader:
    """Finds where a string ends. A quote ends it only if what follows is what may follow a string at that place."""

    text: str
    limit: int
    note: Callable[[str], None]
    in_object: bool
    is_key: bool
    undecided: bool = False
    bare_keys: bool = False
    inner: int = 0
    """Quotes met so far that are part of the string."""
    broken_line: bool = False

    def read(self, start: int, mark: str, *, bare_keys: bool) -> tuple[str, int]:
        """The string that the quote `mark` at `start` opens, and where it ends."""
        self.bare_keys = bare_keys
        if mark != '"':
            self.note("quotes")
        if self.text.startswith(mark * 3, start):
            return self._triple(start + 3, mark * 3)
        parts, pos = list[str](), start + 1
        while found := _STOPS[mark].search(self.text, pos, self.limit):
            parts.append(self.text[pos : found.start()])
            pos, sign = found.end(), found[0]
            if sign == "\\":
                pos = self._escape(pos, parts)
            elif sign < " ":
                self._control(pos, parts)
                parts.append(sign)
            elif _is_apostrophe(self.text, pos, mark):
                self.note("inner_quote")
                parts.append(sign)
            elif self._closes(pos):
                if self.inner % 2:
                    raise Unrecoverable  # quotes inside a string come in pairs: this one may be another's end, not the string's
                return _joined(parts), pos
            elif comma := self._lost_quote(start + 1, found.start()):
                return _joined(parts)[: comma - found.start()], comma
            else:
                self._inner_quote(pos)
                parts.append(sign)
        raise UnexpectedEnd

    def _triple(self, start: int, mark: str) -> tuple[str, int]:
        end = self.text.find(mark, start, self.limit)
        if end < 0:
            raise UnexpectedEnd
        self.note("quotes")
        return self.text[start:end], end + 3

    def _control(self, pos: int, parts: list[str]) -> None:
        self.note("control_character")
        if self.text[pos - 1] != "\n":
            return
        self.broken_line = True
        if self.inner:
            raise Unrecoverable  # quotes and line breaks both unescaped: nobody knows where it ends
        if self.text.startswith("```", pos) and "```" not in "".join(parts):
            raise UnexpectedEnd  # the fence around the answer ends inside the string

    def _inner_quote(self, pos: int) -> None:
        blank = BLANK.match(self.text, pos, self.limit)
        after = self.text[blank.end() if blank else pos : self.limit][:1]
        if self.is_key or not self.in_object or self.broken_line or after in _STRUCTURE:
            raise Unrecoverable
        self.inner += 1
        self.note("inner_quote")

    def _lost_quote(self, start: int, quote: int) -> int:
        """The comma after which the next key begins at `quote`, so that this string lost its own end; else 0."""
        if self.is_key or self.inner or not self.in_object:
            return 0
        before = self.text[start:quote].rstrip()
        if _WORDS.fullmatch(before) is None or _PLAIN_KEY.match(self.text, quote, self.limit) is None:
            return 0
        self.note("missing_quote")
        return start + len(before) - 1

    def _escape(self, pos: int, parts: list[str]) -> int:
        if pos >= self.limit:
            raise UnexpectedEnd
        sign = self.text[pos]
        if sign in _ESCAPES:
            parts.append(_ESCAPES[sign])
            return pos + 1
        if sign in _HEX:
            return self._code(pos + 1, sign, parts)
        self.note("escape")
        if sign != "\n":  # a backslash at the end of a line goes on with the next one
            parts.append(sign if sign in _NEEDLESS else "\\" + sign)
        return pos + 1

    def _code(self, pos: int, sign: str, parts: list[str]) -> int:
        found = _HEX[sign].match(self.text, pos, self.limit)
        if found is None:
            raise UnexpectedEnd if self.limit - pos < 8 else Unrecoverable
        if sign != "u":
            self.note("escape")
        code = int(found[0], 16)
        if code > sys.maxunicode:
            raise Unrecoverable
        parts.append(chr(code))
        return found.end()

    def _closes(self, pos: int) -> bool:
        next_pos = self._after_blank(pos)
        if next_pos is None:
            return True
        mark = self.text[next_pos]
        if self.is_key:
            return mark in ":：="
        if mark in "}])" or _CONCATENATION.match(self.text, next_pos, self.limit):
            return True
        if mark in ",;，、":
            return self._goes_on(next_pos + 1)
        if _COMMENT.match(self.text, pos, self.limit) or END_MARK.match(self.text, next_pos, self.limit):
            return True
        return next_pos > pos and self._begins(next_pos, line="\n" in self.text[pos:next_pos])

    def _after_blank(self, pos: int) -> int | None:
        """Where text goes on behind white space; `None`, and undecided, where it ends."""
        blank = BLANK.match(self.text, pos, self.limit)
        next_pos = blank.end() if blank else pos
        if next_pos >= self.limit:
            self.undecided = True
            return None
        return next_pos

    def _goes_on(self, pos: int) -> bool:
        """Tell whether what follows a comma is a next member, the end, or a comment."""
        next_pos = self._after_blank(pos)
        if next_pos is None:
            return True
        if self.text[next_pos] in "}]),;" or self.text.startswith(("//", "/*", "#"), next_pos):
            return True
        if END_MARK.match(self.text, next_pos, self.limit):
            return True
        return self._begins(next_pos, line="\n" in self.text[pos:next_pos])

    def _begins(self, pos: int, *, line: bool) -> bool:
        """Tell whether a member begins at `pos`; `line` says that it stands on a new line."""
        if not self.in_object:
            found = ITEM_START.match(self.text, pos, self.limit)
        elif self.text[pos] in QUOTES:
            found = QUOTED_KEY.match(self.text, pos, self.limit)
        else:
            found = BARE_KEY.match(self.text, pos, self.limit) if line or self.bare_keys else None
        if found is None and self.limit - pos < _KEY_CHARS:
            self.undecided = True
            # The next key is still on its way: the quote before it is the end of this string.
            return self.in_object and _UNDONE_KEY.match(self.text, pos, self.limit) is not None
        return found is not None


def _is_apostrophe(text: str, pos: int, mark: str) -> bool:
    """Tell whether the sign before `pos` stands between two letters, as in `it's`."""
    return mark in SINGLE and text[pos - 2].isalnum() and text[pos : pos + 1].isalnum()


def _joined(parts: list[str]) -> str:
    value = "".join(parts)
    if value.isascii():
        return value
    try:  # pairs of surrogates become one character; a lone one is no text
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    except UnicodeDecodeError as error:
        raise Unrecoverable from error
