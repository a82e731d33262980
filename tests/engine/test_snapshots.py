"""Snapshots in the record: taken as the driver goes, found by readers, and never believed when they are wrong."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from journeyman.config import Settings
from journeyman.engine import record_reading, replaying, snapshots
from journeyman.engine.journal import Journal
from journeyman.engine.record_reading import PAGE, newest_iterations, read_events, read_pages, restore, state_of
from journeyman.engine.records import newest_events, numbered_events, read_record
from journeyman.engine.replaying import joined, replay_of, split_point
from journeyman.engine.reporting import report_of
from journeyman.engine.verification import check_record
from journeyman.interfaces.cli.replay_process import replay_with_help
from journeyman.mission.chain import Entry, Head, genesis, head_of, open_entry, seal
from journeyman.mission.files.mission_file import validate_mission
from journeyman.mission.fold.fold import fold
from journeyman.mission.model import events as e
from journeyman.mission.model.state import State
from journeyman.mission.record.snapshot import form, restored, snapshot_of
from journeyman.mission.values.canonical import JsonObject, digest
from journeyman.mission.values.errors import NotFound, RecordBroken
from journeyman.mission.values.value import replace as replaced
from journeyman.stores.base import Batch, Store
from journeyman.stores.memory import MemoryStore
from journeyman.tools.functions import tool
from journeyman.wiring import opened
from tests.engine.engine_bench import EngineBench, bench, mission

pytestmark = pytest.mark.anyio
CALLS = ["look", "grow", "look", "grow", "look", "grow", "finish"]


@tool(effect="pure")
def look() -> dict[str, object]:
    """Look around."""
    return {"zebra": 1.0, "ant": [1, 2.5], "metrics": {"seen": 2, "before": 1.0}}


@tool(effect="keyed")
def grow() -> dict[str, object]:
    """Something larger than events hold."""
    return {"text": "x" * 6_000}


@pytest.fixture
async def at(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[EngineBench]:
    """An engine that takes a snapshot with nearly every commit."""
    monkeypatch.setattr(snapshots, "EVERY_EVENTS", 3)
    monkeypatch.setattr(snapshots, "AT_END_EVENTS", 1)
    monkeypatch.setattr(snapshots, "SHARE", 0)
    async with bench(look, grow) as opened_bench:
        yield opened_bench


async def _slow(at: EngineBench, session: str, upto: int | None = None) -> State:
    """The state by folding every event, as nobody else does."""
    state: State | None = None
    number = 0
    async for happened in read_events(at.store, session):
        number += 1
        if upto is None or number <= upto:
            state = fold(state, happened)
    assert state is not None
    return state


async def test_readers_go_on_from_a_snapshot_and_are_where_a_whole_reading_is(at: EngineBench) -> None:
    """At every length of the record, also right behind a snapshot and before the first one."""
    state = await at.engine.run(mission(*CALLS))
    session = state.session_id
    kinds = [type(event).__name__ for event in await at.events(session)]
    assert kinds.count("SnapshotTaken") > 5
    assert kinds[-2:] == ["Ended", "SnapshotTaken"]
    record = await read_record(at.store, session)
    for length in range(1, len(record.entries) + 1):
        store = await _with(at, record.entries[:length])
        slow = await _slow(at, session, length)
        assert snapshot_of(await state_of(store, session)) == snapshot_of(slow)
        assert snapshot_of(await Journal(store, at.clock, session).load()) == snapshot_of(slow)
    await at.holds(session)


async def test_only_the_tail_is_read(at: EngineBench) -> None:
    """However long the record is."""
    session = (await at.engine.run(mission(*CALLS))).session_id
    found = await restore(at.store, session)
    assert found.tail == ()
    assert found.state is not None
    assert found.head == await at.store.head(session)


async def test_the_driver_folds_what_readers_will_read(at: EngineBench) -> None:
    """Key order and numbers included: the state in memory is the state of the record."""
    live: list[State] = []
    session = await at.engine.create(mission(*CALLS))
    await at.engine.drive(session, lambda _, state: live.append(state))
    assert snapshot_of(live[-1]) == snapshot_of(await _slow(at, session))


async def _with(at: EngineBench, entries: Sequence[Entry], blobs: dict[str, bytes] | None = None) -> MemoryStore:
    """A store with these events, and every blob of the bench."""
    store = MemoryStore()
    known = {**vars(at.store)["_blobs"], **(blobs or {})}
    row = (await at.store.sessions())[0]
    head = genesis("default", row.session_id)
    await store.append(Batch(session_id=row.session_id, head=head, entries=tuple(entries), summary=row, blobs=known))
    return store


def _blob_of(entry: Entry) -> str:
    state = open_entry(entry).data["state"]
    assert isinstance(state, dict)
    return str(state["$blob"])


def _resealed(entries: Sequence[Entry], place: int, data: JsonObject) -> list[Entry]:
    """The record with other data at a place, its chain made to fit, as only its keeper could."""
    head: Head = genesis("default", "")
    rows = list(entries[:place])
    head = head_of(rows[-1])
    for index, entry in enumerate(entries[place:], start=place):
        was = open_entry(entry)
        fresh = seal(head, at=was.at, actor=was.actor, kind=was.kind, data=data if index == place else was.data)
        rows.append(fresh)
        head = head_of(fresh)
    return rows


async def test_a_forged_snapshot_is_named_by_verify_and_replay(at: EngineBench) -> None:
    """Whoever can write the chain anew can fool a quick look, but no check."""
    session = (await at.engine.run(mission(*CALLS))).session_id
    record = await read_record(at.store, session)
    place = next(n for n, item in enumerate(record.events) if isinstance(item.event, e.SnapshotTaken))
    state = restored(await at.store.blob(_blob_of(record.entries[place])))
    data = snapshot_of(replaced(state, world=replaced(state.world, order=state.world.order + 1)))
    forged: JsonObject = {"state": {"$blob": digest(data), "bytes": len(data)}, "form": form()}
    store = await _with(at, _resealed(record.entries, place, forged), {digest(data): data})
    found = await check_record(store, session)
    assert (found.bad_seq, found.events) == (place + 1, place)
    assert "not the state" in found.problem
    replayed = await replay_of(store, session, at.predicates)
    assert replayed.difference is not None
    assert (replayed.difference.seq, replayed.difference.kind) == (place + 1, "SnapshotTaken")


async def test_two_parts_find_what_the_whole_finds(at: EngineBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where an event of either part was changed, and the chain written anew behind it."""
    monkeypatch.setattr(replaying, "LEAST_EVENTS", 10)
    session = (await at.engine.run(mission(*CALLS))).session_id
    record = await read_record(at.store, session)
    cut = await split_point(at.store, session)
    assert cut is not None
    assert 0 < cut.head.seq < record.head.seq
    stores = [at.store]
    for place, item in enumerate(record.events):
        if isinstance(item.event, e.Decided):
            used: JsonObject = {**open_entry(record.entries[place]).data, "used": {"tool_calls": 99}}
            stores.append(await _with(at, _resealed(record.entries, place, used)))
    found: set[bool] = set()
    for store in stores:
        whole = await replay_of(store, session, at.predicates)
        again = await split_point(store, session)
        assert again is not None
        parts = [await replay_of(store, session, at.predicates, until=again.head)]
        parts.append(await replay_of(store, session, at.predicates, behind=again))
        both = joined(*parts)
        assert (both.difference, both.events, both.derived) == (whole.difference, whole.events, whole.derived)
        found.add(parts[0].difference is not None)
    assert found == {True, False}
    with pytest.raises(RecordBroken, match="is missing"):
        await replay_of(at.store, session, at.predicates, until=Head(cut.head.seq, b"x" * 32))


