"""Regular expressions for text that nobody vouches for: they run in time linear in the text (RE2), or are refused.

The only module that knows `re2`. What RE2 cannot do in linear time (back references, looking ahead or behind) it does
not take; the error then says so when the pattern is written, not when it is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, cast

import re2 as _re2  # pyright: ignore[reportMissingTypeStubs]

MAX_PATTERN_CHARACTERS: Final = 1000
MAX_PROGRAM: Final = 5000
"""Instructions of a compiled pattern. Time is text times instructions at worst, so both have a bound."""

_re: Final = cast("Any", _re2)


@dataclass(frozen=True, slots=True)
class PatternMatch:
    """The first place where a pattern fits."""

    text: str
    groups: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern; `compiled` makes it."""

    source: str
    _regexp: Any

    @property
    def group_count(self) -> int:
        """The number of capturing groups."""
        return int(self._regexp.groups)

    def search(self, text: str | bytes) -> PatternMatch | None:
        """The first place where the pattern fits; bytes are read as UTF-8, and what is none of it fits nothing."""
        data = text.encode("utf-8", "replace") if isinstance(text, str) else text
        match = self._regexp.search(data)
        if match is None:
            return None
        groups = cast("tuple[bytes | None, ...]", match.groups())
        whole = cast("bytes", match.group())
        return PatternMatch(_text(whole), tuple(None if one is None else _text(one) for one in groups))


@lru_cache(maxsize=256)
def compile_pattern(source: str) -> Pattern:
    """The pattern; raises `ValueError` with a sentence that says why it is not taken."""
    if len(source) > MAX_PATTERN_CHARACTERS:
        raise ValueError(f"the pattern has {len(source):,} characters; {MAX_PATTERN_CHARACTERS:,} are allowed")
    options = _re.Options()
    options.log_errors = False
    try:
        regexp = _re.compile(source.encode(), options)
    except (_re.error, UnicodeEncodeError) as error:
        reason = error.args[0] if error.args else ""
        said = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(error)
        raise ValueError(
            f"{source!r} is no regular expression that runs in linear time: {said}; "
            "write it in RE2's syntax, which has no back references and does not look ahead or behind"
        ) from None
    if regexp.programsize > MAX_PROGRAM:
        raise ValueError(
            f"{source[:80]!r} is too large: {regexp.programsize:,} instructions, {MAX_PROGRAM:,} are allowed; "
            "repeat fewer things fewer times"
        )
    return Pattern(source, regexp)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
