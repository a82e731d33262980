"""What is looked up in the file, beside the writer."""

from __future__ import annotations

import sqlite3
import zlib
from typing import NamedTuple

from journeyman.mission.chain import Entry, Head
from journeyman.mission.values.canonical import digest as digest_of_bytes
from journeyman.mission.values.errors import NotFound, RecordBroken
from journeyman.stores.base import SessionPlace, Summary
from journeyman.stores.sqlite.writes import SEQ_BITS
from journeyman.stores.validation import MAX_SEQ

_DIGEST_BYTES = 32


class EntryRange(NamedTuple):
    """Which entries to read; see `Store.read`."""

    after_seq: int
    before_seq: int | None
    limit: int | None
    newest: bool


_ENTRIES = (  # a value of another type is tampering: the chain shall say so
    "SELECT key & ?, CAST(hash AS BLOB), CAST(body AS BLOB) FROM event WHERE key > ? AND key <= ? ORDER BY key"
)


def entries(connection: sqlite3.Connection, session_id: str, part: EntryRange) -> list[Entry]:
    """The entries of a part of the record, in order."""
    row = connection.execute("SELECT key FROM session WHERE session_id = ?", (session_id,)).fetchone()
    if row is None:
        return []
    base = row[0] << SEQ_BITS
    first = min(max(part.after_seq, 0), MAX_SEQ)
    last = MAX_SEQ if part.before_seq is None else min(max(part.before_seq - 1, 0), MAX_SEQ)
    rows = connection.execute(
        f"{_ENTRIES} {'DESC' if part.newest else 'ASC'} LIMIT ?",
        (MAX_SEQ, base | first, base | last, -1 if part.limit is None else max(part.limit, 0)),
    )
    found = [Entry(seq, digest, body) for seq, digest, body in rows]
    return found[::-1] if part.newest else found


def head(connection: sqlite3.Connection, session_id: str) -> Head | None:
    """Where the record ends, or None for an unknown session."""
    row = connection.execute("SELECT head_seq, head_hash FROM session WHERE session_id = ?", (session_id,)).fetchone()
    return None if row is None else Head(row[0], row[1])


def blob(connection: sqlite3.Connection, digest: str) -> bytes:
    """The plain bytes of a blob, checked against its digest."""
    row = connection.execute("SELECT compressed, data FROM blob WHERE digest = ?", (_raw(digest),)).fetchone()
    if row is None:
        raise NotFound(f"no blob {digest!r} in this tenant's store")
    try:
        data = zlib.decompress(row[1]) if row[0] else bytes(row[1])
    except (zlib.error, TypeError) as error:
        raise RecordBroken(f"blob {digest} is damaged: {error}") from None
    if digest_of_bytes(data) != digest:
        raise RecordBroken(f"blob {digest} holds other bytes than were written")
    return data


def _raw(digest: str) -> bytes:
    try:
        raw = bytes.fromhex(digest)
    except ValueError:
        raw = b""
    return raw if len(raw) == _DIGEST_BYTES and raw.hex() == digest else b""


class SummaryRange(NamedTuple):
    """Which summaries to read; see `Store.sessions`."""

    only: str
    before: SessionPlace | None
    limit: int | None


def summaries(connection: sqlite3.Connection, now: float, part: SummaryRange) -> list[Summary]:
    """Summaries, newest first, each with whether its record ends where the row says, and who has its lease."""
    chosen, values = "", [SEQ_BITS, now, -1 if part.limit is None else max(part.limit, 0)]
    if part.only:
        chosen, values = "WHERE session_id = ?4", [*values, part.only]
    elif part.before is not None:
        chosen, values = "WHERE (created_at, session_id) < (?4, ?5)", [*values, *part.before]
    rows = connection.execute(  # `chosen` is one of three texts of ours
        "SELECT session.session_id, name, status, verdict, outcome, iteration, created_at, updated_at, origin, head_seq,"  # noqa: S608
        " EXISTS (SELECT 1 FROM event WHERE event.key = (session.key << ?1) + head_seq AND hash = head_hash)"
        " AND NOT EXISTS (SELECT 1 FROM event WHERE event.key > (session.key << ?1) + head_seq"
        " AND event.key < ((session.key + 1) << ?1)), coalesce(owner, ''), coalesce(owner <> '' AND expires_at > ?2, 0)"
        # chosen before anything is looked up beside them: of a long list, only for the rows of the page
        f" FROM (SELECT * FROM session {chosen} ORDER BY created_at DESC, session_id DESC LIMIT ?3) AS session"
        " LEFT JOIN lease ON lease.session_id = session.session_id"
        " ORDER BY created_at DESC, session.session_id DESC",
        values,
    )
    return [
        Summary(
            session_id=row[0],
            name=row[1],
            status=row[2],
            verdict=row[3],
            outcome=row[4],
            iteration=row[5],
            created_at=row[6],
            updated_at=row[7],
            origin=row[8],
            seq=row[9],
            head_holds=bool(row[10]),
            lease_owner=row[11],
            lease_held=bool(row[12]),
        )
        for row in rows
    ]
