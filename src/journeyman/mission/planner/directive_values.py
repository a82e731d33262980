"""Values that the mission's own words hold: what stands behind an argument's name, quoted texts, paths, identifiers, numbers."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from typing import Final

from journeyman.mission.values.canonical import Json

_QUOTED = re.compile(r"""["'`]([^"'`\n]{1,80})["'`]""")
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?!\w|\.\d)")
_TOKEN = re.compile(r"""[^\s,;()\[\]{}<>"'`=]+|[=,;()]""")
_CONNECTORS: Final = frozenset({"=", ":", "is", "named", "called", "equals"})
_MARKS: Final = frozenset(",;()=")
_FILLERS: Final = frozenset(
    {"a", "an", "and", "as", "at", "be", "by", "for", "from", "if", "in", "is", "it", "no", "not", "of", "on", "or"}
    | {"so", "that", "the", "then", "this", "to", "until", "when", "where", "which", "with", "must", "should", "can"}
)


class TextKind(StrEnum):
    """What a text looks like, or what an argument asks for by its name."""

    URL = "url"
    EMAIL = "email"
    PATH = "path"
    DATE = "date"
    NAME = "name"


_ASKED: Final[dict[TextKind, frozenset[str]]] = {
    TextKind.URL: frozenset({"url", "uri", "link", "endpoint"}),
    TextKind.EMAIL: frozenset({"email", "mail", "recipient"}),
    TextKind.PATH: frozenset({"path", "file", "filename", "dir", "directory", "folder"}),
    TextKind.DATE: frozenset({"date", "day"}),
}


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name, in the singular: `serviceIds` gives `service`, `id`."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    words = [word.lower() for word in re.split(r"[^A-Za-z0-9]+", spaced) if word]
    return tuple(
        word[:-1] if len(word) > 2 and word.endswith("s") and not word.endswith("ss") else word for word in words
    )


def kind_of(text: str) -> TextKind:
    """What a text looks like."""
    if "://" in text:
        return TextKind.URL
    if re.fullmatch(r"[^@\s]+@[^@\s]+\.\w+", text):
        return TextKind.EMAIL
    if "/" in text or text.startswith("~"):
        return TextKind.PATH
    return TextKind.DATE if re.fullmatch(r"\d{4}-\d\d-\d\d\S*", text) else TextKind.NAME


def asked_kind(name: str) -> TextKind:
    """What an argument of this name takes."""
    words = set(words_of(name))
    return next((kind for kind, asked in _ASKED.items() if words & asked), TextKind.NAME)


class DirectiveValues:
    """The values in one directive."""

    def __init__(self, text: str) -> None:
        self.quoted = tuple(dict.fromkeys(_QUOTED.findall(text)))
        self.numbers = tuple(dict.fromkeys(float(found) for found in _NUMBER.findall(text)))
        self._tokens = [_bare(token) for token in _TOKEN.findall(text)]
        self._ends = [token[-1:] in ".,;!?" for token in _TOKEN.findall(text)]
        self.telling = tuple(dict.fromkeys(token for token in self._tokens if _is_telling(token)))
        """What no plain word is: it holds a digit, a slash, an `@`, an underscore or a dot within."""
        plain = (token.lower() for token in self._tokens if token.isalpha() and len(token) > 2)
        self.words = tuple(dict.fromkeys(word for word in plain if word not in _FILLERS))

    def behind(self, name: str, *, plain: bool) -> list[str]:
        """What stands right behind an argument's name: `zone eu-1`, `zone=a`, `zone is a`.

        A word like any other counts only behind a connector, or where `plain` ones do: "the user tomorrow" names none.
        """
        wanted, found = words_of(name), list[str]()
        for index in range(len(self._tokens)):
            end = index + len(wanted)
            if self._singular(index, end) != wanted or any(self._ends[index : end - 1]):
                continue
            joined = end < len(self._tokens) and (self._tokens[end].lower() in _CONNECTORS or self._colon(end - 1))
            at = end + (joined and self._tokens[end].lower() in _CONNECTORS)
            if at >= len(self._tokens) or (self._ends[end - 1] and not joined):
                continue
            token = self._tokens[at]
            good = token not in _MARKS and token.lower() not in _FILLERS
            if good and (joined or plain or _is_telling(token)):
                found.append(token)
        return found

    def _singular(self, start: int, end: int) -> tuple[str, ...]:
        return tuple(word for token in self._tokens[start:end] for word in words_of(token))

    def _colon(self, index: int) -> bool:
        return self._tokens[index].endswith(":")

    def fitting(self, name: str) -> list[Json]:
        """The telling texts of the kind that an argument of this name takes."""
        asked = asked_kind(name)
        return [token for token in self.telling if kind_of(token) is asked]


def _bare(token: str) -> str:
    return token if token in _MARKS else token.rstrip(".!?").lstrip("(")


def _is_telling(token: str) -> bool:
    inner = token[1:-1]
    return len(token) > 1 and (any(mark in token for mark in "/@_") or "." in inner or any(map(str.isdigit, token)))


@lru_cache(maxsize=64)
def directive_values(text: str) -> DirectiveValues:
    """The values in a directive, read once."""
    return DirectiveValues(text)
