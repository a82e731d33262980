"""What every store refuses before it looks at what it keeps."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from journeyman.mission.chain import Head, check_chain, genesis
from journeyman.mission.values.canonical import MAX_SAFE_INTEGER, digest
from journeyman.mission.values.errors import (
    BudgetRefused,
    HeadMoved,
    InvalidInput,
    LeaseHeld,
    LeaseLost,
    Problem,
    RecordBroken,
)
from journeyman.stores.base import Account, Batch, Lease

MAX_SEQ: Final = 2**32 - 1
"""Events that one session can hold."""
_TENANT: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_SESSION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


def check_tenant(tenant: str) -> str:
    """`tenant` itself when it is a name that can stand in paths; raises `InvalidInput` otherwise."""
    if _TENANT.fullmatch(tenant) is None:
        hint = "1 to 64 of a-z, 0-9, _ and -, starting with a letter or digit"
        raise _invalid("tenant name", "", f"{tenant!r} is not allowed", hint)
    return tenant


def check_session_id(session_id: str) -> str:
    """`session_id` itself when it is a name that can stand in paths; raises `InvalidInput` otherwise."""
    if _SESSION.fullmatch(session_id) is None:
        hint = "1 to 128 of A-Z, a-z, 0-9, dot, _ and -, starting with a letter or digit"
        raise _invalid("session id", "", f"{session_id!r} is not allowed", hint)
    return session_id


def check_batch(tenant: str, batch: Batch) -> None:
    """Raise `InvalidInput` unless `batch` is whole in itself: names, chain, digests and amounts."""
    check_session_id(batch.session_id)
    what = f"append to session {batch.session_id}"
    if batch.head.seq == 0 and batch.head != genesis(tenant, batch.session_id):
        message = f"does not start a record of tenant {tenant!r} and session {batch.session_id!r}"
        raise _invalid(what, "head", message, "start from genesis(tenant, session_id)")
    try:
        end = check_chain(batch.head, batch.entries)
    except RecordBroken as error:
        raise _invalid(what, "entries", f"do not follow the given head: {error}") from None
    if end.seq > MAX_SEQ:
        raise _invalid(what, "entries", f"go beyond {MAX_SEQ} events", "fork the session")
    if batch.summary.session_id != batch.session_id:
        raise _invalid(what, "summary", f"is of session {batch.summary.session_id!r}")
    for name, data in batch.blobs.items():
        if digest(data) != name:
            raise _invalid(what, f"blobs.{name}", f"the bytes have the digest {digest(data)}")
    for change in batch.budget:
        check_amounts(f"{what}, reservation {change.reservation_id!r}", change.amounts)


def check_amounts(what: str, amounts: Mapping[str, int | None]) -> None:
    """Raise `InvalidInput` unless every amount is a whole number that counters can hold; `None` means no limit."""
    for kind, amount in amounts.items():
        if amount is not None and (isinstance(amount, bool) or not 0 <= amount <= MAX_SAFE_INTEGER):
            raise _invalid(what, kind, f"{amount!r} is not a whole number from 0 to 2^53 - 1")


def check_claim(session_id: str, owner: str, ttl_s: float) -> None:
    """Raise `InvalidInput` unless `owner` can take a lease of `ttl_s` seconds on `session_id`."""
    check_session_id(session_id)
    if not owner:
        raise _invalid("lease", "owner", "is empty", "name who drives the session")
    check_ttl(ttl_s)


def check_ttl(ttl_s: float) -> None:
    """Raise `InvalidInput` unless a lease of `ttl_s` seconds would end at some time after now."""
    if not 0 < ttl_s < MAX_SAFE_INTEGER:
        raise _invalid("lease", "ttl_s", f"{ttl_s} is not a time", "give seconds above 0")


def head_moved(session_id: str, stored: Head, believed: Head) -> HeadMoved:
    """The error for an append to a record that ends elsewhere."""
    return HeadMoved(
        f"session {session_id}: the record ends at event {stored.seq} ({stored.hash.hex()[:12]}), "
        f"not at {believed.seq} ({believed.hash.hex()[:12]}); read on from there and decide again"
    )


def lease_held(lease: Lease, left_s: float) -> LeaseHeld:
    """The error for a claim while another owner's lease runs."""
    return LeaseHeld(
        f"session {lease.session_id} is driven by {lease.owner}; its lease runs out in {left_s:.1f} s",
        retry_after_s=left_s,
    )


def check_held(held: Lease | None, lease: Lease) -> None:
    """Raise `LeaseLost` unless the lease that a session is `held` by is this one."""
    if held is None or (held.session_id, held.owner, held.token) != (lease.session_id, lease.owner, lease.token):
        raise lease_lost(lease)


def lease_lost(lease: Lease) -> LeaseLost:
    """The error for whoever still acts on a lease that is not the current one."""
    return LeaseLost(
        f"session {lease.session_id}: lease {lease.token} of {lease.owner} is no longer the current one; "
        "stop driving this session, or claim it again"
    )


def budget_refused(reservation_id: str, wanted: int, account: Account) -> BudgetRefused:
    """The error for a reservation that does not fit under the tenant's ceiling."""
    return BudgetRefused(
        f"reservation {reservation_id}: {wanted} {account.kind} do not fit under the tenant's ceiling of "
        f"{account.ceiling} ({account.spent} spent, {account.reserved} reserved); raise the ceiling, or wait until "
        "other sessions settle"
    )


def other_amounts(reservation_id: str, before: Mapping[str, int], now: Mapping[str, int]) -> InvalidInput:
    """The error for a reservation id that is used for something else."""
    message = f"{reservation_id!r} was reserved with {dict(before)}, not {dict(now)}"
    return _invalid("reservation", "reservation_id", message, "use an id once")


def _invalid(what: str, where: str, message: str, hint: str = "") -> InvalidInput:
    return InvalidInput(what, (Problem(where=where, message=message, hint=hint),))
