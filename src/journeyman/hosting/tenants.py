"""Hosts of several tenants in one process: each with its own store, missions and tasks, opened when it is first needed."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import anyio
from anyio.abc import TaskGroup, TaskStatus

from journeyman.config import Settings
from journeyman.engine.engine import OnEvent
from journeyman.hosting.host import MARK, AtEnding, SessionHost, hosted
from journeyman.hosting.mission_sources import MissionSources
from journeyman.stores.validation import check_tenant
from journeyman.wiring import client_models, opened


@dataclass(frozen=True, slots=True, kw_only=True)
class HostedTenant:
    """What callers of one tenant reach, and no others."""

    host: SessionHost
    sources: MissionSources


@dataclass(frozen=True, slots=True, kw_only=True)
class HostingOptions:
    """How tenants are hosted."""

    settings: Settings
    """Of the process; each tenant has them with its own name."""
    folders: Mapping[str, Path]
    """Tenant to the folder of its missions. One that is not named has an empty folder among its records, so that no
    tenant works in another's files."""
    at_ending: AtEnding
    most_at_once: int
    """Sessions driven at a time, per tenant."""
    listeners: Sequence[OnEvent] = ()
    """Told each event of the sessions that are driven here."""


class TenantHosts:
    """Finds the host of a tenant."""

    def __init__(self, options: HostingOptions, group: TaskGroup) -> None:
        self._options = options
        self._group = group
        self._stopping = anyio.Event()
        self._opening = anyio.Lock()
        self._open: dict[str, HostedTenant] = {}

    async def get(self, tenant: str) -> HostedTenant:
        """The host of a tenant, whose sessions it takes up when it is opened."""
        if tenant not in self._open:
            async with self._opening:
                if tenant not in self._open:
                    self._open[tenant] = await self._group.start(self._keep_open, tenant)
        return self._open[tenant]

    @property
    def opened(self) -> Mapping[str, HostedTenant]:
        """Those that are open."""
        return self._open

    def stop(self) -> None:
        """Let go of all sessions in order."""
        self._stopping.set()

    async def _keep_open(self, tenant: str, *, task_status: TaskStatus[HostedTenant]) -> None:
        """Holds what a tenant needs for as long as this process serves: opened and closed by one and the same task."""
        options = self._options
        settings = replace(options.settings, tenant=check_tenant(tenant))
        folder = options.folders.get(tenant)
        if folder is None:
            folder = settings.data_dir / tenant / "missions"
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        async with (
            opened(settings, driver_mark=MARK, clients=client_models(settings)) as journeyman,
            hosted(
                journeyman,
                at_ending=options.at_ending,
                most_at_once=options.most_at_once,
                listeners=options.listeners,
            ) as host,
        ):
            await host.take_up()
            task_status.started(HostedTenant(host=host, sources=MissionSources(folder=folder, settings=settings)))
            await self._stopping.wait()


@asynccontextmanager
async def tenant_hosts(options: HostingOptions) -> AsyncGenerator[TenantHosts]:
    """Hosts of tenants; at the end what they drive is put down in order, to be taken up again."""
    async with anyio.create_task_group() as group:
        hosts = TenantHosts(options, group)
        try:
            yield hosts
        finally:
            hosts.stop()
