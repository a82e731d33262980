"""Serves until it is told to stop: hosts of the tenants below, uvicorn above, and an orderly end of both."""

from __future__ import annotations

import contextlib
import logging
import signal
import socket
from collections.abc import AsyncGenerator, Callable, Generator
from dataclasses import dataclass, field
from typing import Final

import anyio
import uvicorn
from opentelemetry.trace import TracerProvider

from journeyman.engine.clock import SystemClock
from journeyman.hosting.tenants import HostingOptions, TenantHosts, tenant_hosts
from journeyman.hosting.tokens import AccessTokens
from journeyman.interfaces.http.allowed_names import AllowedNames
from journeyman.interfaces.http.app import create_app
from journeyman.interfaces.http.limits import HttpLimits
from journeyman.interfaces.http.metrics import HttpMetrics
from journeyman.interfaces.http.mounted import mounted
from journeyman.interfaces.http.server_state import ServerState
from journeyman.mission.values.errors import JourneymanError

_log = logging.getLogger(__name__)
_PATIENCE_S: Final = 5
"""For answers that are under way when the server is told to stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """What to serve, and where."""

    hosting: HostingOptions
    metrics: HttpMetrics
    """Told by the hosts' listeners."""
    tokens: AccessTokens
    names: AllowedNames
    limits: HttpLimits = field(default_factory=HttpLimits)
    traces: TracerProvider | None = None
    """Where spans of requests go; none are made without it."""


@contextlib.asynccontextmanager
async def server_state(options: ServeOptions) -> AsyncGenerator[ServerState]:
    """What requests share, with the hosts of all tenants that tokens lead to: what an earlier process left is taken up."""
    async with tenant_hosts(options.hosting) as tenants:
        for tenant in sorted(options.tokens.tenants()):
            await _open(tenants, tenant)
        yield ServerState(
            tenants=tenants,
            tokens=options.tokens,
            clock=SystemClock(),
            names=options.names,
            limits=options.limits,
            metrics=options.metrics,
        )


async def _open(tenants: TenantHosts, tenant: str) -> None:
    try:
        found = await tenants.get(tenant)
    except JourneymanError as error:  # the others are served; its callers are told the same
        _log.error("tenant %s cannot be served: %s", tenant, error)
        return
    if found.host.driving:
        _log.info("tenant %s: took up %s sessions", tenant, found.host.driving)


async def serve(options: ServeOptions, listener: socket.socket, on_ready: Callable[[], None]) -> int:
    """Answer requests until a signal comes; give the signal's number, 0 where none came.

    Streams are told to come back, answers that are under way are waited for, and sessions are put down in order, so
    that the next server goes on with them.
    """
    stopped_by: list[int] = []
    async with server_state(options) as state, mounted() as mounts:
        config = uvicorn.Config(
            create_app(state, mounts, options.traces),
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=_PATIENCE_S,
        )
        server = _SignalFreeServer(config)

        async def stop_at_signal() -> None:
            with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
                on_ready()
                async for number in signals:
                    server.force_exit = bool(stopped_by)  # the second one waits for no answer
                    stopped_by.append(number)
                    state.stopping.set()
                    server.should_exit = True

        async with anyio.create_task_group() as group:
            group.start_soon(stop_at_signal)
            await server.serve([listener])
            group.cancel_scope.cancel()
    return stopped_by[0] if stopped_by else 0


class _SignalFreeServer(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave signals to us: uvicorn would raise them again at its end, before sessions are put down."""
        yield
