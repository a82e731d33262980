"""Where an object stands among brackets and reasoning: whether it is whole, or a part of something that was damaged."""

from __future__ import annotations

import re
from typing import Final

from journeyman.answers import markup_patterns
from journeyman.answers.candidates import Candidate

_GOES_ON: Final = re.compile(r"\s{0,64},?\s{0,64}\"[^\"\\\n]{0,200}\"\s{0,8}:")
"""A member right behind an object: it was closed too early."""
_CLOSERS: Final = "}]) \t\r\n"
_MACRO: Final = re.compile(r"\\[a-zA-Z]{1,32}\Z")
"""Before a brace: TeX, such as the box that some models put around answers."""
_MAX_OPEN: Final = 2_000
_STRING_ENDS: Final = re.compile(r"[^\"\\\n]{0,1000}\"\s{0,8}[,:\]}]")


def end_of_misclosed(text: str, candidate: Candidate) -> int:
    """Where that is over which a whole object seems to be the beginning of; 0 when it is whole indeed.

    A closer that belongs to nothing, with more than closers before it, says that the object was closed too early. Right
    behind a strict object with nothing nested in it, it is a slip; else something inside may have been closed too early.
    """
    end = candidate.end
    if _GOES_ON.match(text, end):
        return len(text)
    pos = end
    while closer := _stray_closer(text, pos):
        if not _flat(candidate) or text[end : closer - 1].strip(_CLOSERS):
            return closer
        pos = closer
    return 0


def _flat(candidate: Candidate) -> bool:
    value = candidate.reading.value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return not candidate.reading.repairs and not any(isinstance(item, dict | list) for item in inner)


def is_enclosed(text: str, base: int, candidate: Candidate) -> bool:
    """Tell whether an object that prose precedes (from `base` on) is a part of something, and so not the answer."""
    if end_of_misclosed(text, candidate):
        return True
    closer = _stray_closer(text, candidate.end)
    if not closer:
        return False
    open_marks, brackets = _open_marks(text, base, candidate.start)
    while closer:
        closer = _stray_closer(text, closer)
        if not open_marks:
            return brackets
        at = open_marks.pop()
        if _MACRO.search(text, max(base, at - 40), at) is None:
            return True
    return False


def reasoning_end(text: str, start: int, end: int) -> int | None:
    """Where reasoning ends that a broken object at `start` reaches over; a mark in a closed string is none."""
    for found in markup_patterns.REASONING_END.finditer(text, start, end):
        if _STRING_ENDS.match(text, found.end()) is None:
            return found.start()
    return None


def _stray_closer(text: str, pos: int) -> int:
    """Where the first closer ends that belongs to nothing after `pos`; 0 before a fence or tag that ends it all."""
    found = markup_patterns.unmatched_closer(text, pos)
    return found.end() if found is not None and found[0] in "}]" else 0


def _open_marks(text: str, base: int, start: int) -> tuple[list[int], bool]:
    """The openers between `base` and `start` that nothing closes, and whether there are brackets at all."""
    waiting, brackets = list[int](), False
    for found in markup_patterns.BALANCE.finditer(text, base, start):
        sign = found[0]
        if sign in "{[":
            brackets = True
            if len(waiting) < _MAX_OPEN:
                waiting.append(found.start())
        elif sign in "}]":
            brackets = True
            if waiting:
                waiting.pop()
    return waiting, brackets
