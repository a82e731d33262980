"""Removes whole sessions from the file, with the blobs that nothing else needs."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import cast

from journeyman.stores.base import Lease
from journeyman.stores.references import MARK, blobs_named
from journeyman.stores.sqlite.writes import SEQ_BITS, book, check_lease

_WITH_BLOBS = "SELECT CAST(body AS BLOB) FROM event WHERE instr(CAST(body AS BLOB), ?)"


def delete(connection: sqlite3.Connection, leases: Sequence[Lease]) -> None:
    """Remove the sessions of these leases; runs inside a transaction, so that all of them go or none does.

    Blobs are shared by digest, so every other event that names one is looked at: once, however many sessions go.
    """
    gone: set[str] = set()
    for lease in leases:
        check_lease(connection, lease, lease.session_id)
        row = connection.execute("SELECT key FROM session WHERE session_id = ?", (lease.session_id,)).fetchone()
        if row is not None:
            between = (row[0] << SEQ_BITS, (row[0] + 1) << SEQ_BITS)
            found = connection.execute(f"{_WITH_BLOBS} AND key > ? AND key < ?", (MARK, *between))
            gone |= blobs_named(body for (body,) in found)
            connection.execute("DELETE FROM event WHERE key > ? AND key < ?", between)
        connection.execute("DELETE FROM session WHERE session_id = ?", (lease.session_id,))
        connection.execute("DELETE FROM lease WHERE session_id = ?", (lease.session_id,))
        _forget_reservations(connection, lease.session_id)
    if gone:
        gone -= blobs_named(body for (body,) in connection.execute(_WITH_BLOBS, (MARK,)))
        connection.executemany("DELETE FROM blob WHERE digest = ?", [(bytes.fromhex(name),) for name in gone])


def _forget_reservations(connection: sqlite3.Connection, session_id: str) -> None:
    whose = (f"{session_id}/", f"{session_id}0")  # "0" follows "/": all ids that begin with the session's name
    rows = connection.execute("SELECT amounts FROM reservation WHERE id >= ? AND id < ? AND settled = 0", whose)
    for (amounts,) in rows.fetchall():
        for kind, amount in cast("dict[str, int]", json.loads(amounts)).items():
            book(connection, kind, released=amount, spent=amount)
    connection.execute("DELETE FROM reservation WHERE id >= ? AND id < ?", whose)
