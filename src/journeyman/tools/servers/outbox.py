"""Which calls may have left us, told by the transports: the only ones who know.

Whether a call may be sent again hangs on it, so it is never read out of error texts or guessed from how a connection
ended. A transport says `departs` before the first byte of a call is handed to the system, and `returned` only when it
is certain that none was.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, cast

TRY_META: Final = "dev.journeyman/try"
"""Where the number of a try stands in the `_meta` of a call."""


@dataclass(frozen=True, slots=True)
class HttpResponseHead:
    """The head of what an HTTP server answered to a call."""

    status: int
    content_type: str


@dataclass(slots=True)
class Outbox:
    """The calls of one connection."""

    answers: dict[int, HttpResponseHead] = field(default_factory=dict[int, HttpResponseHead])
    """Over HTTP: how the server answered, by the number of the try."""
    _last: int = 0
    _departures: dict[int, int] = field(default_factory=dict[int, int])
    """How often each open try was sent."""

    def begin_attempt(self) -> int:
        """The number of a new try."""
        self._last += 1
        self._departures[self._last] = 0
        return self._last

    def may_send(self, number: int) -> bool:
        """Note that a try is about to be sent; false when its caller has left, so that it must not be."""
        if number not in self._departures:
            return False
        self._departures[number] += 1
        return True

    def mark_not_sent(self, number: int) -> None:
        """Note that the last departure certainly did not happen."""
        if self._departures.get(number):
            self._departures[number] -= 1

    def end_attempt(self, number: int) -> bool:
        """End a try: from now on it cannot depart. Tell whether it may have left."""
        self.answers.pop(number, None)
        return self._departures.pop(number, 0) > 0


def attempt_in_params(params: object) -> int | None:
    """The number of the try that a request's `params` carry."""
    meta = cast("Mapping[str, object]", params).get("_meta") if isinstance(params, Mapping) else None
    number = cast("Mapping[str, object]", meta).get(TRY_META) if isinstance(meta, Mapping) else None
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def attempt_in_body(body: bytes) -> int | None:
    """The number of the try that an HTTP body carries."""
    if TRY_META.encode() not in body:
        return None
    try:
        message: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return (
        attempt_in_params(cast("Mapping[str, object]", message).get("params")) if isinstance(message, Mapping) else None
    )
