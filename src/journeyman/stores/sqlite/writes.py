"""What changes the file: appends with their checks, leases and the budget ledger. Each runs inside a transaction."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, NamedTuple, cast

from journeyman.mission.chain import Head, genesis
from journeyman.stores.base import Account, Batch, Lease, Reserve, Settle, Summary
from journeyman.stores.validation import budget_refused, check_held, head_moved, lease_held, other_amounts

SEQ_BITS: Final = 32
_FASTEST: Final = 1

_ADD_SESSION: Final = (
    "INSERT INTO session (head_seq, head_hash, name, status, verdict, outcome, iteration, created_at, updated_at,"
    " origin, session_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_MOVE_HEAD: Final = (
    "UPDATE session SET head_seq = ?, head_hash = ?, name = ?, status = ?, verdict = ?, outcome = ?, iteration = ?,"
    " created_at = ?, updated_at = ?, origin = ? WHERE key = ?"
)
_ADD_BLOB: Final = "INSERT INTO blob (digest, compressed, data) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_RESERVE: Final = (
    "UPDATE account SET reserved = reserved + ?1"
    " WHERE kind = ?2 AND (ceiling IS NULL OR spent + reserved + ?1 <= ceiling)"
)


_ADD_RESERVATION: Final = "INSERT INTO reservation (id, amounts, settled) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_BOOK: Final = "UPDATE account SET reserved = reserved - ?, spent = spent + ? WHERE kind = ?"


class PackedBlob(NamedTuple):
    """A blob as the file keeps it."""

    digest: bytes
    compressed: bool
    data: bytes


def pack(digest: str, data: bytes) -> PackedBlob:
    """The blob compressed, or as it is where that would not make it smaller."""
    small = zlib.compress(data, _FASTEST)
    kept = small if len(small) < len(data) else bytes(data)
    return PackedBlob(bytes.fromhex(digest), kept is small, kept)


class Append:
    """A checked batch on its way into the file."""

    def __init__(self, tenant: str, batch: Batch) -> None:
        self._tenant = tenant
        self._batch = batch
        self._blobs: tuple[PackedBlob, ...] = ()

    def pack(self) -> None:
        """Compress the blobs; called before the transaction."""
        self._blobs = tuple(pack(digest, data) for digest, data in self._batch.blobs.items())

    def __call__(self, connection: sqlite3.Connection) -> Head:
        """Add the batch and give the new head."""
        batch = self._batch
        if batch.lease is not None:
            check_lease(connection, batch.lease, batch.session_id)
        row = connection.execute(
            "SELECT key, head_seq, head_hash FROM session WHERE session_id = ?", (batch.session_id,)
        ).fetchone()
        stored = Head(row[1], row[2]) if row is not None else genesis(self._tenant, batch.session_id)
        if stored != batch.head:
            raise head_moved(batch.session_id, stored, batch.head)
        for change in batch.budget:
            if isinstance(change, Reserve):
                _reserve(connection, change)
            else:
                _settle(connection, change)
        if self._blobs:
            connection.executemany(_ADD_BLOB, self._blobs)
        if not batch.entries:
            return stored
        return _extend(connection, batch, None if row is None else row[0])


def _extend(connection: sqlite3.Connection, batch: Batch, key: int | None) -> Head:
    last, row = batch.entries[-1], batch.summary
    head = Head(last.seq, last.hash)
    values = _row(head, row)
    if key is None:
        key = cast("int", connection.execute(_ADD_SESSION, (*values, batch.session_id)).lastrowid)
    else:
        connection.execute(_MOVE_HEAD, (*values, key))
    base = key << SEQ_BITS
    connection.executemany(
        "INSERT INTO event (key, hash, body) VALUES (?, ?, ?)",
        [(base | entry.seq, entry.hash, entry.body) for entry in batch.entries],
    )
    return head


def _row(head: Head, row: Summary) -> tuple[object, ...]:
    return (
        *(head.seq, head.hash, row.name, row.status, row.verdict, row.outcome),
        *(row.iteration, row.created_at, row.updated_at, row.origin),
    )


def claim(connection: sqlite3.Connection, wanted: Lease, now: float) -> Lease:
    """Grant the lease to `wanted.owner` with the next token."""
    held = _held(connection, wanted.session_id)
    if held is not None and held.owner not in {"", wanted.owner} and held.expires_at > now:
        raise lease_held(held, held.expires_at - now)
    lease = replace(wanted, token=held.token + 1 if held is not None else 1)
    connection.execute(
        "INSERT INTO lease (session_id, owner, token, expires_at) VALUES (?, ?, ?, ?) ON CONFLICT (session_id)"
        " DO UPDATE SET owner = excluded.owner, token = excluded.token, expires_at = excluded.expires_at",
        (lease.session_id, lease.owner, lease.token, lease.expires_at),
    )
    return lease


def renew(connection: sqlite3.Connection, lease: Lease, expires_at: float) -> Lease:
    """The lease with a new end."""
    check_lease(connection, lease, lease.session_id)
    connection.execute("UPDATE lease SET expires_at = ? WHERE session_id = ?", (expires_at, lease.session_id))
    return replace(lease, expires_at=expires_at)


def release(connection: sqlite3.Connection, lease: Lease) -> None:
    """Free the session when `lease` is still the current one."""
    connection.execute(
        "UPDATE lease SET owner = '', expires_at = 0 WHERE session_id = ? AND owner = ? AND token = ?",
        (lease.session_id, lease.owner, lease.token),
    )


def check_lease(connection: sqlite3.Connection, lease: Lease, session_id: str) -> None:
    """Raise `LeaseLost` unless `lease` is the current one of the session."""
    check_held(_held(connection, session_id), lease)


def _held(connection: sqlite3.Connection, session_id: str) -> Lease | None:
    row = connection.execute(
        "SELECT owner, token, expires_at FROM lease WHERE session_id = ?", (session_id,)
    ).fetchone()
    return None if row is None else Lease(session_id=session_id, owner=row[0], token=row[1], expires_at=row[2])


def set_ceilings(connection: sqlite3.Connection, ceilings: Mapping[str, int | None]) -> None:
    """Set the tenant's ceilings by kind; other kinds keep theirs."""
    for kind, ceiling in ceilings.items():
        _ensure_account(connection, kind)
        connection.execute("UPDATE account SET ceiling = ? WHERE kind = ?", (ceiling, kind))


