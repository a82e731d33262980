"""A process that appends until it is killed, and says what was acknowledged: `crashes` starts it."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from pathlib import Path
from typing import cast

from journeyman.mission.chain import head_of
from journeyman.stores.base import Reserve, Settle, Store
from journeyman.testing.store_kit.crashes import SESSIONS, blob_of
from journeyman.testing.store_kit.fixtures import MakeStore, RecordWriter, StorePlace


def _load(file: str, name: str) -> MakeStore:
    spec = importlib.util.spec_from_file_location("store_under_test", file)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{file} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return cast("MakeStore", getattr(module, name))


async def _append_for_ever(store: Store, story: RecordWriter) -> None:
    present = await store.read(story.session_id)
    if present:
        story.head = head_of(present[-1])
    while True:
        seq = story.head.seq
        name = f"{story.session_id}/{seq}"
        budget: tuple[Reserve | Settle, ...] = (Reserve(reservation_id=name, amounts={"tokens": 1}),)
        if seq % 4:
            budget = (*budget, Settle(reservation_id=name, amounts={"tokens": 1}))
        head = await story.add(store, 2, blobs=(blob_of(story.session_id, seq),), budget=budget)
        sys.stdout.write(f"{story.session_id} {head.seq}\n")
        sys.stdout.flush()


async def _main(file: str, name: str, directory: str, tenant: str) -> None:
    async with _load(file, name)(StorePlace(Path(directory), tenant)) as store:
        stories = [RecordWriter(tenant, f"s{number}") for number in range(SESSIONS)]
        await asyncio.gather(*(_append_for_ever(store, story) for story in stories))


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
