"""Do a command's work with the store, the engine and the clock that the settings name, or with one session of theirs."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from journeyman.config import Settings
from journeyman.interfaces.cli.event_loop import run_async
from journeyman.interfaces.cli.shared import find_session
from journeyman.interfaces.cli.terminal import say
from journeyman.wiring import Journeyman, opened

if TYPE_CHECKING:
    from journeyman.agents.drivers.events import AgentEvent

T = TypeVar("T")


def with_journeyman(settings: Settings, work: Callable[[Journeyman], Awaitable[T]]) -> T:
    """What `work` gives; everything is closed again by then."""

    async def run() -> T:
        async with opened(settings, on_attempt=_show_attempt) as journeyman:
            return await work(journeyman)

    return run_async(run)


def _show_attempt(number: int, event: AgentEvent, at_s: float) -> None:
    """To standard error, which is a session's log while it is driven."""
    from journeyman.apprentices.event_lines import event_line  # noqa: PLC0415  # only tasks need it, and every command loads this file

    if line := event_line(event, at_s):
        print(f"attempt {number} {line}", file=sys.stderr, flush=True)  # noqa: T201  # to where tools print


def with_session(settings: Settings, session: str, work: Callable[[Journeyman, str], Awaitable[T]]) -> T:
    """What `work` gives of the session that is meant, told its full id."""

    async def run(journeyman: Journeyman) -> T:
        return await work(journeyman, await find_session(journeyman.store, session))

    return with_journeyman(settings, run)


async def once_free(journeyman: Journeyman, session: str, drive: Callable[[], Awaitable[T]]) -> T:
    """What `drive` gives; the person is told where it waits for the lease of a process that was killed."""
    return await journeyman.engine.once_free(session, drive, partial(say, err=True))
