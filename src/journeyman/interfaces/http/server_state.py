"""What all requests to one server share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import anyio

from journeyman.engine.clock import Clock
from journeyman.hosting.tenants import TenantHosts
from journeyman.hosting.tokens import AccessTokens
from journeyman.interfaces.http.allowed_names import AllowedNames
from journeyman.interfaces.http.browser_sessions import BrowserSessions
from journeyman.interfaces.http.limits import HttpLimits, RequestLimits
from journeyman.interfaces.http.metrics import HttpMetrics

API: Final = "/api/v1"
"""Where all routes of this version begin."""
MCP: Final = "/mcp"
METRICS: Final = "/metrics"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerState:
    """One server."""

    tenants: TenantHosts
    tokens: AccessTokens
    clock: Clock
    names: AllowedNames
    limits: HttpLimits = field(default_factory=HttpLimits)
    metrics: HttpMetrics = field(default_factory=HttpMetrics)
    browsers: BrowserSessions = field(default_factory=BrowserSessions)
    stopping: anyio.Event = field(default_factory=anyio.Event)
    """Set once the server is to end: streams end, and nothing new begins."""
    counted: RequestLimits = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "counted", RequestLimits(self.limits, self.clock))
