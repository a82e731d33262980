"""The SQLite file: who may read it, what is refused on opening, and what happens when the disk or a neighbour fails."""

# Tests reach inside to hold the writer and to fill the disk.
# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from journeyman.mission.values.canonical import digest
from journeyman.mission.values.errors import CallerError, HeadMoved, InvalidInput, NotAllowed, RecordBroken, Unavailable
from journeyman.stores.sqlite import SqliteStore, connection_thread, database
from journeyman.testing.store_kit.fixtures import RecordWriter

pytestmark = pytest.mark.anyio


@pytest.fixture
async def store(tmp_path: Path) -> AsyncGenerator[SqliteStore]:
    """A new store that gives up on locks at once."""
    async with await SqliteStore.open(tmp_path, busy_timeout_s=0.05) as opened:
        yield opened


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_only_the_owner_may_read_what_is_kept(tmp_path: Path) -> None:
    """Also under a careless umask, and for SQLite's side files."""
    before = os.umask(0)
    try:
        async with await SqliteStore.open(tmp_path / "new" / "data", tenant="acme") as store:
            await RecordWriter("acme", "s1").add(store)
            directory = tmp_path / "new" / "data" / "acme"
            files = {file.name: _mode(file) for file in directory.iterdir()}
            assert files == {"journeyman.db": 0o600, "journeyman.db-wal": 0o600, "journeyman.db-shm": 0o600}
            assert _mode(directory) == _mode(directory.parent) == 0o700
    finally:
        os.umask(before)


@pytest.mark.parametrize("tenant", ["", "..", "../x", "a/b", "A", "-a", "a" * 65, "a\n", "a\x00", "é", "/etc"])
async def test_a_tenant_cannot_leave_the_data_directory(tmp_path: Path, tenant: str) -> None:
    """Names that could stand for another path are refused before anything is made."""
    with pytest.raises(InvalidInput, match="tenant name"):
        await SqliteStore.open(tmp_path / "data", tenant=tenant)
    assert not (tmp_path / "data").exists()


async def test_a_file_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    """An older Journeyman must not write what it does not understand."""
    async with await SqliteStore.open(tmp_path) as store:
        path = store.path
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO schema_version VALUES (999)")
    connection.close()
    with pytest.raises(CallerError, match=r"has schema 999; .* upgrade Journeyman") as caught:
        await SqliteStore.open(tmp_path)
    assert caught.value.code == "schema_too_new"


async def test_what_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    """A wrong file is not overwritten."""
    path = database.database_path(tmp_path, "default")
    database.prepare(path)
    path.write_bytes(b"my shopping list\n" * 500)
    with pytest.raises(RecordBroken, match="no Journeyman file"):
        await SqliteStore.open(tmp_path)
    assert path.read_bytes() == b"my shopping list\n" * 500


async def test_a_directory_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    """A file stands where the directory should be."""
    (tmp_path / "data").write_text("")
    with pytest.raises(NotAllowed, match="a file stands in its place"):
        await SqliteStore.open(tmp_path / "data")


async def test_many_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    """Schema and journal mode are set once, whoever comes first."""
    stores = await asyncio.gather(*(SqliteStore.open(tmp_path) for _ in range(8)))
    await asyncio.gather(*(RecordWriter("default", f"s{number}").add(store) for number, store in enumerate(stores)))
    assert len(await stores[0].sessions()) == 8
    await asyncio.gather(*(store.aclose() for store in stores))


