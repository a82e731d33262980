"""What Prometheus is told: counts and times with a few fixed labels, no tenant, name or session among them."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from journeyman.mission.model.events import Ended, EventRecord, Settled
from journeyman.mission.model.state import State

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class HttpMetrics:
    """The measures of one server, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "journeyman_http_requests", "Requests answered.", ("method", "route", "status"), registry=self._registry
        )
        self.seconds = Histogram(
            "journeyman_http_request_seconds",
            "Seconds until a response began.",
            ("method", "route"),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self.streams = Gauge("journeyman_http_streams", "Event streams that are open.", registry=self._registry)
        self.refusals = Counter(
            "journeyman_http_refusals", "Requests refused at the entrance.", ("code",), registry=self._registry
        )
        self.driving = Gauge("journeyman_sessions_driven", "Sessions driven in this process.", registry=self._registry)
        self._ended = Counter(
            "journeyman_sessions_ended", "Sessions that ended here.", ("outcome",), registry=self._registry
        )
        self._calls = Counter(
            "journeyman_tool_calls", "Tool calls that settled here.", ("state",), registry=self._registry
        )

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered; `route` is the pattern, never the path."""
        known = method if method in _METHODS else "other"
        self.requests.labels(known, route, str(status)).inc()
        self.seconds.labels(known, route).observe(seconds)

    def take(self, happened: EventRecord, state: State) -> None:
        """Count what happened in a session that is driven here."""
        match happened.event:
            case Ended():
                self._ended.labels(str(state.outcome or "unknown")).inc()
            case Settled(state=how):
                self._calls.labels(str(how)).inc()
            case _:
                pass

    def text(self) -> bytes:
        """All of it in the form that Prometheus reads."""
        return generate_latest(self._registry)
