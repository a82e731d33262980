"""Patterns over the paths of a workspace: `*` and `?` inside one name, `**` over any number of folders."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

_SPECIAL: Final = re.compile(r"[*?]")
Reach: TypeAlias = frozenset[tuple[int, int]]
"""How far patterns have been followed on the way down: a pattern's place and that of its next part."""


class PathPatterns:
    """Which paths are meant. A pattern counts from the root, and one that fits a folder means all that is in it."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self.patterns = tuple(patterns)
        self._expression = _compiled(self.patterns)
        self._parts = [_parts_of(pattern) for pattern in patterns]

    def __contains__(self, path: str) -> bool:
        """Tell whether a path, with `/` between its names, is meant."""
        return self._expression is not None and self._expression.match(path) is not None

    def filtered(self, paths: Iterable[str]) -> list[str]:
        """Those of the paths that are meant."""
        return [path for path in paths if path in self]

    @property
    def top(self) -> Reach:
        """Where a walk from the root begins."""
        return frozenset((at, 0) for at in range(len(self._parts)))

    def into(self, reach: Reach, name: str, passed_by: Collection[str]) -> Reach:
        """Follow the patterns into a folder's member; empty where nothing below it is meant.

        Names in `passed_by` are entered only where a pattern says them letter by letter.
        """
        return frozenset(found for state in reach for found in self._followed(state, name, by_name=name in passed_by))

    def _followed(self, state: tuple[int, int], name: str, *, by_name: bool) -> Iterable[tuple[int, int]]:
        at, index = state
        parts = self._parts[at]
        if index == len(parts):  # inside of what is meant
            return () if by_name else (state,)
        part = parts[index]
        if part == "**":
            following = self._followed((at, index + 1), name, by_name=by_name) if index + 1 < len(parts) else ()
            return following if by_name else (state, *following)
        spelled = not _SPECIAL.search(part)
        fits = part == name if spelled else not by_name and _name_expression(part).match(name) is not None
        return ((at, index + 1),) if fits else ()


@lru_cache(maxsize=64)
def _compiled(patterns: tuple[str, ...]) -> re.Pattern[str] | None:
    if not patterns:
        return None
    return re.compile("|".join(f"(?:{_expression(pattern)})" for pattern in patterns), re.DOTALL)


def _expression(pattern: str) -> str:
    """A pattern as a regular expression that cannot take exponential time: between two `**` stands a `/`."""
    parts = _parts_of(pattern)
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


def _parts_of(pattern: str) -> list[str]:
    return [part for part in pattern.strip("/").split("/") if part not in ("", ".")]


@lru_cache(maxsize=256)
def _name_expression(part: str) -> re.Pattern[str]:
    return re.compile(rf"{_name(part)}\Z", re.DOTALL)


def _name(part: str) -> str:
    squeezed = re.sub(r"\*+", "*", part)
    return "".join({"*": "[^/]*", "?": "[^/]"}.get(character, re.escape(character)) for character in squeezed)