async def test_a_failed_migration_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step lands whole or not, and the next open tries again."""
    good = database._steps()
    monkeypatch.setattr(
        database, "_steps", lambda: {**good, len(good) + 1: "CREATE TABLE extra (a);\nCREATE TABLE event (a);\n"}
    )
    with pytest.raises(RecordBroken, match="event already exists"):
        await SqliteStore.open(tmp_path)
    monkeypatch.setattr(database, "_steps", lambda: {**good, len(good) + 1: "CREATE TABLE extra (a);\n"})
    async with await SqliteStore.open(tmp_path) as store:
        await RecordWriter("default", "s1").add(store)


async def test_reads_go_on_while_somebody_writes(store: SqliteStore) -> None:
    """A long write elsewhere refuses our write in time, and never our reads."""
    story = RecordWriter("default", "s1")
    await story.add(store, 2, blobs=(b"kept",))
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="locked by another process") as caught:
        await story.add(store)
    assert caught.value.retry_after_s is not None
    assert await store.read("s1") == story.entries
    assert await store.blob(digest(b"kept")) == b"kept"
    other.execute("ROLLBACK")
    other.close()
    await story.add(store)


async def test_a_full_disk_keeps_nothing_and_can_be_survived(store: SqliteStore) -> None:
    """The error says what to do, and once there is room the same append lands."""
    story = RecordWriter("default", "s1")
    await story.add(store)
    pages = await store._writer.run(lambda connection: connection.execute("PRAGMA page_count").fetchone()[0])
    await store._writer.run(lambda connection: connection.execute(f"PRAGMA max_page_count = {pages}").fetchone())
    with pytest.raises(Unavailable, match="free space on its disk"):
        await story.add(store, 1, blobs=(os.urandom(100_000),))
    assert await store.read("s1") == story.entries
    await store._writer.run(lambda connection: connection.execute("PRAGMA max_page_count = 1000000").fetchone())
    await story.add(store, 1, blobs=(os.urandom(100_000),))
    assert await store.read("s1") == story.entries


async def test_waiting_appends_share_one_commit(store: SqliteStore) -> None:
    """One of them is refused; the others land, with a single transaction for all."""
    statements: list[str] = []
    stories = [RecordWriter("default", f"s{number}") for number in range(20)]
    await stories[7].add(store)
    stale = RecordWriter("default", "s7").batch(3)
    started, blocked = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def hold(connection: sqlite3.Connection) -> None:
        loop.call_soon_threadsafe(started.set)
        asyncio.run_coroutine_threadsafe(blocked.wait(), loop).result()
        connection.set_trace_callback(statements.append)

    holding = asyncio.ensure_future(store._writer.run(hold))
    await started.wait()
    batches = [stale if number == 7 else story.batch(2) for number, story in enumerate(stories)]
    waiting = [asyncio.ensure_future(store.append(batch)) for batch in batches]
    await asyncio.sleep(0)
    blocked.set()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    await holding
    assert [type(result) for result in results].count(HeadMoved) == 1
    assert isinstance(results[7], HeadMoved)
    assert [row.seq for row in await store.sessions()].count(2) == 19
    assert statements.count("BEGIN IMMEDIATE") == 1
    assert statements.count("COMMIT") == 2  # the holder's own, and one for all


async def test_a_broken_piece_of_work_harms_nobody(store: SqliteStore) -> None:
    """An error nobody foresaw reaches its caller, and the thread lives on."""

    def broken(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO account VALUES ('tokens', 1, 1, 1)")
        raise ZeroDivisionError

    def fail() -> None:
        raise MemoryError

    with pytest.raises(ZeroDivisionError):
        await store._writer.run(broken)
    with pytest.raises(MemoryError):
        await store._writer.run(lambda _: None, before=fail)
    with pytest.raises(RecordBroken, match="no such table"):
        await store._writer.run(lambda connection: connection.execute("SELECT * FROM elsewhere"))
    assert await store.accounts() == []
    await RecordWriter("default", "s1").add(store)


async def test_a_withdrawn_append_never_lands(store: SqliteStore) -> None:
    """Cancelled before its turn, it is as if it had not been asked for."""
    blocked = asyncio.Event()
    loop = asyncio.get_running_loop()
    hold = store._writer.run(lambda _: asyncio.run_coroutine_threadsafe(blocked.wait(), loop).result())
    holding = asyncio.ensure_future(hold)
    await asyncio.sleep(0)
    waiting = asyncio.ensure_future(store.append(RecordWriter("default", "s1").batch(3)))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert waiting.cancelled()
    blocked.set()
    await holding
    await store.accounts({"tokens": 1})
    assert await store.read("s1") == []


async def test_an_append_under_way_ends_before_its_cancelled_task(store: SqliteStore) -> None:
    """Whoever cancels may read at once what became of it."""
    started, blocked = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(connection: sqlite3.Connection) -> None:
        loop.call_soon_threadsafe(started.set)
        asyncio.run_coroutine_threadsafe(blocked.wait(), loop).result()
        connection.execute("INSERT INTO account VALUES ('tokens', 1, 0, 0)")

    task = asyncio.ensure_future(store._writer.run(slow))
    await started.wait()
    task.cancel()
    for _ in range(5):
        await asyncio.sleep(0)
    assert not task.done()
    blocked.set()
    await asyncio.wait([task])
    assert task.cancelled()
    assert [account.kind for account in await store.accounts()] == ["tokens"]


async def test_a_closed_store_says_so(tmp_path: Path) -> None:
    """Late calls end in a clear error instead of waiting for ever; closing twice is fine."""
    store = await SqliteStore.open(tmp_path)
    await store.aclose()
    await store.aclose()
    for late in (store.read("s1"), store.claim("s1", "a", 1), store.accounts({"tokens": 1})):
        with pytest.raises(NotAllowed, match="is closed"):
            await late


async def test_bytes_on_disk_stay_near_the_payload(tmp_path: Path) -> None:
    """5 KB blobs that do not compress at all, while the file is open and after."""
    story, payload = RecordWriter("default", "s1"), 0
    async with await SqliteStore.open(tmp_path) as store:
        for _ in range(400):
            blob = os.urandom(5_000)
            await story.add(store, 4, blobs=(blob,))
            payload += len(blob) + sum(len(entry.body) for entry in story.entries[-4:])
        assert _size(tmp_path) <= 1.5 * payload
    assert _size(tmp_path) <= 1.25 * payload


def _size(directory: Path) -> int:
    return sum(file.stat().st_size for file in directory.rglob("*") if file.is_file())


async def test_the_log_is_emptied_when_nothing_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A short record does not stay hidden in a large write-ahead log."""
    monkeypatch.setattr(connection_thread, "_IDLE_S", 0.0)
    async with await SqliteStore.open(tmp_path) as store:
        story = RecordWriter("default", "s1")
        for _ in range(30):
            await story.add(store, 1, blobs=(os.urandom(5_000),))
        log = store.path.with_name("journeyman.db-wal")
        assert log.stat().st_size < 30 * 5_000


async def test_damage_in_the_file_is_said_to_be_damage(tmp_path: Path) -> None:
    """A torn page is no missing event."""
    async with await SqliteStore.open(tmp_path) as store:
        story = RecordWriter("default", "s1")
        for _ in range(50):
            await story.add(store, 4, blobs=(os.urandom(3_000),))
        path = store.path
    raw = bytearray(path.read_bytes())
    for page in range(12, len(raw) // 4096):
        raw[page * 4096 : page * 4096 + 16] = b"\xff" * 16
    path.write_bytes(raw)
    async with await SqliteStore.open(tmp_path) as store:
        with pytest.raises(RecordBroken, match="damaged"):
            await store.read("s1")
