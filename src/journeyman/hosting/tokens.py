"""Access tokens: who may come in, for which tenant, with which scopes. Kept hashed in one file of the data folder."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from journeyman.engine.clock import stamp
from journeyman.hosting.access import AccessScope, Caller
from journeyman.mission.values.errors import InvalidInput, NotAllowed, NotFound, Problem, Unavailable
from journeyman.stores.validation import check_tenant
from journeyman.stores.whole_files import replacing_file

if sys.platform != "win32":
    import fcntl

T = TypeVar("T")
PREFIX: Final = "jmn_"
"""Begins every token, so that scanners for secrets and people know one when they see it."""
FILE_NAME: Final = "tokens.json"
_SECRET_BYTES: Final = 32
_OTHERS_WRITE: Final = 0o022
_MOST_NAME: Final = 64


class AccessToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token as it is kept: its hash, and what it opens."""

    id: str
    """Public: names the token in lists and logs."""
    name: str
    """The person or program; stands in records as `person:NAME`."""
    tenant: str
    scopes: tuple[AccessScope, ...]
    sha256: str
    """Of the whole token. It has 256 random bits, so nobody can try them out: a slow hash would protect nothing, and
    cost each request."""
    created_at: str
    expires_at: str | None = None
    revoked_at: str | None = None

    def is_usable(self, now: datetime) -> bool:
        """Tell whether it lets anybody in at that moment."""
        return self.revoked_at is None and (self.expires_at is None or stamp(now) < self.expires_at)

    def status(self, now: datetime) -> str:
        """`active`, `expired` or `revoked`."""
        if self.revoked_at is not None:
            return "revoked"
        return "active" if self.is_usable(now) else "expired"

    @property
    def caller(self) -> Caller:
        """Whom it lets in."""
        return Caller(name=self.name, tenant=self.tenant, scopes=frozenset(self.scopes))


class _Tokens(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file."""

    tokens: tuple[AccessToken, ...] = ()


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token with its secret, which is shown once and kept nowhere."""

    secret: str
    token: AccessToken


def new_token(
    name: str, tenant: str, scopes: Sequence[AccessScope], now: datetime, lasts: timedelta | None = None
) -> NewToken:
    """A token drawn now; raises `InvalidInput` for a name or tenant that is none."""
    check_tenant(tenant)
    problems: list[Problem] = []
    if not name or len(name) > _MOST_NAME or not name.isprintable() or name != name.strip():
        hint = f"1 to {_MOST_NAME} printable characters; it stands in records as `person:NAME`"
        problems.append(Problem(where="NAME", message=f"{name!r} is no name", hint=hint))
    if not scopes:
        problems.append(Problem(where="--scope", message="none is given", hint=f"one of {', '.join(AccessScope)}"))
    if problems:
        raise InvalidInput("the token", tuple(problems))
    drawn = base64.urlsafe_b64encode(secrets.token_bytes(_SECRET_BYTES)).decode().rstrip("=")
    secret = f"{PREFIX}{drawn}"
    token = AccessToken(
        id=f"t{secrets.token_hex(4)}",
        name=name,
        tenant=tenant,
        scopes=tuple(sorted(set(scopes))),
        sha256=_hash(secret),
        created_at=stamp(now),
        expires_at=None if lasts is None else stamp(now + lasts),
    )
    return NewToken(secret, token)


class TokenFile:
    """The tokens of a data folder; read again as soon as another process changes them."""

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir / FILE_NAME
        self._seen: tuple[int, ...] | None = None
        self._by_hash: Mapping[str, AccessToken] = {}

    def tokens(self) -> list[AccessToken]:
        """All of them, also revoked ones, oldest first; raises `NotAllowed` where others can write the file."""
        self._look()
        return sorted(self._by_hash.values(), key=lambda token: token.created_at)

    def find(self, secret: str) -> AccessToken | None:
        """The token of a secret, whether or not it can be used any more."""
        self._look()
        return self._by_hash.get(_hash(secret))

    def current(self, token: AccessToken) -> AccessToken | None:
        """What is kept of a token now: it may have been revoked since."""
        self._look()
        return self._by_hash.get(token.sha256)

    def add(self, token: AccessToken) -> None:
        """Keep a new token, durably."""
        self._change(lambda known: ([*known, token], None))

    def revoke(self, name: str, now: datetime) -> list[AccessToken]:
        """Revoke the token with that id, or all with that name; those that this revoked. Raises `NotFound`."""

        def change(known: list[AccessToken]) -> tuple[list[AccessToken], list[AccessToken]]:
            meant = [token for token in known if name in (token.id, token.name)]
            if not meant:
                raise NotFound(f"no token has the id or name {name!r}; `journeyman token list` shows them")
            mine = {token.id for token in meant if token.revoked_at is None}
            done = msgspec.structs.replace
            after = [done(token, revoked_at=stamp(now)) if token.id in mine else token for token in known]
            return after, [token for token in after if token.id in mine]

        return self._change(change)

    def _look(self) -> None:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            self._seen, self._by_hash = None, {}
            return
        except OSError as error:
            raise Unavailable(f"cannot read {str(self.path)!r}: {error.strerror}; check its owner") from None
        seen = (found.st_ino, found.st_mtime_ns, found.st_size, found.st_mode)
        if seen == self._seen:
            return
        if found.st_mode & _OTHERS_WRITE:
            raise NotAllowed(f"others can write {str(self.path)!r}, so no token in it counts: chmod 600 {self.path}")
        self._by_hash = {token.sha256: token for token in self._read()}
        self._seen = seen

    def _read(self) -> list[AccessToken]:
        try:
            return list(msgspec.json.decode(self.path.read_bytes(), type=_Tokens).tokens)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise Unavailable(f"cannot read {str(self.path)!r}: {error.strerror}; check its owner") from None
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise NotAllowed(
                f"{str(self.path)!r} is no file of tokens: {error}; restore it, or remove it and make new tokens"
            ) from None

    def _change(self, change: Callable[[list[AccessToken]], tuple[list[AccessToken], T]]) -> T:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _locked(self.path.with_suffix(".lock")):
                after, told = change(self._read())
                with replacing_file(self.path) as file:
                    file.write(msgspec.json.format(msgspec.json.encode(_Tokens(tuple(after)))) + b"\n")
        except OSError as error:
            raise Unavailable(
                f"cannot write {str(self.path)!r}: {error.strerror}; check its owner and free space"
            ) from None
        return told


class AccessTokens:
    """The tokens that a server takes: those of the file, and one that it may have drawn for this start alone."""

    def __init__(self, file: TokenFile, of_this_start: AccessToken | None = None) -> None:
        self._file = file
        self._own = of_this_start

    def find(self, secret: str) -> AccessToken | None:
        """The token of a secret, whether or not it can be used any more."""
        if self._own is not None and secrets.compare_digest(self._own.sha256, _hash(secret)):
            return self._own
        return self._file.find(secret)

    def is_usable(self, token: AccessToken, now: datetime) -> bool:
        """Tell whether a token that was found before still lets its caller in."""
        current = self._own if self._own is not None and token.id == self._own.id else self._file.current(token)
        return current is not None and current.is_usable(now)

    def tenants(self) -> set[str]:
        """The tenants that tokens lead to."""
        own = {self._own.tenant} if self._own is not None else set[str]()
        return own | {token.tenant for token in self._file.tokens()}


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


@contextmanager
def _locked(path: Path) -> Generator[None]:
    """While it lasts no other process changes the file: both would start from the same list, and one change be lost."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if sys.platform != "win32":
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
