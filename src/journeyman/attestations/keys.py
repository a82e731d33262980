"""The key that signs attestations, where it lies, and whom we believe: this key and those it replaced."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from journeyman.mission.values.errors import InvalidInput, NotAllowed, NotFound, Problem, Unavailable

SigningKey: TypeAlias = Ed25519PrivateKey
VerifyingKey: TypeAlias = Ed25519PublicKey
_PRIVATE: Final = "signing.pem"
_PUBLIC: Final = "signing.pub.pem"
_RETIRED: Final = "retired"


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The keys in a folder that only its owner can read.

    `write` replaces a text file as a whole and durably, readable by its owner alone.
    """

    folder: Path
    write: Callable[[Path, str], None]

    @property
    def private_path(self) -> Path:
        """Where the private key lies."""
        return self.folder / _PRIVATE

    @property
    def public_path(self) -> Path:
        """Where the public key lies: give it to whoever shall verify."""
        return self.folder / _PUBLIC

    def new(self) -> Ed25519PrivateKey:
        """Draw the first key.

        Raises:
            NotAllowed: There is one (`key_exists`).
        """
        if self.private_path.exists():
            raise NotAllowed(
                f"{self.private_path} exists; `journeyman guard key rotate` replaces it and keeps what it signed valid",
                code="key_exists",
            )
        return self._draw()

    def rotate(self, now: datetime) -> Ed25519PrivateKey:
        """Draw another key. The old public key stays among those that are believed; the old private key is deleted.

        Raises:
            NotFound: There is no key yet.
        """
        public = self.current().public_key()
        retired = self.folder / _RETIRED
        retired.mkdir(mode=0o700, exist_ok=True)
        self.write(retired / f"{now:%Y%m%dT%H%M%SZ}-{key_id(public)[:16]}.pub.pem", _pem(public))
        return self._draw()

    def current(self) -> Ed25519PrivateKey:
        """The key that signs.

        Raises:
            NotFound: There is none.
            InvalidInput: The file holds no Ed25519 key.
        """
        return read_private(self.private_path)

    def trusted(self) -> tuple[Ed25519PublicKey, ...]:
        """The public keys that are believed, the present one first; empty where there never was one."""
        paths = [self.public_path, *sorted(self.folder.glob(f"{_RETIRED}/*.pub.pem"), reverse=True)]
        return tuple(read_public(path) for path in paths if path.exists())

    def trusted_ids(self) -> list[str]:
        """The ids of the keys that are believed, the present one first."""
        return [*map(key_id, self.trusted())]

    def _draw(self) -> Ed25519PrivateKey:
        key = Ed25519PrivateKey.generate()
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # The public key first: what is signed with a key that is on disk can always be verified.
            self.write(self.public_path, _pem(key.public_key()))
            self.write(self.private_path, secret.decode())
        except OSError as error:
            raise Unavailable(
                f"cannot write a key to {self.folder}: {error.strerror}", code="key_not_written"
            ) from None
        return key


def key_id(key: Ed25519PublicKey) -> str:
    """SHA-256 of the public key's DER form (SubjectPublicKeyInfo), in hexadecimal."""
    raw = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(raw).hexdigest()


def read_private(path: Path) -> Ed25519PrivateKey:
    """A private key in PEM, without a password.

    Raises:
        NotFound: There is no such file.
        InvalidInput: It holds no Ed25519 key.
    """
    with suppress(ValueError, TypeError, UnsupportedAlgorithm):
        key = serialization.load_pem_private_key(_read(path, "journeyman guard key new"), None)
        if isinstance(key, Ed25519PrivateKey):
            return key
    raise _no_key(path, "a private Ed25519 key in PEM without a password")


def read_public(path: Path) -> Ed25519PublicKey:
    """A public key in PEM.

    Raises:
        NotFound: There is no such file.
        InvalidInput: It holds no Ed25519 key.
    """
    with suppress(ValueError, UnsupportedAlgorithm):
        key = serialization.load_pem_public_key(_read(path, "journeyman guard key show"))
        if isinstance(key, Ed25519PublicKey):
            return key
    raise _no_key(path, "a public Ed25519 key in PEM")


def _read(path: Path, hint: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise NotFound(f"cannot read the key {path}: {error.strerror}; see `{hint}`") from None


def _no_key(path: Path, wanted: str) -> InvalidInput:
    return InvalidInput(str(path), (Problem(where="", message=f"is not {wanted}"),))


def _pem(key: Ed25519PublicKey) -> str:
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, kind).decode()
