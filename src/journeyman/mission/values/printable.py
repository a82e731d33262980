"""Text of agents, models and tools as it may be shown: nothing in it can move a cursor, hide or turn other text."""

from __future__ import annotations

import re
from typing import Final

_HIDDEN: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\U000e0000-\U000e007f\ud800-\udfff]"
)
"""C0 and C1 controls but tab and line feed, what breaks lines or turns the reading direction, tags, lone surrogates."""


def visible(text: str) -> str:
    """Text whose control and direction characters are seen instead of obeyed; line breaks and tabs stay."""
    return _HIDDEN.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n").replace("\r", "\n"))


def visible_line(text: str, most: int = 300) -> str:
    """The same on one line of at most `most` characters."""
    line = " ".join(visible(text).split())
    return line if len(line) <= most else line[: most - 1] + "…"
