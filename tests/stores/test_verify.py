"""What a check of a stored record finds, and where."""

# Tests reach inside to change what is kept.
# pyright: reportPrivateUsage=false

from __future__ import annotations

import sqlite3
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from journeyman.mission.chain import Head, head_of
from journeyman.mission.values.canonical import digest
from journeyman.mission.values.errors import NotFound
from journeyman.stores import verify
from journeyman.stores.memory import MemoryStore
from journeyman.stores.sqlite import SqliteStore
from journeyman.stores.verify import verify_session
from journeyman.testing.store_kit.fixtures import RecordWriter
from tests.stores.records import whole

pytestmark = pytest.mark.anyio


@pytest.fixture
async def store(tmp_path: Path) -> AsyncGenerator[SqliteStore]:
    """A store with one record of six events."""
    async with await SqliteStore.open(tmp_path) as opened:
        await opened.append(whole(blobs=(b"one" * 900, b"two")))
        yield opened


def _change(store: SqliteStore, statement: str, *values: object) -> None:
    with sqlite3.connect(store.path) as connection:
        assert connection.execute(statement, values).rowcount > 0
    connection.close()


async def test_a_record_as_written_holds(store: SqliteStore) -> None:
    """Chain, head and blobs, also when read in small pages."""
    found = await verify_session(store, "s1")
    assert (found.holds, found.events, found.blobs, found.problem) == (True, 6, 2, "")
    assert found.head == head_of(whole(blobs=(b"one" * 900, b"two")).entries[-1])


async def test_pages_and_windows_change_nothing(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Long records are checked piece by piece."""
    before = await verify_session(store, "s1")
    monkeypatch.setattr(verify, "_PAGE", 2)
    monkeypatch.setattr(verify, "_WINDOW", 1)
    assert await verify_session(store, "s1") == before
    _change(store, "UPDATE event SET body = body || ' ' WHERE key & 255 = 5")
    assert (await verify_session(store, "s1")).bad_seq == 5


async def test_forgotten_blobs_are_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is remembered of a record does not grow with it."""
    store, story = MemoryStore(), RecordWriter("default", "s1")
    for blob in (b"one", b"two", b"one", b"two"):
        story.head = await store.append(story.batch(blobs=(blob,)))
    for remembered, read in ((10, 2), (2, 2), (1, 4)):
        monkeypatch.setattr(verify, "_REMEMBERED", remembered)
        found = await verify_session(store, "s1")
        assert (found.holds, found.events, found.blobs) == (True, 4, read)


async def test_an_unknown_session_is_not_found(store: SqliteStore) -> None:
    """A typing error is no broken record."""
    with pytest.raises(NotFound, match="s2"):
        await verify_session(store, "s2")


async def test_a_session_of_which_everything_is_gone_is_broken(store: SqliteStore) -> None:
    """The head remembers that there was something."""
    _change(store, "DELETE FROM event")
    found = await verify_session(store, "s1")
    assert (found.bad_seq, found.events) == (1, 0)
    assert "the stored head says 6" in found.problem


async def test_a_tail_cut_together_with_its_head_needs_a_head_from_elsewhere(store: SqliteStore) -> None:
    """Whoever can write the file can shorten the record; a report or export shows it."""
    entries = await store.read("s1")
    _change(store, "DELETE FROM event WHERE key & 255 > 4")
    _change(store, "UPDATE session SET head_seq = 4, head_hash = ?", entries[3].hash)
    assert (await verify_session(store, "s1")).holds
    found = await verify_session(store, "s1", head_of(entries[5]))
    assert (found.bad_seq, found.events) == (5, 4)
    assert "the given head says 6" in found.problem


async def test_events_behind_the_head_are_too_many(store: SqliteStore) -> None:
    """A forged tail fits the chain, but not the head."""
    entries = await store.read("s1")
    found = await verify_session(store, "s1", head_of(entries[3]))
    assert (found.bad_seq, found.problem[:21]) == (5, "event 5 is too much: ")
    found = await verify_session(store, "s1", Head(6, b"x" * 32))
    assert found.bad_seq == 6


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM blob WHERE digest = ?",
        "UPDATE blob SET data = x'00' WHERE digest = ?",
        "UPDATE blob SET compressed = 0 WHERE digest = ?",
        "UPDATE blob SET data = 'text' WHERE digest = ?",
        "UPDATE blob SET data = substr(data, 1, length(data) - 3) WHERE digest = ?",
    ],
)
async def test_a_blob_that_does_not_hold_is_named_by_its_event(store: SqliteStore, statement: str) -> None:
    """Missing, changed or cut."""
    _change(store, statement, bytes.fromhex(digest(b"one" * 900)))
    found = await verify_session(store, "s1")
    assert (found.bad_seq, found.events) == (3, 2)
    assert "event 3 refers to a blob that does not hold" in found.problem


async def test_the_first_of_two_faults_is_named(store: SqliteStore) -> None:
    """A blob before a changed event comes first, a changed event before a blob too."""
    _change(store, "DELETE FROM blob")
    _change(store, "UPDATE event SET body = x'00' WHERE key & 255 = 5")
    assert (await verify_session(store, "s1")).bad_seq == 3
    _change(store, "UPDATE event SET body = x'00' WHERE key & 255 = 2")
    assert (await verify_session(store, "s1")).bad_seq == 2


async def test_memory_records_are_checked_alike() -> None:
    """Any store will do."""
    store = MemoryStore()
    story = RecordWriter("default", "s1")
    await story.add(store, 3, blobs=(b"one",))
    assert (await verify_session(store, "s1")).holds
    store._blobs[digest(b"one")] = b"two"
    assert (await verify_session(store, "s1")).bad_seq == 1