def read_accounts(connection: sqlite3.Connection) -> list[Account]:
    """All accounts by kind."""
    rows = connection.execute("SELECT kind, ceiling, spent, reserved FROM account ORDER BY kind").fetchall()
    return [Account(kind=row[0], ceiling=row[1], spent=row[2], reserved=row[3]) for row in rows]


def _reserve(connection: sqlite3.Connection, change: Reserve) -> None:
    name = change.reservation_id
    if connection.execute(_ADD_RESERVATION, (name, _dumped(change.amounts), 0)).rowcount == 0:
        row = connection.execute("SELECT amounts FROM reservation WHERE id = ?", (name,)).fetchone()
        before = cast("dict[str, int]", json.loads(row[0]))
        if before != change.amounts:
            raise other_amounts(name, before, change.amounts)
        return
    for kind, amount in change.amounts.items():
        fitted = connection.execute(_RESERVE, (amount, kind)).rowcount
        if not fitted and _ensure_account(connection, kind):
            fitted = connection.execute(_RESERVE, (amount, kind)).rowcount
        if not fitted and amount:
            accounts = {account.kind: account for account in read_accounts(connection)}
            raise budget_refused(name, amount, accounts[kind])


def _settle(connection: sqlite3.Connection, change: Settle) -> None:
    name = change.reservation_id
    row = connection.execute("SELECT amounts, settled FROM reservation WHERE id = ?", (name,)).fetchone()
    if row is not None and row[1]:
        return
    reserved: dict[str, int] = {}
    if row is None:
        connection.execute(_ADD_RESERVATION, (name, _dumped(change.amounts), 1))
    else:
        connection.execute("UPDATE reservation SET settled = 1 WHERE id = ?", (name,))
        reserved = json.loads(row[0])
    for kind in {**reserved, **change.amounts}:
        book(connection, kind, released=reserved.get(kind, 0), spent=change.amounts.get(kind, 0))


def book(connection: sqlite3.Connection, kind: str, *, released: int, spent: int) -> None:
    """Free what was reserved of a kind, and count what was spent."""
    moved = (released, spent, kind)
    if connection.execute(_BOOK, moved).rowcount == 0:
        _ensure_account(connection, kind)
        connection.execute(_BOOK, moved)


def _dumped(amounts: Mapping[str, int]) -> str:
    return json.dumps(dict(amounts), separators=(",", ":"))


def _ensure_account(connection: sqlite3.Connection, kind: str) -> bool:
    """Open an account where there is none; tell whether there was none."""
    return connection.execute("INSERT INTO account VALUES (?, NULL, 0, 0) ON CONFLICT DO NOTHING", (kind,)).rowcount > 0
