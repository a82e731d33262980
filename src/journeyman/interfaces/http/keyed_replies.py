"""Answers to requests with an `Idempotency-Key`, kept for a day: what was done once is told again, and not done again.

One file per key in the tenant's folder. It is made before the request is carried out, so that of several requests with one
key one alone is, also in several processes; and it holds the answer once there is one. Where a process was killed in
between, a file without an answer is left: the next request with the key is a retry, which looks in the record for what
the first one did.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from journeyman.engine.clock import stamp
from journeyman.engine.process_identity import process_of
from journeyman.interfaces.error_status import Refusal
from journeyman.mission.values.errors import Unavailable
from journeyman.stores.whole_files import replacing_file, write_new_file

_KEPT: Final = timedelta(hours=24)
_PRUNE_EVERY: Final = 1_000
MOST_KEPT_BYTES: Final = 1 << 20


class KeptReply(msgspec.Struct, frozen=True, kw_only=True):
    """A request that was begun, and its answer once there is one."""

    fingerprint: str
    """Hash of what was asked."""
    owner: str
    """The process that carries it out."""
    begun_at: str
    status: int = 0
    """0 while there is no answer."""
    headers: list[tuple[str, str]] = []
    body: bytes = b""


class KeyedReplies:
    """The answers of one tenant's callers."""

    def __init__(self, folder: Path, owner: str) -> None:
        self._folder = folder
        self._owner = owner
        self._running: set[str] = set()
        self._begun = 0

    def begin(self, name: str, fingerprint: str, now: datetime) -> tuple[KeptReply, bool]:
        """Begin a request; what is kept of it, with its answer where there is one, and whether it was begun before.

        Raises `Refusal` where the key was used for something else, or is being answered right now.
        """
        self._begun += 1
        if self._begun % _PRUNE_EVERY == 1:
            self._prune(now)
        mine = KeptReply(fingerprint=fingerprint, owner=self._owner, begun_at=stamp(now))
        try:
            write_new_file(self._path(name), msgspec.json.encode(mine))
        except FileExistsError:
            return self._begun_before(name, fingerprint, mine)
        except OSError as error:
            raise _unwritable(self._folder, error) from None
        self._running.add(name)
        return mine, False

    def _begun_before(self, name: str, fingerprint: str, mine: KeptReply) -> tuple[KeptReply, bool]:
        found = self._read(name)
        if found is not None and found.fingerprint != fingerprint:
            raise Refusal(
                422, "key_used_before", "this Idempotency-Key was sent with another request; take a new one for each"
            )
        if found is not None and found.status:
            return found, True
        elsewhere = found is not None and found.owner != self._owner and process_of(found.owner) is not None
        if name in self._running or elsewhere:
            raise Refusal(
                409, "key_in_use", "the first request with this key is being answered; try again", retry_after_s=1.0
            )
        self._running.add(name)
        return found or mine, True

    def keep(self, name: str, reply: KeptReply) -> None:
        """Keep an answer, durably."""
        self._running.discard(name)
        try:
            with replacing_file(self._path(name)) as file:
                file.write(msgspec.json.encode(reply))
        except OSError as error:
            raise _unwritable(self._folder, error) from None

    def leave(self, name: str) -> None:
        """Leave a request without an answer: a retry finds out what came of it."""
        self._running.discard(name)

    def forget(self, name: str) -> None:
        """Forget a request that changed nothing, so that the same one may succeed later."""
        self._running.discard(name)
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"

    def _read(self, name: str) -> KeptReply | None:
        """What is kept; `None` where a process was killed in the middle of its first write."""
        try:
            return msgspec.json.decode(self._path(name).read_bytes(), type=KeptReply)
        except (OSError, msgspec.DecodeError):
            return None

    def _prune(self, now: datetime) -> None:
        oldest = (now - _KEPT).timestamp()
        with suppress(OSError), os.scandir(self._folder) as entries:
            for entry in entries:
                if entry.stat().st_mtime < oldest:
                    os.unlink(entry.path)  # noqa: PTH108  # an entry, not a path


def reply_name(tenant: str, who: str, key: str) -> str:
    """The name under which a caller's key is kept: one caller's keys are no other's."""
    return hashlib.sha256(f"{tenant}\0{who}\0{key}".encode()).hexdigest()


def _unwritable(folder: Path, error: OSError) -> Unavailable:
    return Unavailable(f"cannot write {str(folder)!r}: {error.strerror}; check its owner and free space")
