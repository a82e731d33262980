"""Text that somebody else wrote, as one quoted line: nothing in it can be taken for a part of what stands around it.

A colleague may be a model, and a model may lie: its message must not end the line, open a section, a fence or a turn,
hide or turn around what follows, or be an action when it is copied. So a message is a JSON string, in which everything
is escaped that is not plain to the eye or means something to somebody who reads views, chats or JSON.
"""

from __future__ import annotations

import re
from typing import Final

_CUT: Final = " (cut)"
_PLAIN: Final = re.compile(r"[ !#-;=?-Z^_a-z|]*")
"""What needs no look: ASCII without quotes, backslashes, brackets of any kind, backticks and tildes."""
_SHORT: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_MARKUP: Final = frozenset("<>{}[]◁▷")
"""Tags of turns and reasoning, and JSON: a quoted action must not be one when a model repeats it."""
_LOOK_ALIKES: Final = frozenset("“”„‟«»″‶‴⁗\uff02❝❞〝〞〟˝ʺ״﹁﹂「」『』¶⏎↵↩␊␋␌␍␤␜␝␞␟")
"""What looks like the end of a quotation or of a line."""
_FENCE: Final = re.compile(r"`{3,}|~{3,}")


def quoted(text: str, most_chars: int) -> str:
    """The text as one JSON string on one line, at most `most_chars` long; `json.loads` gives it back.

    Args:
        text: What somebody wrote.
        most_chars: Most of the whole, at least 16; a text that was cut says so behind its quotes.
    """
    if len(text) + 2 <= most_chars and _PLAIN.fullmatch(text):
        return f'"{text}"'
    parts = _escaped(text)
    if sum(map(len, parts)) + 2 <= most_chars:
        return f'"{"".join(parts)}"'
    room = most_chars - 2 - len(_CUT)
    kept = 0
    for part in parts:
        room -= len(part)
        if room < 0:
            break
        kept += 1
    return f'"{"".join(parts[:kept])}"{_CUT}'


def one_line(text: str, most_chars: int) -> str:
    """The text without quotes, cut and with what does not print escaped: for what our own code words."""
    shown = text if text.isprintable() else "".join(one if one.isprintable() else _code(one) for one in text)
    return shown if len(shown) <= most_chars else shown[: most_chars - 3] + "..."


def _escaped(text: str) -> list[str]:
    """One piece for each character."""
    fenced = {place for found in _FENCE.finditer(text) for place in range(*found.span())}
    return [_piece(one, in_fence=place in fenced) for place, one in enumerate(text)]


def _piece(one: str, *, in_fence: bool) -> str:
    if one in _SHORT:
        return _SHORT[one]
    plain = one.isprintable() and one not in _MARKUP and one not in _LOOK_ALIKES and not in_fence
    return one if plain else _code(one)


def _code(one: str) -> str:
    number = ord(one)
    if number < 0x10000:
        return f"\\u{number:04x}"
    high, low = divmod(number - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
