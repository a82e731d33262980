"""Waits for the lease of a process that was killed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from journeyman.engine.process_identity import is_gone, process_of
from journeyman.engine.runtime import Runtime
from journeyman.engine.standing import row_of
from journeyman.mission.values.errors import LeaseHeld

T = TypeVar("T")


async def drive_once_free(
    world: Runtime, session: str, drive: Callable[[], Awaitable[T]], tell: Callable[[str], None]
) -> T:
    """What `drive` gives; where a process that was killed still holds the lease, once that has run out, which `tell` says.

    Raises `LeaseHeld` at once where the process that holds it is known to live.
    """
    deadline = world.clock.monotonic() + world.lease_ttl_s + 1
    told_so = False
    while True:
        try:
            return await drive()
        except LeaseHeld:
            owner = (await row_of(world.store, session)).lease_owner
            process = process_of(owner)
            if process is not None:
                raise LeaseHeld(
                    f"process {process} drives session {session} already; `journeyman watch {session}` follows it, "
                    f"`journeyman pause {session}` stops it"
                ) from None
            if world.clock.monotonic() > deadline:
                raise
            if not told_so:
                most = world.lease_ttl_s
                whose = "a process that is gone" if is_gone(owner) else "another process"
                tell(f"{whose} holds {session}; waiting up to {most:g} s for its lease to run out")
                told_so = True
            await world.clock.sleep(0.2)
