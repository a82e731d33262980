"""The HTTP server's application in this process, with tokens of several tenants, called without a socket."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx2
from starlette.types import ASGIApp

from journeyman.config import Settings
from journeyman.engine.clock import SystemClock
from journeyman.engine.engine import OnEvent
from journeyman.hosting.access import AccessScope
from journeyman.hosting.tenants import HostingOptions
from journeyman.hosting.tokens import AccessTokens, TokenFile, new_token
from journeyman.interfaces.http.allowed_names import AllowedNames
from journeyman.interfaces.http.app import create_app
from journeyman.interfaces.http.limits import HttpLimits
from journeyman.interfaces.http.metrics import HttpMetrics
from journeyman.interfaces.http.mounted import mounted
from journeyman.interfaces.http.server_state import ServerState
from journeyman.interfaces.http.serving import ServeOptions, server_state
from journeyman.wiring import Journeyman

ADDRESS: Final = "http://127.0.0.1:8484"
QUICK: Final = """
name: {name}
directive: Tell a number.
commands:
  tell: {{run: [echo, "number 1"], effect: pure, description: Tell., metrics: {{number: {{regex: 'number (\\d+)'}}}}}}
criteria: [{{id: told, kind: metric_threshold, metric: number, op: "==", target: 1}}]
plan: [{{calls: [{{tool: tell, args: {{}}}}]}}]
budget: {{iterations: 3}}
{more}
"""
"""A mission that one call fulfils."""


def quick_mission(name: str, more: str = "") -> str:
    """The text of a mission file."""
    return QUICK.format(name=name, more=more)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedApp:
    """A server in this process."""

    app: ASGIApp
    state: ServerState
    tokens: TokenFile
    folder: Path

    def secret(self, name: str, tenant: str = "default", scopes: Sequence[AccessScope] = tuple(AccessScope)) -> str:
        """A new token."""
        made = new_token(name, tenant, scopes, SystemClock().now())
        self.tokens.add(made.token)
        return made.secret

    def client(self, secret: str = "", headers: Mapping[str, str] | None = None) -> httpx2.AsyncClient:
        """A client that sends a token."""
        bearer = {"authorization": f"Bearer {secret}"} if secret else {}
        return httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=self.app, raise_app_exceptions=False),
            base_url=ADDRESS,
            headers={**bearer, **(headers or {})},
        )


@asynccontextmanager
async def served_app(
    folder: Path,
    *,
    tenants: Sequence[str] = ("default",),
    limits: HttpLimits | None = None,
    names: AllowedNames | None = None,
    listeners: Sequence[OnEvent] = (),
) -> AsyncGenerator[ServedApp]:
    """A server over a folder: records in `data`, each tenant's missions in a folder of its name."""
    tokens = TokenFile(folder / "data")
    folders = {name: folder / "missions" / name for name in tenants}
    for name, path in folders.items():
        path.mkdir(parents=True, exist_ok=True)
        (path / "quick.yaml").write_text(quick_mission("quick"))
        (path / "asks.yaml").write_text(quick_mission(f"asks of {name}", "approve: always"))
    metrics = HttpMetrics()
    options = ServeOptions(
        hosting=HostingOptions(
            settings=Settings(data_dir=folder / "data", lease_ttl_s=2.0),
            folders=folders,
            at_ending=_nothing,
            most_at_once=16,
            listeners=(metrics.take, *listeners),
        ),
        metrics=metrics,
        tokens=AccessTokens(tokens),
        names=names or AllowedNames(loopback=True),
        limits=limits or HttpLimits(requests_per_s=100_000, strangers_per_s=100_000),
    )
    async with server_state(options) as state, mounted() as mounts:
        yield ServedApp(app=create_app(state, mounts), state=state, tokens=tokens, folder=folder)


async def _nothing(_journeyman: Journeyman, _session_id: str) -> str:
    return ""
