"""Records that can only be read: on media that nobody writes, and rows that somebody edited."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Awaitable
from pathlib import Path

import pytest

from journeyman.mission.chain import genesis
from journeyman.mission.values.canonical import digest
from journeyman.mission.values.errors import CallerError, NotAllowed, Unavailable
from journeyman.stores.sqlite import SqliteStore, database
from journeyman.stores.verify import verify_session
from journeyman.testing.store_kit.fixtures import RecordWriter

pytestmark = pytest.mark.anyio


@pytest.fixture
async def kept(tmp_path: Path) -> RecordWriter:
    """Keep a record of eleven events with a blob under `tmp_path`."""
    story = RecordWriter("default", "s1")
    async with await SqliteStore.open(tmp_path) as store:
        await story.add(store, 10)
        await story.add(store, blobs=(b"large",))
    return story


def _seal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing be written, as on such media; modes of files would not keep root from it."""
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK and real(path, mode))


@pytest.fixture
def sealed(tmp_path: Path, kept: RecordWriter, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the record, which from now on cannot be written."""
    _seal(monkeypatch)
    return tmp_path


def _files(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


async def test_what_cannot_be_written_can_be_read(sealed: Path, kept: RecordWriter) -> None:
    """Everything is there, and nothing is left beside it."""
    before = _files(sealed)
    async with await SqliteStore.open(sealed) as store:
        assert store.read_only
        assert list(await store.read("s1")) == kept.entries
        assert await store.head("s1") == kept.head
        assert await store.blob(digest(b"large")) == b"large"
        assert [row.seq for row in await store.sessions()] == [11]
        assert await store.accounts() == []
        assert (await verify_session(store, "s1")).holds
        assert _files(sealed) == before
    assert _files(sealed) == before


async def test_what_cannot_be_written_refuses_every_change(sealed: Path, kept: RecordWriter) -> None:
    """With where to go, before anything is tried."""
    async with await SqliteStore.open(sealed) as store:
        await _refused(store.claim("s1", "me", 5))
        await _refused(store.append(kept.batch()))
        await _refused(store.accounts({"tokens": 1}))


async def _refused(work: Awaitable[object]) -> None:
    with pytest.raises(NotAllowed, match="can only be read; copy its folder"):
        await work


@pytest.mark.parametrize("whole", [True, False])
async def test_a_log_that_was_copied_is_read_or_said_to_be_unreadable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, whole: bool
) -> None:
    """Commits that are not in the file yet are never silently left out."""
    story = RecordWriter("default", "s1")
    async with await SqliteStore.open(tmp_path / "live") as store:
        await story.add(store, 7)
        shutil.copytree(tmp_path / "live", tmp_path / "copy")
    if not whole:
        (tmp_path / "copy" / "default" / "journeyman.db-shm").unlink()
    _seal(monkeypatch)
    if whole:
        async with await SqliteStore.open(tmp_path / "copy") as store:
            assert list(await store.read("s1")) == story.entries
    else:
        with pytest.raises(Unavailable, match=r"copied without journeyman\.db-shm"):
            await SqliteStore.open(tmp_path / "copy")


async def test_an_older_file_is_not_read_where_it_cannot_be_changed(
    sealed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its tables are not those that this version reads."""
    steps = vars(database)["_steps"]()
    monkeypatch.setattr(database, "_steps", lambda: {**steps, max(steps) + 1: "SELECT 1;"})
    with pytest.raises(CallerError, match="older version") as caught:
        await SqliteStore.open(sealed)
    assert caught.value.code == "schema_too_old"


async def test_a_folder_without_a_record_is_still_made(tmp_path: Path) -> None:
    """Only what is there can be read."""
    async with await SqliteStore.open(tmp_path / "new") as store:
        assert not store.read_only
        assert await store.head("s1") == genesis("default", "s1")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE session SET head_seq = 10",
        "UPDATE session SET head_seq = 12",
        "UPDATE session SET head_hash = zeroblob(32)",
        "DELETE FROM event WHERE key = (SELECT max(key) FROM event WHERE key < (2 << 32))",
        "DELETE FROM event",
        "INSERT INTO event SELECT key + 1, hash, body FROM event WHERE key = (SELECT max(key) FROM event WHERE key < (2 << 32))",
    ],
)
async def test_lists_mark_a_row_whose_record_ends_elsewhere(tmp_path: Path, kept: RecordWriter, change: str) -> None:
    """And no other row."""
    async with await SqliteStore.open(tmp_path) as store:
        await RecordWriter("default", "s2").add(store, 3)
        assert all(row.head_holds for row in await store.sessions())
        file = sqlite3.connect(store.path)
        with file:
            file.execute("CREATE TEMP TABLE other AS SELECT * FROM event WHERE key > (2 << 32)")
            file.execute("CREATE TEMP TABLE row AS SELECT * FROM session WHERE session_id = 's2'")
            file.execute(change)
            file.execute("DELETE FROM event WHERE key > (2 << 32)")
            file.execute("INSERT INTO event SELECT * FROM other")
            file.execute("INSERT OR REPLACE INTO session SELECT * FROM row")
        file.close()
        assert {row.session_id: row.head_holds for row in await store.sessions()} == {"s1": False, "s2": True}
    del kept
