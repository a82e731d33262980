"""Journal: a session's state in memory, what waits to be committed, and the one way to commit it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, cast

import anyio

from journeyman.engine.clock import Clock, stamp
from journeyman.engine.record_reading import PAGE, read_pages, restore, session_not_found, with_tool_specs
from journeyman.engine.snapshots import SnapshotSchedule, make_snapshot
from journeyman.mission.chain import Entry, Envelope, Head, check_chain, genesis, head_of, seal_bytes
from journeyman.mission.fold.at_end import kept_back
from journeyman.mission.fold.fold import created, fold, with_tools
from journeyman.mission.fold.timing import seconds_between
from journeyman.mission.model import events as e
from journeyman.mission.model.events import Event, EventRecord, decode, encode, read
from journeyman.mission.model.mission import Mission
from journeyman.mission.model.state import State
from journeyman.mission.values.canonical import INLINE_BYTES, Json, JsonObject, canonical, digest, parsed
from journeyman.mission.values.errors import BudgetRefused, HeadMoved, RecordBroken, WorldError
from journeyman.stores.base import Batch, Lease, Reserve, Settle, Store, Summary

_CACHED_BLOBS: Final = 64
Budget = Reserve | Settle


@dataclass(frozen=True, slots=True)
class _PendingEvent:
    happened: EventRecord
    data: bytes
    """The event's fields in canonical form."""
    budget: tuple[Budget, ...]
    state: State
    """As it was right after the event."""


