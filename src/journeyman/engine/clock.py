"""The only real clock, and the only source of new ids."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

import anyio


class Clock(Protocol):
    """Time, sleep and ids, so that tests can give their own."""

    def now(self) -> datetime:
        """The present, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...

    def new_id(self) -> str:
        """12 hex characters that nobody had before."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present, aware, in UTC."""
        return datetime.now(UTC)  # noqa: TID251  # the one place

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await anyio.sleep(seconds)

    def new_id(self) -> str:
        """12 random hex characters."""
        return secrets.token_hex(6)


def stamp(moment: datetime) -> str:
    """A moment as events write it: ISO 8601, microseconds, `Z`."""
    return f"{moment.isoformat(timespec='microseconds')[:26]}Z"


def later(at: str, seconds: float) -> str:
    """The event time so many seconds after another."""
    return stamp(datetime.fromisoformat(at) + timedelta(seconds=seconds))
