"""Do a command's work with the store, the engine and the clock that the settings name, or with one session of theirs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from journeyman.config import Settings
from journeyman.interfaces.cli.shared import find_session, run_async
from journeyman.wiring import Journeyman, opened

T = TypeVar("T")


def with_journeyman(settings: Settings, work: Callable[[Journeyman], Awaitable[T]]) -> T:
    """What `work` gives; everything is closed again by then."""

    async def run() -> T:
        async with opened(settings) as journeyman:
            return await work(journeyman)

    return run_async(run)


def with_session(settings: Settings, session: str, work: Callable[[Journeyman, str], Awaitable[T]]) -> T:
    """What `work` gives of the session that is meant, told its full id."""

    async def run(journeyman: Journeyman) -> T:
        return await work(journeyman, await find_session(journeyman.store, session))

    return with_journeyman(settings, run)
