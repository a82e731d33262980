"""The chained form of a session's events: what stores keep and anybody can check.

Each entry's hash covers the hash before it, so a changed, dropped, moved or foreign entry breaks the chain at the
first bad place. The chain starts from the tenant and session id: an entry, or a whole record, moved to another
session does not fit there. `body` is the canonical JSON of `{"actor", "at", "data", "kind", "seq", "v"}`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, cast

from journeyman.mission.values.canonical import Json, JsonObject, canonical, parsed, quoted
from journeyman.mission.values.errors import RecordBroken

VERSION: Final = 2
"""Version of the event form, written into each entry."""

_KIND: Final = b',"kind":"'


@dataclass(frozen=True, slots=True)
class Entry:
    """One sealed event as stores keep it."""

    seq: int
    """1 for the first event of a session, then without gaps."""
    hash: bytes
    """SHA-256 over the previous hash (32 bytes) and `body`."""
    body: bytes
    """Canonical JSON of the event."""


@dataclass(frozen=True, slots=True)
class Head:
    """Where a record ends: the compare-and-set value of every append."""

    seq: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """An entry, opened."""

    seq: int
    at: str
    """UTC, ISO 8601 with microseconds and `Z`."""
    actor: str
    """Who caused it: `engine`, `planner`, `person:NAME`, `advisor:NAME` …"""
    kind: str
    data: JsonObject


def genesis(tenant: str, session_id: str) -> Head:
    """Give the head of a record without events."""
    return Head(0, hashlib.sha256(canonical(["journeyman", VERSION, tenant, session_id])).digest())


def seal(head: Head, *, at: str, actor: str, kind: str, data: JsonObject) -> Entry:
    """Give the entry that follows `head`; `data` must have gone through `checked`."""
    return seal_bytes(head, at=at, actor=actor, kind=kind, data=canonical(data))


def seal_bytes(head: Head, *, at: str, actor: str, kind: str, data: bytes) -> Entry:
    """Give the entry that follows `head` from data in canonical form: nothing is encoded twice."""
    seq = head.seq + 1
    body = b'{"actor":%b,"at":%b,"data":%b%b' % (quoted(actor), quoted(at), data, _end(kind, seq))
    return Entry(seq, hashlib.sha256(head.hash + body).digest(), body)


def kind_of(entry: Entry) -> str:
    """Give the kind of a sealed event without reading it.

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
    """Give the head after `entry`."""
    return Head(entry.seq, entry.hash)


def opened(entry: Entry) -> Envelope:
    """Give the event inside `entry`; raise `RecordBroken` when it is not one."""
    try:
        body = cast("dict[str, Json]", parsed(entry.body))
        at, actor, kind, data, seq = body["at"], body["actor"], body["kind"], body["data"], body["seq"]
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise RecordBroken(f"event {entry.seq} is not a readable event ({type(error).__name__})") from None
    fits = isinstance(at, str) and isinstance(actor, str) and isinstance(kind, str) and isinstance(data, dict)
    if not fits or seq != entry.seq or body.get("v") != VERSION:
        raise RecordBroken(f"event {entry.seq} has fields of another form or number (seq {seq!r}, v {body.get('v')!r})")
    return Envelope(entry.seq, cast("str", at), cast("str", actor), cast("str", kind), cast("JsonObject", data))


def check_chain(start: Head, entries: Iterable[Entry], head: Head | None = None) -> Head:
    """Give the head after `entries`, or raise `RecordBroken` naming the first entry that does not fit.

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
