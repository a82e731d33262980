"""Half of a long replay in a process of its own, so that two processors share it."""

from __future__ import annotations

import os
from dataclasses import replace

import anyio
import anyio.to_process

from journeyman.config import Settings
from journeyman.engine.replaying import joined, replay_of, split_point
from journeyman.mission.chain import Head
from journeyman.mission.record.replay import ReplayResult
from journeyman.stores.sqlite import SqliteStore
from journeyman.tools.predicate import Predicates
from journeyman.tools.sandbox import Sandbox
from journeyman.wiring import Journeyman


async def replay_with_help(journeyman: Journeyman, session_id: str) -> ReplayResult:
    """What replaying a record finds; a long one in two processes, where there are two processors."""
    store, predicates = journeyman.store, journeyman.predicates
    split = await split_point(store, session_id) if _processors() > 1 else None
    if split is None:
        return await replay_of(store, session_id, predicates)
    parts: dict[str, ReplayResult] = {}

    async def elsewhere() -> None:
        parts["first"] = await anyio.to_process.run_sync(
            _replay_first, journeyman.settings, session_id, split.head, cancellable=True
        )

    async def here() -> None:
        parts["rest"] = await replay_of(store, session_id, predicates, behind=split)

    try:
        async with anyio.create_task_group() as group:
            group.start_soon(elsewhere)
            group.start_soon(here)
    except ExceptionGroup as several:  # a record that is broken for both is broken
        raise several.exceptions[0] from None
    return joined(parts["first"], parts["rest"])


def _processors() -> int:
    affinity = getattr(os, "sched_getaffinity", None)  # Linux alone has it
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def _replay_first(settings: Settings, session_id: str, until: Head) -> ReplayResult:
    async def work() -> ReplayResult:
        async with (
            Sandbox(settings.sandbox_workers) as sandbox,
            await SqliteStore.open(settings.data_dir, tenant=settings.tenant) as store,
        ):
            found = await replay_of(store, session_id, Predicates(sandbox), until=until)
            return replace(found, state=None)  # nobody needs it, and it would be sent

    return anyio.run(work)
