"""How much a catalog's tools may do at a time, and how long."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass, field

import anyio

from journeyman.concurrency.rate_limiter import RateLimiter
from journeyman.mission.values.name_patterns import closest_match
from journeyman.tools.results import ResultCaps
from journeyman.tools.servers.supervisor import ServerPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLimits:
    """Bounds of calls; patterns are those of the allowlist, and the longest that matches counts."""

    timeout_s: float = 60.0
    """From the moment a call has its slot to its answer, restarts and repetitions included."""
    tries: int = 3
    """How often at most one call is tried."""
    per_server: int = 16
    """Calls to one server at a time."""
    threads: int = 16
    """Blocking Python functions at a time; a hung one holds its thread until it returns."""
    per_tool: Mapping[str, int] = field(default_factory=dict[str, int])
    """Pattern to the number of calls at a time."""
    rates: Mapping[str, float] = field(default_factory=dict[str, float])
    """Pattern to calls per second, evenly spaced, each tool by itself."""
    caps: ResultCaps = field(default_factory=ResultCaps)
    servers: ServerPolicy = field(default_factory=ServerPolicy)

    def concurrency_of(self, name: str) -> anyio.CapacityLimiter | None:
        """A fresh limiter for a tool whose concurrency is limited."""
        found = closest_match(self.per_tool, name, operator.neg)
        return None if found is None else anyio.CapacityLimiter(found)

    def rate_of(self, name: str) -> RateLimiter | None:
        """A fresh limiter for a tool whose rate is limited."""
        found = closest_match(self.rates, name, operator.neg)
        return None if found is None else RateLimiter(1.0 / found)
