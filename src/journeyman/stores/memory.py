"""A store that keeps everything in this process and forgets it at the end: the reference for all others."""

from __future__ import annotations

import time
from collections import ChainMap
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace

from journeyman.mission.chain import Entry, Head, genesis, head_of
from journeyman.mission.values.canonical import digest as digest_of_bytes
from journeyman.mission.values.errors import NotFound, RecordBroken
from journeyman.stores.base import Account, Batch, Lease, Reserve, SessionPlace, Settle, Summary
from journeyman.stores.references import blobs_named
from journeyman.stores.validation import (
    budget_refused,
    check_amounts,
    check_batch,
    check_claim,
    check_held,
    check_tenant,
    check_ttl,
    head_moved,
    lease_held,
    other_amounts,
)


@dataclass(frozen=True, slots=True)
class _Reservation:
    amounts: Mapping[str, int]
    settled: bool


@dataclass(slots=True)
class _TenantBudgets:
    accounts: MutableMapping[str, Account] = field(default_factory=dict[str, Account])
    reservations: MutableMapping[str, _Reservation] = field(default_factory=dict[str, _Reservation])

    def account(self, kind: str) -> Account:
        return self.accounts.get(kind) or Account(kind=kind, ceiling=None, spent=0, reserved=0)

    def reserve(self, change: Reserve) -> None:
        name, amounts = change.reservation_id, dict(change.amounts)
        before = self.reservations.get(name)
        if before is not None:
            if before.amounts != amounts:
                raise other_amounts(name, before.amounts, amounts)
            return
        for kind, amount in amounts.items():
            account = self.account(kind)
            room = None if account.ceiling is None else account.ceiling - account.spent - account.reserved
            if amount and room is not None and amount > room:
                raise budget_refused(name, amount, account)
            self.accounts[kind] = replace(account, reserved=account.reserved + amount)
        self.reservations[name] = _Reservation(amounts, settled=False)

    def settle(self, change: Settle) -> None:
        name = change.reservation_id
        before = self.reservations.get(name)
        if before is not None and before.settled:
            return
        for kind, amount in before.amounts.items() if before is not None else ():
            account = self.account(kind)
            self.accounts[kind] = replace(account, reserved=account.reserved - amount)
        for kind, amount in change.amounts.items():
            account = self.account(kind)
            self.accounts[kind] = replace(account, spent=account.spent + amount)
        self.reservations[name] = _Reservation(before.amounts if before else dict(change.amounts), settled=True)

    def forget(self, prefix: str) -> None:
        """Drop the reservations whose ids begin so; what is still open counts as spent."""
        for name in [name for name in self.reservations if name.startswith(prefix)]:
            self.settle(Settle(reservation_id=name, amounts=self.reservations[name].amounts))
            del self.reservations[name]

    def apply(self, changes: Sequence[Reserve | Settle]) -> None:
        """Make all `changes`, or none when one is refused."""
        accounts, reservations = ChainMap({}, self.accounts), ChainMap({}, self.reservations)
        draft = _TenantBudgets(accounts, reservations)
        for change in changes:
            if isinstance(change, Reserve):
                draft.reserve(change)
            else:
                draft.settle(change)
        self.accounts.update(accounts.maps[0])
        self.reservations.update(reservations.maps[0])


