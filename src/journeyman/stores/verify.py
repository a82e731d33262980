"""Check a stored record: the chain, its head and every blob that its events refer to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, cast

from journeyman.mission.chain import Entry, Head, check_chain, genesis, head_of
from journeyman.mission.values.canonical import Json, parsed
from journeyman.mission.values.errors import NotFound, RecordBroken
from journeyman.stores.base import HeadLookup, Store

_PAGE: Final = 2_000
"""Events read at a time: long records are checked in flat memory."""
_WINDOW: Final = 100
"""Blobs asked for at a time."""
_REMEMBERED: Final = 10_000
"""Newest blobs that are not read again where another event refers to them."""
_MARK: Final = b'"$blob"'


@dataclass(frozen=True, slots=True)
class BlobReference:
    """Where an event refers to a blob."""

    seq: int
    digest: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyResult:
    """What a check of one record found."""

    session_id: str
    head: Head
    """End of the part whose chain holds."""
    events: int
    """How many events hold."""
    blobs: int
    """How many blobs were read; one that is referred to again long after is read again."""
    bad_seq: int | None = None
    """The first event that does not hold; `None` when all do."""
    problem: str = ""
    """What is wrong with it."""

    @property
    def holds(self) -> bool:
        """Whether the record is what was written."""
        return self.bad_seq is None


async def verify_session(store: Store, session_id: str, head: Head | None = None) -> VerifyResult:
    """What a check of the whole record finds: it names the first bad event and raises nothing for it.

    Args:
        store: Where the record is.
        session_id: Whose record.
        head: Where the record must end, from a place that its keeper cannot change (a report, an export). Without it
            the head that the store keeps is used; whoever can change both may cut or forge the tail unseen.

    Raises:
        NotFound: There is no such session.
        Unavailable: The store cannot be read.
    """
    start = genesis(store.tenant, session_id)
    check = _RecordVerifier(store, session_id, start)
    while check.fault is None and (page := await store.read(session_id, check.end.seq, _PAGE)):
        await check.page(page)
    if check.fault is None:
        stored = await store.head(session_id) if isinstance(store, HeadLookup) else check.end
        if check.end == start and stored == start and head is None:
            raise NotFound(f"no session {session_id!r} in tenant {store.tenant!r}")
        for wanted, name in ((stored, "the stored head"), (head or stored, "the given head")):
            check.must_end_at(wanted, name)
    return check.result()


def references(entry: Entry) -> Iterator[BlobReference]:
    """Each `{"$blob": digest, "bytes": n}` in the event; raises `RecordBroken` when it cannot be read."""
    if _MARK not in entry.body:
        return
    try:
        event = cast("dict[str, Json]", parsed(entry.body))
        yield from _walk(entry.seq, event.get("data"))
    except (ValueError, OverflowError, RecursionError, AttributeError) as error:
        raise RecordBroken(f"event {entry.seq} is not a readable event ({type(error).__name__})") from None


def _walk(seq: int, value: Json) -> Iterator[BlobReference]:
    if isinstance(value, dict):
        digest, size_bytes = value.get("$blob"), value.get("bytes")
        if isinstance(digest, str) and isinstance(size_bytes, int) and len(value) == len(("$blob", "bytes")):
            yield BlobReference(seq, digest, size_bytes)
            return
        for item in value.values():
            yield from _walk(seq, item)
    elif isinstance(value, list):
        for item in value:
            yield from _walk(seq, item)


class _RecordVerifier:
    def __init__(self, store: Store, session_id: str, start: Head) -> None:
        self.end = start
        self.fault: tuple[int, str] | None = None
        self._store = store
        self._session_id = session_id
        self._seen: dict[tuple[str, int], None] = {}
        self._blobs = 0

    async def page(self, page: Sequence[Entry]) -> None:
        begin, held = self.end, 0

        def counted() -> Iterator[Entry]:
            nonlocal held
            for entry in page:
                yield entry
                held += 1

        try:
            self.end = check_chain(begin, counted())
        except RecordBroken as error:
            self.fault = (begin.seq + held + 1, str(error))
            self.end = head_of(page[held - 1]) if held else begin
        await self._check_blobs(page[:held])

    async def _check_blobs(self, entries: Sequence[Entry]) -> None:
        fresh = self._fresh(entries)
        for first in range(0, len(fresh), _WINDOW):
            window = fresh[first : first + _WINDOW]
            faults = await asyncio.gather(*(self._fault_of(reference) for reference in window))
            for reference, fault in zip(window, faults, strict=True):
                if fault:
                    self._blame(reference.seq, f"event {reference.seq} refers to a blob that does not hold: {fault}")
                    return

    def _fresh(self, entries: Sequence[Entry]) -> list[BlobReference]:
        fresh: list[BlobReference] = []
        for entry in entries:
            try:
                fresh += [one for one in references(entry) if self._is_new((one.digest, one.size_bytes))]
            except RecordBroken as error:
                self._blame(entry.seq, str(error))
                break
        return fresh

    def _is_new(self, blob: tuple[str, int]) -> bool:
        """Tell whether a blob is to be read, in memory that does not grow with the record."""
        new = blob not in self._seen
        self._seen.pop(blob, None)
        self._seen[blob] = None
        if len(self._seen) > _REMEMBERED:
            del self._seen[next(iter(self._seen))]
        self._blobs += new
        return new

    async def _fault_of(self, reference: BlobReference) -> str:
        try:
            data = await self._store.blob(reference.digest)
        except (NotFound, RecordBroken) as error:
            return str(error)
        if len(data) != reference.size_bytes:
            return f"blob {reference.digest} has {len(data)} bytes, the event says {reference.size_bytes}"
        return ""

    def _blame(self, seq: int, problem: str) -> None:
        if self.fault is None or seq < self.fault[0]:
            self.fault = (seq, problem)

    def must_end_at(self, head: Head, name: str) -> None:
        if self.end == head:
            return
        if self.end.seq < head.seq:
            text = f"event {self.end.seq + 1} is missing: the record ends at {self.end.seq}, {name} says {head.seq}"
            self._blame(self.end.seq + 1, text)
        elif self.end.seq > head.seq:
            text = f"event {head.seq + 1} is too much: {name} says that the record ends at {head.seq}"
            self._blame(head.seq + 1, text)
        else:
            self._blame(head.seq, f"event {head.seq} is not the one that {name} names")

    def result(self) -> VerifyResult:
        bad_seq, problem = self.fault or (None, "")
        events = self.end.seq if bad_seq is None else min(self.end.seq, bad_seq - 1)
        return VerifyResult(
            session_id=self._session_id,
            head=self.end,
            events=events,
            blobs=self._blobs,
            bad_seq=bad_seq,
            problem=problem,
        )
