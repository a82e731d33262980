"""What is whole of an object that is still being written."""

from __future__ import annotations

import re
from typing import Final, cast

from pydantic_core import from_json

from journeyman.answers.extraction import ExtractionReason
from journeyman.answers.token_patterns import Value
from journeyman.answers.tolerant_json import parse_tolerant

_TOLERANT_CHARS: Final = 4_096
"""Up to here the reader of almost-JSON makes the preview, and it is made anew each time it is asked for."""
_GROWTH: Final = 16
"""Beyond that a new one is made when the text grew by one part in so many: linear in all."""
_TOUCHES_END: Final = re.compile(r"[-+\w.]{1,64}\Z")


class PartialValue:
    """Keeps the last preview until enough text came for a new one."""

    def __init__(self) -> None:
        self._value: Value = None
        self._chars = -1

    def due(self, chars: int) -> bool:
        """Tell whether `chars` of text deserve a new preview."""
        return chars != self._chars and (chars <= _TOLERANT_CHARS or chars - self._chars >= self._chars // _GROWTH)

    def update(self, text: str, start: int, chars: int) -> None:
        """Make a new preview of the object that begins at `start`."""
        self._chars = chars
        self._value = partial_value(text, start)

    def settle(self, value: Value) -> None:
        """Keep the value itself: it is whole."""
        self._value = value

    @property
    def value(self) -> Value:
        """The last preview: unvalidated, and only what is whole; `None` before anything is."""
        return self._value


def partial_value(text: str, start: int) -> Value:
    """What is whole of the object that begins at `start`; numbers and literals only when something follows."""
    if len(text) - start <= _TOLERANT_CHARS:
        reading = parse_tolerant(text, start)
        if reading.reason in {ExtractionReason.OK, ExtractionReason.REPAIRED, ExtractionReason.TRUNCATED}:
            return reading.value
    try:
        # It stops without a word at a syntax error: good for a preview, never for a value.
        return cast("Value", from_json(_TOUCHES_END.sub("", text[start:]), allow_partial=True, allow_inf_nan=False))
    except (ValueError, TypeError):
        return None