class MemoryStore:
    """Keeps one tenant's records while the process lives; safe on one event loop."""

    def __init__(self, tenant: str = "default", *, clock: Callable[[], float] = time.time) -> None:
        self._tenant = check_tenant(tenant)
        self._clock = clock
        self._entries: dict[str, list[Entry]] = {}
        self._summaries: dict[str, Summary] = {}
        self._blobs: dict[str, bytes] = {}
        self._leases: dict[str, Lease] = {}
        self._ledger = _TenantBudgets()

    @property
    def tenant(self) -> str:
        """The tenant whose records these are."""
        return self._tenant

    async def append(self, batch: Batch) -> Head:
        """Keep `batch` and give the new head; see `Store.append`."""
        check_batch(self._tenant, batch)
        name = batch.session_id
        stored = self._head(name)
        if batch.lease is not None:
            self._check_lease(batch.lease, name)
        if stored != batch.head:
            raise head_moved(name, stored, batch.head)
        self._ledger.apply(batch.budget)
        for digest, data in batch.blobs.items():
            self._blobs.setdefault(digest, bytes(data))
        if batch.entries:
            self._entries.setdefault(name, []).extend(batch.entries)
            self._summaries[name] = replace(batch.summary, seq=batch.entries[-1].seq)
        return self._head(name)

    async def head(self, session_id: str) -> Head:
        """Where the record ends; `genesis` for an unknown session."""
        return self._head(session_id)

    async def read(
        self,
        session_id: str,
        after_seq: int = 0,
        limit: int | None = None,
        *,
        before_seq: int | None = None,
        newest: bool = False,
    ) -> Sequence[Entry]:
        """A part of the record; see `Store.read`."""
        entries = self._entries.get(session_id, ())
        end = len(entries) if before_seq is None else min(max(before_seq - 1, 0), len(entries))
        first = min(max(after_seq, 0), end)
        if limit is not None and newest:
            first = max(first, end - max(limit, 0))
        elif limit is not None:
            end = min(end, first + max(limit, 0))
        return tuple(entries[first:end])

    async def claim(self, session_id: str, owner: str, ttl_s: float) -> Lease:
        """Take the lease; see `Store.claim`."""
        check_claim(session_id, owner, ttl_s)
        now, held = self._clock(), self._leases.get(session_id)
        if held is not None and held.owner not in {"", owner} and held.expires_at > now:
            raise lease_held(held, held.expires_at - now)
        token = held.token + 1 if held is not None else 1
        lease = Lease(session_id=session_id, owner=owner, token=token, expires_at=now + ttl_s)
        self._leases[session_id] = lease
        return lease

    async def renew(self, lease: Lease, ttl_s: float) -> Lease:
        """The lease with a new end; see `Store.renew`."""
        check_ttl(ttl_s)
        self._check_lease(lease, lease.session_id)
        renewed = replace(lease, expires_at=self._clock() + ttl_s)
        self._leases[lease.session_id] = renewed
        return renewed

    async def release(self, lease: Lease) -> None:
        """Return the lease; see `Store.release`."""
        held = self._leases.get(lease.session_id)
        if held is not None and (held.owner, held.token) == (lease.owner, lease.token):
            self._leases[lease.session_id] = replace(held, owner="", expires_at=0.0)

    async def blob(self, digest: str) -> bytes:
        """The plain bytes of a blob; see `Store.blob`."""
        data = self._blobs.get(digest)
        if data is None:
            raise NotFound(f"no blob {digest!r} in tenant {self._tenant!r}")
        if digest_of_bytes(data) != digest:
            raise RecordBroken(f"blob {digest} holds other bytes than were written")
        return data

    async def sessions(
        self, only: str = "", *, before: SessionPlace | None = None, limit: int | None = None
    ) -> Sequence[Summary]:
        """The summaries, newest first; see `Store.sessions`."""
        rows = sorted(self._summaries.values(), key=_place, reverse=True)
        fitting = [row for row in rows if (not only or row.session_id == only) and (not before or _place(row) < before)]
        return [self._with_lease(row) for row in fitting[:limit]]

    def _with_lease(self, row: Summary) -> Summary:
        held = self._leases.get(row.session_id)
        if held is None:
            return row
        return replace(row, lease_owner=held.owner, lease_held=bool(held.owner) and held.expires_at > self._clock())

    async def delete(self, leases: Sequence[Lease]) -> None:
        """Remove sessions whole; see `Forgetting.delete`."""
        for lease in leases:
            self._check_lease(lease, lease.session_id)
        gone = [entry.body for lease in leases for entry in self._entries.pop(lease.session_id, [])]
        for lease in leases:
            self._summaries.pop(lease.session_id, None)
            self._leases.pop(lease.session_id, None)
            self._ledger.forget(f"{lease.session_id}/")
        kept = blobs_named(entry.body for entries in self._entries.values() for entry in entries)
        for name in blobs_named(gone) - kept:
            self._blobs.pop(name, None)

    async def accounts(self, ceilings: Mapping[str, int | None] | None = None) -> Sequence[Account]:
        """The accounts by kind, after setting `ceilings`; see `Store.accounts`."""
        check_amounts("ceilings", ceilings or {})
        ledger = self._ledger
        for kind, ceiling in (ceilings or {}).items():
            ledger.accounts[kind] = replace(ledger.account(kind), ceiling=ceiling)
        return [ledger.accounts[kind] for kind in sorted(ledger.accounts)]

    def _head(self, session_id: str) -> Head:
        entries = self._entries.get(session_id)
        return head_of(entries[-1]) if entries else genesis(self._tenant, session_id)

    def _check_lease(self, lease: Lease, session_id: str) -> None:
        check_held(self._leases.get(session_id), lease)


def _place(row: Summary) -> SessionPlace:
    return SessionPlace(row.created_at, row.session_id)