async def test_a_short_record_and_a_store_without_heads_are_replayed_in_one_piece(at: EngineBench) -> None:
    """Another process would take longer to start than it could save, or would not know where to stop."""
    session = (await at.engine.run(mission(*CALLS))).session_id
    assert await split_point(at.store, session) is None

    class Headless:
        """A store that keeps events alone."""

        read = at.store.read

    assert await split_point(cast("Store", Headless()), session) is None


async def test_another_process_replays_one_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what is broken in its part is told as if it were ours."""
    monkeypatch.setattr(replaying, "LEAST_EVENTS", 10)
    monkeypatch.setattr(snapshots, "EVERY_EVENTS", 3)
    monkeypatch.setattr(snapshots, "SHARE", 0)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    async with opened(Settings(data_dir=tmp_path), functions=[look]) as journeyman:
        plan = [{"calls": [{"tool": "look"}]}] * 5
        goal = [{"id": "seen", "kind": "tool_call_succeeded", "tool": "look", "min_count": 5}]
        written = {"directive": "Look.", "tools": ["look"], "criteria": goal, "plan": plan, "budget": {"iterations": 9}}
        session = (await journeyman.engine.run(validate_mission(written))).session_id
        whole = await replay_of(journeyman.store, session, journeyman.predicates)
        shared = await replay_with_help(journeyman, session)
        assert (shared.events, shared.derived, shared.difference) == (whole.events, whole.derived, None)
        with sqlite3.connect(tmp_path / "default" / "journeyman.db") as file:
            file.execute("UPDATE event SET body = replace(body, 'Look.', 'Leap.')")
        with pytest.raises(RecordBroken):
            await replay_with_help(journeyman, session)


async def test_a_damaged_or_foreign_snapshot_is_passed_over(at: EngineBench) -> None:
    """The events say the same; only `verify` has something to say."""
    session = (await at.engine.run(mission(*CALLS))).session_id
    slow = snapshot_of(await _slow(at, session))
    record = await read_record(at.store, session)
    last = len(record.entries) - 1
    name = _blob_of(record.entries[last])
    vars(at.store)["_blobs"][name] = b"other bytes"
    assert snapshot_of(await state_of(at.store, session)) == slow
    assert (await check_record(at.store, session)).bad_seq == last + 1
    other = _resealed(record.entries, last, {**open_entry(record.entries[last]).data, "form": "another"})
    store = MemoryStore()
    del vars(at.store)["_blobs"][name]
    store = await _with(at, other, {name: slow})
    assert snapshot_of(await state_of(store, session)) == slow
    assert (await check_record(store, session)).holds


async def test_a_cut_tail_is_noticed_by_every_reader(at: EngineBench) -> None:
    """The store's head says how long the record was."""
    session = (await at.engine.run(mission(*CALLS))).session_id
    record = await read_record(at.store, session)
    end = record.head.seq
    store = await _with(at, record.entries[: end - 2])

    async def head(_: str) -> Head:
        return record.head

    vars(store)["head"] = head
    for reader in (
        lambda: state_of(store, session),
        lambda: report_of(store, session),
        lambda: replay_of(store, session, at.predicates),
        lambda: read_record(store, session),
        lambda: Journal(store, at.clock, session).load(),
    ):
        with pytest.raises(RecordBroken, match=f"event {end - 1} is missing"):
            await reader()


