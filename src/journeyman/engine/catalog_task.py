"""Opens a mission's tools in a task of their own, so that a server that never starts, or never stops, holds nobody up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import anyio

from journeyman.concurrency.abandonable_tasks import IsolatedTask
from journeyman.engine.clock import Clock
from journeyman.engine.runtime import OpenCatalog
from journeyman.engine.timeout import run_with_timeout
from journeyman.mission.model.mission import Mission
from journeyman.mission.values.errors import WorldError
from journeyman.tools.base import BaseCatalog, CallRequest, CallStatus, Catalog, Result, Tool
from journeyman.tools.deadline import Deadline

CLOSING_S: Final = 5.0
"""Time that servers have to stop …"""
HURRY_S: Final = 0.05
"""… and at a mission's deadline."""
_LAST_S: Final = 0.02
"""Time that they have once more when they are told a second time."""


class _EmptyCatalog(BaseCatalog):
    """Stands for the tools of a session that never got them."""

    async def tools(self) -> Sequence[Tool]:
        """No tools."""
        return ()

    async def handle(self, request: CallRequest) -> Result:
        """Refuse."""
        return Result(
            status=CallStatus.FAILED, error_class="server_unreachable", error=f"{request.name} was never there"
        )


EMPTY_CATALOG: Final = _EmptyCatalog()


class ToolsNotOpened(Exception):
    """The tools were not there when the mission's time was over."""


class CatalogTask:
    """The tools of a mission on their way: opened and held in a task of their own, which can be left."""

    def __init__(self, opens: OpenCatalog, mission: Mission, folder: Path, deadline: Deadline, session: str) -> None:
        self._opens = opens
        self._mission = mission
        self._folder = folder
        self._deadline = deadline
        self._session = session
        self._catalog: Catalog | None = None
        self._error: BaseException | None = None
        self._ready = anyio.Event()
        self._unwanted = anyio.Event()
        self._closed = anyio.Event()

    async def catalog(self, clock: Clock, left_s: Callable[[], float | None]) -> Catalog:
        """The tools within `left_s()` seconds; raises what kept them from being there.

        `ToolsNotOpened` when the time was over: late, that was the deadline, whatever it looks like.
        """
        await run_with_timeout(clock, left_s(), self._ready.wait)
        left = left_s()
        if left is not None and left <= 0 and isinstance(self._error, WorldError):
            raise ToolsNotOpened from self._error
        if self._error is not None:
            raise self._error
        if self._catalog is None:
            raise ToolsNotOpened
        return self._catalog

    async def run(self) -> None:
        """Open the tools, and hold them until they are not wanted any more."""
        try:
            async with self._opens(self._mission, self._folder, self._deadline, self._session) as self._catalog:
                self._ready.set()
                await self._unwanted.wait()
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001  told to whoever waits, or lost with a session that has its ending
            self._error = error
        finally:
            self._ready.set()
            self._closed.set()

    async def close_or_abandon(self, holding: IsolatedTask[None]) -> None:
        """Close the tools within their time, or the mission's; what takes longer is left to close by itself."""
        limit_s = max(HURRY_S, self._deadline.bound(CLOSING_S))
        until_s = anyio.current_time() + limit_s
        self._unwanted.set()
        try:
            with anyio.move_on_after(limit_s):
                await self._closed.wait()
        finally:
            if not holding.task.done():
                await holding.cancel(max(_LAST_S, until_s - anyio.current_time()))


@asynccontextmanager
async def open_in_background(
    opens: OpenCatalog, mission: Mission, folder: Path, deadline: Deadline, session: str
) -> AsyncGenerator[CatalogTask]:
    """Begin to open the tools of a mission; at the end they are closed, and nobody waits long for those that will not."""
    tools = CatalogTask(opens, mission, folder, deadline, session)
    holding = IsolatedTask(tools.run())
    try:
        yield tools
    finally:
        await tools.close_or_abandon(holding)
