"""Patterns over the paths of a workspace: `*` and `?` inside one name, `**` over any number of folders."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

_SPECIAL: Final = re.compile(r"[*?]")


class PathPatterns:
    """Which paths are meant. A pattern counts from the root, and one that fits a folder means all that is in it."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self.patterns = tuple(patterns)
        self._expression = _compiled(self.patterns)

    def __contains__(self, path: str) -> bool:
        """Tell whether a path, with `/` between its names, is meant."""
        return self._expression is not None and self._expression.match(path) is not None

    def filtered(self, paths: Iterable[str]) -> list[str]:
        """Those of the paths that are meant."""
        return [path for path in paths if path in self]

    @property
    def plain_paths(self) -> tuple[str, ...]:
        """The patterns that are paths: what they name is meant even where listings leave it out."""
        return tuple(pattern.strip("/") for pattern in self.patterns if not _SPECIAL.search(pattern))


@lru_cache(maxsize=64)
def _compiled(patterns: tuple[str, ...]) -> re.Pattern[str] | None:
    if not patterns:
        return None
    return re.compile("|".join(f"(?:{_expression(pattern)})" for pattern in patterns), re.DOTALL)


def _expression(pattern: str) -> str:
    """A pattern as a regular expression that cannot take exponential time: between two `**` stands a `/`."""
    parts = [part for part in pattern.strip("/").split("/") if part not in ("", ".")]
    if not parts:
        return r".*\Z"  # the whole workspace
    text = ""
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        if part == "**":
            text += r".+\Z" if last else r"(?:[^/]+/)*"
        else:
            text += _name(part) + (r"(?:/.*)?\Z" if last else "/")
    return text


def _name(part: str) -> str:
    squeezed = re.sub(r"\*+", "*", part)
    return "".join({"*": "[^/]*", "?": "[^/]"}.get(character, re.escape(character)) for character in squeezed)