async def test_an_edited_list_row_is_named(at: EngineBench) -> None:
    """Lists show the row; only the events are true."""
    session = (await at.engine.run(mission(*CALLS))).session_id
    rows = vars(at.store)["_summaries"]
    rows[session] = replace(rows[session], outcome="not_achieved", verdict="terminate/forced")
    found = await check_record(at.store, session)
    assert not found.holds
    assert "outcome is 'not_achieved' instead of 'achieved'" in found.problem
    assert "verdict" in found.problem
    assert "iteration" not in found.problem


async def test_a_fork_takes_no_snapshot_of_the_other_session_along(at: EngineBench) -> None:
    """Its own are of itself."""
    session = (await at.engine.run(mission(*CALLS))).session_id
    fork = await at.engine.fork(session, 3)
    assert (await state_of(at.store, fork)).session_id == fork
    await at.holds(fork)
    assert (await at.engine.drive(fork)).outcome == "achieved"
    await at.holds(fork)


async def test_events_are_numbered_alike_from_both_ends(at: EngineBench) -> None:
    """A page says of each event what a whole reading says."""
    session = (await at.engine.run(mission(*CALLS))).session_id
    whole = [item async for item in numbered_events(at.store, session)]
    for count in (1, 2, 7, len(whole), len(whole) + 5):
        for before in (None, 1, 2, 9, len(whole), len(whole) + 1):
            wanted = whole[: None if before is None else before - 1][-count:]
            assert await newest_events(at.store, session, count, before) == wanted
    settled = [item async for item in numbered_events(at.store, session, kind="Settled")]
    assert settled == [item for item in whole if isinstance(item.happened.event, e.Settled)]
    with pytest.raises(NotFound):
        await newest_events(at.store, "s0", 5)


async def test_the_newest_iterations_are_those_at_the_end(at: EngineBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """However small the pages are in which they are looked for."""
    session = (await at.engine.run(mission(*CALLS))).session_id
    record = await read_record(at.store, session)
    starts = [index for index, item in enumerate(record.events) if isinstance(item.event, e.Proposed)]
    monkeypatch.setattr(record_reading, "PAGE", 8)
    for count in (1, 2, 5):
        assert await newest_iterations(at.store, session, count) == list(record.events[starts[-count] :])
    assert await newest_iterations(at.store, session, 99) == list(record.events)


async def test_small_pages_give_the_same_record(at: EngineBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page ends anywhere."""
    session = (await at.engine.run(mission(*CALLS))).session_id
    record = await read_record(at.store, session)
    report = await report_of(at.store, session)
    assert len(record.entries) < PAGE
    monkeypatch.setattr(record_reading, "PAGE", 3)
    assert [entry async for page in read_pages(at.store, session) for entry in page] == list(record.entries)
    assert await report_of(at.store, session) == report


async def test_a_large_state_is_not_kept_more_often_than_its_bytes_are_worth(
    at: EngineBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bytes between two snapshots are some times those of a snapshot."""
    monkeypatch.setattr(snapshots, "SHARE", 2)
    session = (await at.engine.run(mission(*CALLS, *CALLS, *CALLS))).session_id
    record = await read_record(at.store, session)
    between, last = 0, 0
    for entry, item in zip(record.entries, record.events, strict=True):
        if isinstance(item.event, e.SnapshotTaken):
            assert between >= 2 * last
            size = item.event.state["bytes"]
            assert isinstance(size, int)
            between, last = 0, size
        else:
            between += len(entry.body)
    assert last > 0


async def test_a_session_that_is_driven_on_meanwhile_is_not_called_broken(at: EngineBench) -> None:
    """Its row is newer than the events that were read."""
    session = await at.engine.create(mission(*CALLS))
    sessions = at.store.sessions

    async def later() -> object:
        await at.tell(session, "note", text="meanwhile")
        return await sessions()

    vars(at.store)["sessions"] = later
    assert (await check_record(at.store, session)).holds
    vars(at.store)["sessions"] = sessions
    assert (await check_record(at.store, session)).holds
