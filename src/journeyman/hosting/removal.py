"""Removes sessions for good, with all that only they need: events, logs, and what attempts left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import anyio.to_thread

from journeyman.concurrency.folder_removal import remove_folder
from journeyman.config import Settings
from journeyman.engine.process_identity import owner_name
from journeyman.stores.base import Lease
from journeyman.wiring import Journeyman, tasks_folder


def log_of(settings: Settings, session: str) -> Path:
    """The file to which goes what the tools of a session print."""
    return settings.data_dir / settings.tenant / "logs" / f"{session}.log"


async def remove_sessions(
    journeyman: Journeyman, names: Sequence[str], tell: Callable[[str], None] = lambda _words: None
) -> None:
    """Remove sessions, all or none; raises `LeaseHeld` where somebody drives one of them.

    `tell` is told where the lease of a process that was killed is waited for.
    """
    owner, ttl_s = owner_name(journeyman.clock.new_id()), journeyman.settings.lease_ttl_s
    leases: list[Lease] = []
    try:
        for name in names:
            claim = partial(journeyman.store.claim, name, owner, ttl_s)
            leases.append(await journeyman.engine.once_free(name, claim, tell))
        await journeyman.store.delete(leases)
        for name in names:
            log_of(journeyman.settings, name).unlink(missing_ok=True)
            left = tasks_folder(journeyman.settings) / name
            await anyio.to_thread.run_sync(remove_folder, left)
    except BaseException:
        for lease in leases:
            await journeyman.store.release(lease)
        raise
