"""The smallest pieces of almost-JSON, as patterns. None of them backtracks beyond a bounded stretch."""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from journeyman.answers.extraction import ExtractionReason

Value: TypeAlias = "dict[str, Value] | list[Value] | str | int | float | bool | None"


class UnexpectedEnd(Exception):
    """The text, or the fence or tag around the value, ended inside it."""

    def __init__(self, *, closed_around: bool = False) -> None:
        super().__init__()
        self.closed_around = closed_around


class Unrecoverable(Exception):
    """The value cannot be read without guessing."""

    def __init__(self, reason: ExtractionReason = ExtractionReason.MALFORMED) -> None:
        super().__init__(reason)
        self.reason = reason


SPACE: Final = r"\s\x00\ufeff\u200b-\u200d\u2060"
"""White space and what looks like it: byte-order marks, zero-width characters, padding."""
DOUBLE: Final = '"“”„‟＂«»'
SINGLE: Final = "'‘’‚‛"
QUOTES: Final = DOUBLE + SINGLE + "`"

BLANK: Final = re.compile(rf"[{SPACE}]*+")
REASONING_NAMES: Final = (
    "think|thinking|thought|thoughts|reasoning|reflection|scratchpad|analysis|seed:think|ant_?thinking|inner_monologue"
)
END_MARK: Final = re.compile(rf"```|~~~|</(?!(?:{REASONING_NAMES})\s{{0,8}}>)|<\||\[/(?!THINK)", re.IGNORECASE)
COLON: Final = re.compile(r":|：|=>|=")
BARE_KEY: Final = re.compile(r"([^\W\d][\w$-]{0,127}|-?\d{1,20})([\"'”’]?)(?=\s{0,32}[:：=])")
NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d*+)(?:\.\d++)?(?:[eE][+-]?\d++)?", re.ASCII)
AFTER_NUMBER: Final = re.compile(rf"[,，;{SPACE}}}\])#]|/[/*]|```|</|<\|")
LOOSE_NUMBER: Final = re.compile(
    r"[+-]?(?:(?:0|[1-9]\d{0,400})(?:\.\d{0,400})?|\.\d{1,400})(?:[eE][+-]?\d{1,9})?|0[xX][0-9a-fA-F]{1,64}",
    re.ASCII,
)
BARE_VALUE: Final = re.compile(r"[^\s\"'`“”‘’,:{}\[\]()<>=|\\][^\"`“”,:{}\[\]()<>=|\\\n]{0,1023}")
NOT_FINITE: Final = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
LITERALS: Final[dict[str, Value]] = {
    "true": True,
    "false": False,
    "null": None,
    "True": True,
    "False": False,
    "None": None,
    "TRUE": True,
    "FALSE": False,
    "NULL": None,
    "undefined": None,
}
_LITERAL: Final = "|".join(LITERALS)
ITEM_START: Final = re.compile(rf"[{QUOTES}{{\[]|-?\d|(?:{_LITERAL})\b")
