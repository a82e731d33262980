"""The chained form of a session's events: what stores keep and anybody can check.

Each entry's hash covers the hash before it, so a changed, dropped, moved or foreign entry breaks the chain at the
first bad place. The chain starts from the tenant and session id: an entry, or a whole record, moved to another
session does not fit there. `body` is the canonical JSON of `{"actor", "at", "data", "kind", "seq", "v"}`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

import msgspec

from journeyman.mission.values.canonical import JsonObject, canonical, parsed, quoted
from journeyman.mission.values.errors import RecordBroken
from journeyman.mission.values.value import Value

VERSION: Final = 2
"""Version of the event form, written into each entry."""

_KIND: Final = b',"kind":"'


class Entry(Value, frozen=True):
    """One sealed event as stores keep it."""

    seq: int
    """1 for the first event of a session, then without gaps."""
    hash: bytes
    """SHA-256 over the previous hash (32 bytes) and `body`."""
    body: bytes
    """Canonical JSON of the event."""


class Head(Value, frozen=True):
    """Where a record ends: the compare-and-set value of every append."""

    seq: int
    hash: bytes


class Envelope(Value, frozen=True):
    """An entry, opened."""

    seq: int
    at: str
    """UTC, ISO 8601 with microseconds and `Z`."""
    actor: str
    """Who caused it: `engine`, `planner`, `person:NAME`, `advisor:NAME` …"""
    kind: str
    raw: bytes
    """The event's fields, as they stand there."""

    @property
    def data(self) -> JsonObject:
        """The event's fields, read; raises `RecordBroken` when they are no object."""
        try:
            data = parsed(self.raw)
        except (ValueError, OverflowError, RecursionError) as error:
            raise _unreadable(self.seq, error) from None
        if not isinstance(data, dict):
            raise RecordBroken(f"event {self.seq} has no fields: its data is no object")
        return data


class _Body(Value, frozen=True, kw_only=True):
    """What an entry's body holds."""

    actor: str
    at: str
    data: msgspec.Raw
    kind: str
    seq: int
    v: int


_BODY: Final = msgspec.json.Decoder(_Body)


def genesis(tenant: str, session_id: str) -> Head:
    """The head of a record without events."""
    return Head(0, hashlib.sha256(canonical(["journeyman", VERSION, tenant, session_id])).digest())


def seal(head: Head, *, at: str, actor: str, kind: str, data: JsonObject) -> Entry:
    """The entry that follows `head`; `data` must have gone through `checked`."""
    return seal_bytes(head, at=at, actor=actor, kind=kind, data=canonical(data))


def seal_bytes(head: Head, *, at: str, actor: str, kind: str, data: bytes) -> Entry:
    """The entry that follows `head` from data in canonical form: nothing is encoded twice."""
    seq = head.seq + 1
    body = b'{"actor":%b,"at":%b,"data":%b%b' % (quoted(actor), quoted(at), data, _end(kind, seq))
    return Entry(seq, hashlib.sha256(head.hash + body).digest(), body)


def kind_of(entry: Entry) -> str:
    """The kind of a sealed event without reading it.

    Keys are sorted, so the last `,"kind":"` of the body is the one: in a text its quotes would be escaped.
    """
    start = entry.body.rfind(_KIND) + len(_KIND)
    end = entry.body.find(b'","seq":', start)
    return entry.body[start:end].decode(errors="replace")


def is_of_kind(entry: Entry, kind: str) -> bool:
    """Tell whether a sealed event is of a kind, without reading it."""
    return kind_of(entry) == kind


def _end(kind: str, seq: int) -> bytes:
    return b'%b%b,"seq":%d,"v":%d}' % (_KIND[:-1], quoted(kind), seq, VERSION)


def head_of(entry: Entry) -> Head:
    """The head after `entry`."""
    return Head(entry.seq, entry.hash)


def open_entry(entry: Entry) -> Envelope:
    """The event inside `entry`, its fields not yet read; raises `RecordBroken` when it is not one."""
    try:
        body = _BODY.decode(entry.body)
    except (msgspec.DecodeError, ValueError, TypeError, RecursionError) as error:
        raise _unreadable(entry.seq, error) from None
    if body.seq != entry.seq or body.v != VERSION:
        raise RecordBroken(f"event {entry.seq} has fields of another form or number (seq {body.seq!r}, v {body.v!r})")
    return Envelope(entry.seq, body.at, body.actor, body.kind, bytes(body.data))


def _unreadable(seq: int, error: Exception) -> RecordBroken:
    return RecordBroken(f"event {seq} is not a readable event ({type(error).__name__})")


def check_chain(start: Head, entries: Iterable[Entry], head: Head | None = None) -> Head:
    """The head after `entries`; raises `RecordBroken` naming the first entry that does not fit.

    With `head`, the record must also end exactly there, so that a cut tail is found.
    """
    sha256 = hashlib.sha256
    seq, previous = start.seq, start.hash
    for entry in entries:
        seq += 1
        if entry.seq != seq:
            raise RecordBroken(f"event {seq} is missing: event {entry.seq} stands in its place")
        if sha256(previous + entry.body).digest() != entry.hash:
            raise RecordBroken(f"event {seq} does not fit the chain: it, or an event before it, was changed")
        previous = entry.hash
    if head is not None and (seq, previous) != (head.seq, head.hash):
        raise RecordBroken(f"event {seq + 1} is missing: the record ends at {seq}, its head says {head.seq}")
    return Head(seq, previous)
