"""What a store must offer: keep events, blobs, leases and budgets, and lose none of them.

`journeyman.testing.check_store` proves an implementation, crash points included.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, runtime_checkable

from journeyman.mission.chain import Entry, Head


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to drive one session; each takeover has a larger `token`, and older ones are refused."""

    session_id: str
    owner: str
    """Who holds it; unique per process and drive."""
    token: int
    expires_at: float
    """Unix time in seconds on the store's clock; the lease may be taken over after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve:
    """Set budget aside before an effect. Amounts are whole units by budget kind."""

    reservation_id: str
    """Unique within the tenant; reserving the same id again with the same amounts changes nothing."""
    amounts: Mapping[str, int]
    """Kind to amount, kinds being `tool_calls`, `tokens` and `cost_microusd`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """Replace a reservation by what was really used; settling twice changes nothing."""

    reservation_id: str
    amounts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A tenant's budget of one kind."""

    kind: str
    ceiling: int | None
    """`None` means no limit."""
    spent: int
    reserved: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The row of a session in lists; written with each append, derived from the record alone."""

    session_id: str
    name: str
    status: str
    """`open`, `waiting`, `paused` or `ended`: what the record says. Whether anybody drives it, the lease says."""
    verdict: str
    """Latest verdict and reason as `verdict/reason`; empty before the first."""
    outcome: str
    """`achieved`, `not_achieved` or `unknown`; empty while the session goes on."""
    iteration: int
    created_at: str
    updated_at: str
    origin: str = ""
    """Folder of the mission file."""
    seq: int = 0
    """Head of the record; filled by the store when it lists."""
    head_holds: bool = True
    """Whether the record ends at the head that the row names; looked up by the store when it lists."""
    lease_owner: str = ""
    """Who took the lease and has not given it back, whether or not it has run out; looked up when the store lists."""
    lease_held: bool = False
    """Whether that lease still holds."""


class SessionPlace(NamedTuple):
    """Where a session stands among all, which are ordered by both, newest first."""

    created_at: str
    session_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one commit adds to one session: all of it or nothing."""

    session_id: str
    head: Head
    """Where the caller believes the record ends; another end raises `HeadMoved` and changes nothing."""
    entries: tuple[Entry, ...]
    """Follow `head`. May be empty, for blobs and budget alone; the summary is then left as it was."""
    summary: Summary
    blobs: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    """SHA-256 hex of the plain bytes to the plain bytes; stores compress. Known digests are kept once."""
    budget: tuple[Reserve | Settle, ...] = ()
    lease: Lease | None = None
    """Given by the driver: a stale token raises `LeaseLost`. `None` for what a person adds (a note, a pause …)."""


@runtime_checkable
class Store(Protocol):
    """Keeps the records of one tenant. Every method may raise `Unavailable`."""

    @property
    def tenant(self) -> str:
        """The tenant whose records these are."""
        ...

    async def append(self, batch: Batch) -> Head:
        """Commit `batch` durably and give the new head.

        Raises `HeadMoved`, `LeaseLost`, `BudgetRefused`, or `InvalidInput` for a batch that is malformed in itself,
        each with nothing changed. When the waiting task is cancelled, the batch has landed or never will: read to see.
        """
        ...

    async def read(
        self,
        session_id: str,
        after_seq: int = 0,
        limit: int | None = None,
        *,
        before_seq: int | None = None,
        newest: bool = False,
    ) -> Sequence[Entry]:
        """The entries with `after_seq < seq < before_seq` in order; empty for an unknown session.

        At most `limit` of them: the first ones, or with `newest` the last ones.
        """
        ...

    async def claim(self, session_id: str, owner: str, ttl_s: float) -> Lease:
        """Take the lease, or raise `LeaseHeld` while another owner's has not run out."""
        ...

    async def renew(self, lease: Lease, ttl_s: float) -> Lease:
        """The lease with a new end; raises `LeaseLost`."""
        ...

    async def release(self, lease: Lease) -> None:
        """Return the lease; does nothing when it was lost."""
        ...

    async def blob(self, digest: str) -> bytes:
        """The plain bytes of a blob; raises `NotFound`, or `RecordBroken` when they do not match `digest`."""
        ...

    async def sessions(
        self, only: str = "", *, before: SessionPlace | None = None, limit: int | None = None
    ) -> Sequence[Summary]:
        """The summaries of all sessions, newest `created_at` first, and of equal ones the largest id.

        `only` names one session; its summary alone, or none. Behind the place `before`, at most `limit`: a page of a list.
        """
        ...

    async def accounts(self, ceilings: Mapping[str, int | None] | None = None) -> Sequence[Account]:
        """The tenant's accounts, after setting `ceilings` by kind where given."""
        ...


@runtime_checkable
class HeadLookup(Protocol):
    """A store that keeps each record's head beside its events, so that a cut tail shows."""

    async def head(self, session_id: str) -> Head:
        """Where the record ends, cheaper than reading it; `genesis` for an unknown session."""
        ...


@runtime_checkable
class Forgetting(Protocol):
    """A store from which whole sessions can be removed."""

    async def delete(self, leases: Sequence[Lease]) -> None:
        """Remove the sessions of these leases: events, rows, and every blob that no other session refers to.

        What they spent of the tenant's budget stays spent; what they had reserved counts as spent. All of them or, with
        `LeaseLost` where one was taken over, none.
        """
        ...
