"""Opens a mission's tools in a task of their own, so that a server that never starts, or never stops, holds nobody up."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import anyio

from journeyman.engine.clock import Clock
from journeyman.engine.deadline import bounded
from journeyman.engine.world import OpenCatalog
from journeyman.mission.model.mission import Mission
from journeyman.mission.values.errors import WorldError
from journeyman.tools.base import BaseCatalog, CallRequest, Catalog, Result, Status, Tool
from journeyman.tools.deadline import Deadline

CLOSING_S: Final = 5.0
"""Time that servers have to stop …"""
HURRY_S: Final = 0.1
"""… and at a mission's deadline."""


class _NoTools(BaseCatalog):
    """Stands for the tools of a session that never got them."""

    async def tools(self) -> Sequence[Tool]:
        """Give none."""
        return ()

    async def handle(self, request: CallRequest) -> Result:
        """Refuse."""
        return Result(status=Status.FAILED, error_class="server_unreachable", error=f"{request.name} was never there")


NO_TOOLS: Final = _NoTools()


class NotOpened(Exception):
    """The tools were not there when the mission's time was over."""


class _Opening:
    def __init__(self) -> None:
        self.catalog: Catalog | None = None
        self.error: BaseException | None = None
        self.ready = anyio.Event()
        self.closing = anyio.Event()
        self.closed = anyio.Event()

    def given(self, *, late: bool) -> Catalog:
        """Give the tools, or raise what kept them from being there: late, that was the deadline, whatever it looks like."""
        if late and isinstance(self.error, WorldError):
            raise NotOpened from self.error
        if self.error is not None:
            raise self.error
        if self.catalog is None:
            raise NotOpened
        return self.catalog

    async def hold(self, opens: OpenCatalog, mission: Mission, folder: Path, deadline: Deadline) -> None:
        """Open the tools, and hold them until they are not needed any more."""
        try:
            async with opens(mission, folder, deadline) as self.catalog:
                self.ready.set()
                await self.closing.wait()
        except Exception as error:  # noqa: BLE001  # told to whoever waits, or lost with a session that has its ending
            self.error = error
        finally:
            self.ready.set()
            self.closed.set()


@asynccontextmanager
async def opened_catalog(
    opens: OpenCatalog,
    mission: Mission,
    folder: Path,
    clock: Clock,
    deadline: Deadline,
    left_s: Callable[[], float | None],
) -> AsyncGenerator[Catalog]:
    """Open the tools of a mission within `left_s()` seconds; raise `NotOpened` when they are over."""
    opening = _Opening()
    failed: Exception | None = None
    async with anyio.create_task_group() as group:
        group.start_soon(opening.hold, opens, mission, folder, deadline)
        try:
            await bounded(clock, left_s(), opening.ready.wait)
            left = left_s()
            yield opening.given(late=left is not None and left <= 0)
            opening.closing.set()
            with anyio.move_on_after(max(HURRY_S, deadline.bound(CLOSING_S))):
                await opening.closed.wait()
        except Exception as error:  # noqa: BLE001  # raised below: a task group would wrap it
            failed = error
        finally:
            group.cancel_scope.cancel()
    if failed is not None:
        raise failed
