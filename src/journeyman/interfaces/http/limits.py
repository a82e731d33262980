"""How much of this process one caller, and all of them, may have at a time."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from journeyman.engine.clock import Clock
from journeyman.interfaces.error_status import Refusal

_MOST_BUCKETS: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpLimits:
    """The ceilings of one server."""

    requests_per_s: float = 200.0
    """Of one token; twice as many at once after a rest."""
    strangers_per_s: float = 20.0
    """Of one address without a token."""
    at_once: int = 256
    """Requests that are answered at a time; streams are counted apart."""
    streams: int = 1_024
    streams_per_token: int = 256
    body_bytes: int = 4 * 1024 * 1024
    body_timeout_s: float = 30.0
    """For a request's body to arrive."""
    answer_timeout_s: float = 120.0
    """For an answer to begin."""


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class RequestLimits:
    """Counts what is under way."""

    def __init__(self, limits: HttpLimits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._running = 0
        self._streams: defaultdict[str, int] = defaultdict(int)

    def take(self, token_id: str, address: str) -> None:
        """Count a request of a token, or of an address without one; raise where there were too many lately."""
        per_s = self._limits.requests_per_s if token_id else self._limits.strangers_per_s
        who = token_id or f"@{address}"
        now, most = self._clock.monotonic(), max(1.0, 2 * per_s)
        bucket = self._buckets.pop(who, None) or _Bucket(most, now)
        bucket.left = min(most, bucket.left + (now - bucket.at) * per_s)
        bucket.at = now
        self._buckets[who] = bucket
        while len(self._buckets) > _MOST_BUCKETS:
            self._buckets.popitem(last=False)
        if bucket.left < 1:
            wait_s = (1 - bucket.left) / per_s
            raise Refusal(
                429, "too_many_requests", f"more than {per_s:g} requests a second; wait", retry_after_s=wait_s
            )
        bucket.left -= 1

    def begin(self) -> None:
        """Count a request that is answered now; raises where too many are."""
        most = self._limits.at_once
        if self._running >= most:
            raise Refusal(503, "busy", f"{most} requests are being answered; try again", retry_after_s=1.0)
        self._running += 1

    def finish(self) -> None:
        """Count it no more."""
        self._running -= 1

    def check_stream(self, who: str) -> None:
        """Raise where too many streams are open for one more."""
        limits = self._limits
        if sum(self._streams.values()) >= limits.streams:
            raise Refusal(503, "busy", f"{limits.streams} streams are open; close some", retry_after_s=5.0)
        if self._streams.get(who, 0) >= limits.streams_per_token:
            raise Refusal(
                429,
                "too_many_streams",
                f"{limits.streams_per_token} streams of this token are open; close some",
                retry_after_s=5.0,
            )

    @contextmanager
    def streaming(self, who: str) -> Generator[None]:
        """While a stream of a token is open."""
        self._streams[who] += 1
        try:
            yield
        finally:
            self._streams[who] -= 1
            if not self._streams[who]:
                del self._streams[who]

    @property
    def open_streams(self) -> int:
        """How many are open."""
        return sum(self._streams.values())
