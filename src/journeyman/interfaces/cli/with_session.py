"""Do a command's work with the store, the engine and the clock that the settings name, or with one session of theirs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from journeyman.config import Settings
from journeyman.engine.process_identity import is_gone, process_of
from journeyman.engine.standing import row_of
from journeyman.interfaces.cli.shared import find_session, run_async
from journeyman.interfaces.cli.terminal import say
from journeyman.mission.values.errors import LeaseHeld
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


async def once_free(journeyman: Journeyman, session: str, drive: Callable[[], Awaitable[T]]) -> T:
    """What `drive` gives; where a process that was killed still holds the lease, once that has run out.

    Raises `LeaseHeld` at once where the process that holds it is known to live.
    """
    deadline = journeyman.clock.monotonic() + journeyman.settings.lease_ttl_s + 1
    told_so = False
    while True:
        try:
            return await drive()
        except LeaseHeld:
            owner = (await row_of(journeyman.store, session)).lease_owner
            process = process_of(owner)
            if process is not None:
                raise LeaseHeld(
                    f"process {process} drives session {session} already; `journeyman watch {session}` follows it, "
                    f"`journeyman pause {session}` stops it"
                ) from None
            if journeyman.clock.monotonic() > deadline:
                raise
            if not told_so:
                most = journeyman.settings.lease_ttl_s
                whose = "a process that is gone" if is_gone(owner) else "another process"
                say(f"{whose} holds {session}; waiting up to {most:g} s for its lease to run out", err=True)
                told_so = True
            await journeyman.clock.sleep(0.2)
