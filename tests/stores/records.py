"""A record to keep, and the batch that brings it."""

from __future__ import annotations

from collections.abc import Sequence

from journeyman.mission.chain import Entry
from journeyman.stores.base import Batch, Summary
from journeyman.testing.store_kit.fixtures import RecordWriter


def whole(tenant: str = "default", session_id: str = "s1", count: int = 6, *, blobs: tuple[bytes, ...] = ()) -> Batch:
    """A record of `count` events in one batch; the third refers to the blobs."""
    story = RecordWriter(tenant, session_id)
    parts: list[Batch] = []
    for number in range(count):
        part = story.batch(blobs=blobs if number == 2 else ())
        parts.append(part)
        last = part.entries[-1]
        story.head = type(story.head)(last.seq, last.hash)
    return Batch(
        session_id=session_id,
        head=parts[0].head,
        entries=tuple(entry for part in parts for entry in part.entries),
        summary=story.summary(count),
        blobs={name: data for part in parts for name, data in part.blobs.items()},
    )


def summarize(entries: Sequence[Entry]) -> Summary:
    """The row that belongs to `whole`."""
    return RecordWriter("default", "s1").summary(len(entries))