class Journal:
    """One session as its driver, or a person's command, holds it.

    `note` lets events happen in memory; `commit` makes all of them durable at once. When somebody else appended
    first, what happened in the world is kept, what was only derived is dropped, and the caller derives it again from
    the new state.
    """

    def __init__(self, store: Store, clock: Clock, session_id: str) -> None:
        self._store = store
        self.clock = clock
        self._began = (clock.now(), clock.monotonic())
        self.session_id = session_id
        self.lease: Lease | None = None
        self._head: Head = genesis(store.tenant, session_id)
        self._committed: State | None = None
        self._state: State | None = None
        self._drafts: list[_PendingEvent] = []
        self._blobs: dict[str, bytes] = {}
        self._cache: OrderedDict[str, bytes] = OrderedDict()
        self._committing = anyio.Lock(fast_acquire=True)
        self._snapshots = SnapshotSchedule()
        self._dropped = 0
        """Grows with every event that was noted and forgotten again, and whenever others turn out to have appended first."""
        self.listeners: list[Callable[[EventRecord, State], None]] = []
        """Told each event once it is durable, with the state right after it."""

    @property
    def state(self) -> State:
        """With everything recorded, committed or not."""
        if self._state is None:
            raise session_not_found(self.session_id)
        return self._state

    @property
    def head(self) -> Head:
        """The head of what is committed."""
        return self._head

    @property
    def has_pending(self) -> bool:
        """Tell whether something waits to be committed."""
        return bool(self._drafts)

    @property
    def pending_count(self) -> int:
        """How many events wait to be committed."""
        return len(self._drafts)

    async def load(self) -> State:
        """The state, from the newest snapshot and what came after; raises `NotFound` when there is no record.

        Listeners are told what was read: all of a short record, the newest part of a long one.
        """
        if self._committed is None:
            found = await restore(self._store, self.session_id)
            self._committed, self._head = found.state, found.head
            self._snapshots.count(found.at)
            await self._apply(found.tail)
        while await self._read_on():
            pass
        return self.state

    def committed_pages(self) -> AsyncIterator[Sequence[Entry]]:
        """What is committed, page by page from the start."""
        return read_pages(self._store, self.session_id, self._head)

    async def _read_on(self) -> bool:
        entries = await self._store.read(self.session_id, self._head.seq, PAGE)
        check_chain(self._head, entries)
        if entries:
            await self._apply(entries)
        return len(entries) == PAGE

    async def _apply(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            happened = await with_tool_specs(self._store, read(entry))
            self._committed = fold(self._committed, happened)
            self._head = head_of(entry)
            for listen in self.listeners:
                listen(happened, self._committed)
        self._snapshots.count(entries)
        self._keep_facts(self._drafts)

    def _keep_facts(self, drafts: Sequence[_PendingEvent]) -> None:
        """Start again from what is committed, with what happened in the world since; the rest is derived anew."""
        self._drafts, self._state = [], self._committed
        for draft in drafts:
            if isinstance(draft.happened.event, e.FactEvent):
                self._state = self._after(draft.happened)
                self._drafts.append(replace(draft, state=self._state))
            else:
                self._dropped += 1

    async def refresh(self) -> bool:
        """Take in what others appended; only when nothing waits to be committed. Tell whether there was something."""
        async with self._committing:  # or what a commit just wrote would be folded twice
            before = self._head.seq
            while await self._read_on():
                pass
            return self._head.seq != before

    def at(self) -> str:
        """The present as events write it: monotonic within a process, whatever becomes of the machine's clock."""
        now, monotonic = self._began
        return stamp(now + timedelta(seconds=self.clock.monotonic() - monotonic))

    def left_s(self) -> float | None:
        """The seconds that the mission may still be driven, perhaps below 0; `None` without a limit."""
        state = self.state
        limit = state.mission.budget.wall_clock_s
        if limit is None:
            return None
        used = state.usage.wall_clock_s + seconds_between(state.times.last_at, self.at())
        return float(limit) - kept_back(state).wall_clock_s - used

    @property
    def intents_waiting(self) -> bool:
        """Tell whether an intent is not durable yet, so that its effect must not begin."""
        return any(isinstance(draft.happened.event, e.Intended) for draft in self._drafts)

    def record(
        self, event: Event, *, actor: str = "engine", budget: tuple[Budget, ...] = (), at: str | None = None
    ) -> State:
        """Let an event happen, in memory until the next commit.

        What is folded is the event as it will be read back, so that the state here is the state of every later reader,
        down to the order of keys.
        """
        happened, data = self._recorded(event, actor, at)
        return self._keep(_PendingEvent(happened, data, budget, self._after(happened)))

    def begin(self, event: e.SessionCreated, mission: Mission, actor: str = "engine") -> State:
        """Record the beginning of a session; `mission` is the one that the event holds, and is not validated again."""
        happened, data = self._recorded(event, actor, None)
        return self._keep(_PendingEvent(happened, data, (), created(happened.at, event, mission)))

    def _recorded(self, event: Event, actor: str, at: str | None) -> tuple[EventRecord, bytes]:
        """The event as it will be read back, and its fields' bytes."""
        data = canonical(encode(event))
        return decode(Envelope(self._head.seq + 1, at or self.at(), actor, type(event).__name__, data)), data

    def _keep(self, pending: _PendingEvent) -> State:
        self._drafts.append(pending)
        self._state = pending.state
        return self._state

    def _after(self, happened: EventRecord) -> State:
        """The state after an event, with tool definitions in it that were kept as a blob just now."""
        state = fold(self._state, happened)
        known = self._blobs.get(state.tools_ref) if state.tools_ref else None
        return state if known is None else with_tools(state, cast("list[JsonObject]", parsed(known)))

    def externalize(self, value: Json) -> Json:
        """A value as events hold it: itself, or a reference to a blob when it is large."""
        data = canonical(value)
        return self.externalize_bytes(data) if len(data) > INLINE_BYTES else value

    def externalize_bytes(self, data: bytes) -> JsonObject:
        """The reference to a blob that the next commit writes."""
        name = digest(data)
        self._blobs[name] = data
        self._remember(name, data)
        return {"$blob": name, "bytes": len(data)}

    def _remember(self, name: str, data: bytes) -> None:
        self._cache[name] = data
        self._cache.move_to_end(name)
        while len(self._cache) > _CACHED_BLOBS:
            self._cache.popitem(last=False)

    async def blob(self, name: str) -> bytes:
        """A blob's bytes, noted or stored."""
        data = self._cache.get(name)
        if data is None:
            data = await self._store.blob(name)
            self._remember(name, data)
        return data

    async def resolve(self, value: Json) -> Json:
        """A value with its blob read, where it is a reference."""
        name = value.get("$blob") if isinstance(value, dict) else None
        if not isinstance(name, str):
            return value
        return parsed(await self.blob(name))

    async def commit(self) -> bool:
        """Make what was noted durable. Give False when others appended first: the state moved, derive again.

        False, too, where that was found by another commit of ours, for which this one waited. Raises `LeaseLost`, or `BudgetRefused` after which `discard_derived` forgets the refused intents. Never cut off
        in the middle by a cancellation.
        """
        if not self._drafts and not self._committing.locked():
            return True
        dropped = self._dropped
        async with self._committing:
            with anyio.CancelScope(shield=True):
                if self._drafts:
                    await self._commit()
            return self._dropped == dropped

    async def commit_facts(self) -> None:
        """Make what was noted durable; what the tenant's budget refuses is forgotten, and its own commit gives False."""
        try:
            await self.commit()
        except BudgetRefused:
            self.discard_derived()

    async def _commit(self) -> None:
        sent, blobs, then = self._drafts, self._blobs, self.state
        self._drafts, self._blobs = [], {}  # a call that settles meanwhile notes into the next batch
        batch = self._batch(sent, blobs, then)
        try:
            self._head = await self._store.append(batch)
        except HeadMoved:
            self._blobs = blobs | self._blobs
            self._dropped += 1  # whatever was derived, from facts alone too, is of an older state
            await self._rebase([*sent, *self._drafts])
            return
        except WorldError:
            self._drafts, self._blobs = [*sent, *self._drafts], blobs | self._blobs
            raise
        self._committed = then
        self._snapshots.count(batch.entries)
        for draft in sent:
            for listen in self.listeners:
                listen(draft.happened, draft.state)

    def _batch(self, drafts: Sequence[_PendingEvent], blobs: dict[str, bytes], then: State) -> Batch:
        entries: list[Entry] = []
        head = self._head
        for draft in drafts:
            happened = draft.happened
            kind = type(happened.event).__name__
            entry = seal_bytes(head, at=happened.at, actor=happened.actor, kind=kind, data=draft.data)
            entries.append(entry)
            head = head_of(entry)
        at = drafts[-1].happened.at
        if self._snapshots.due(entries, then):
            entry, name, data = make_snapshot(head, at, then)
            entries.append(entry)
            blobs = {**blobs, name: data}
        return Batch(
            session_id=self.session_id,
            head=self._head,
            entries=tuple(entries),
            summary=summary_of(then, at),
            blobs=blobs,
            budget=tuple(change for draft in drafts for change in draft.budget),
            lease=self.lease,
        )

    async def _rebase(self, drafts: Sequence[_PendingEvent]) -> None:
        self._drafts = list(drafts)
        before = self._head.seq
        while await self._read_on():
            pass
        if self._head.seq == before:
            raise RecordBroken(
                f"session {self.session_id} refuses event {before + 1}, yet holds none; run `journeyman verify {self.session_id}`"
            )

    def discard_pending(self) -> None:
        """Forget everything that was noted and is not committed."""
        self._drafts, self._blobs, self._state = [], {}, self._committed

    def discard_derived(self) -> None:
        """Forget what was noted but only derived: the commit was refused for another reason than a moved head."""
        self._keep_facts(self._drafts)


def summary_of(state: State, at: str) -> Summary:
    """The row that lists show."""
    return Summary(
        session_id=state.session_id,
        name=state.mission.name,
        status=state.status.value,
        verdict=f"{state.verdict.label}/{state.verdict.reason}" if state.verdict is not None else "",
        outcome=state.outcome.value if state.outcome is not None else "",
        iteration=state.usage.iterations,
        created_at=state.identity.created_at,
        updated_at=at,
        origin=state.identity.origin,
    )
