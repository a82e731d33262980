"""DSSE envelopes with Ed25519 signatures (https://github.com/secure-systems-lab/dsse/blob/master/protocol.md).

The payload's very bytes are signed, so nobody has to agree on one form of JSON. `cryptography` signs; the envelope is
our own thirty lines, since the libraries that read one take base64 and JSON that others refuse.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from journeyman.attestations.keys import key_id
from journeyman.attestations.statement import NotAStatement, parse

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
MAX_BYTES: Final = 4 << 20
"""Of an envelope's file."""
MAX_SIGNATURES: Final = 16
_BASE64: Final = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedEnvelope:
    """A payload and its signatures."""

    payload: bytes
    signatures: tuple[bytes, ...]

    def signed_by(self, keys: Sequence[Ed25519PublicKey]) -> str:
        """The id of the first key that signed this; empty where none did.

        What the envelope says of its keys is a hint that anybody may change, so each key is tried.
        """
        signed = preauthenticated(self.payload)
        for key in keys:
            for signature in self.signatures:
                try:
                    key.verify(signature, signed)
                except InvalidSignature:
                    continue
                return key_id(key)
        return ""


def preauthenticated(payload: bytes) -> bytes:
    """The bytes that are signed: DSSE's PAE, which ties the payload to its type."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sign(statement: dict[str, Any], key: Ed25519PrivateKey) -> bytes:
    """An envelope's file around a statement."""
    payload = json.dumps(statement, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    signature = key.sign(preauthenticated(payload))
    envelope = {
        "payloadType": PAYLOAD_TYPE,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [{"keyid": key_id(key.public_key()), "sig": base64.b64encode(signature).decode()}],
    }
    return (json.dumps(envelope, indent=2) + "\n").encode()


def read_envelope(raw: bytes) -> SignedEnvelope:
    """The envelope in a file.

    Raises:
        NotAStatement: It is none.
    """
    if len(raw) > MAX_BYTES:
        raise NotAStatement(f"larger than {MAX_BYTES} bytes")
    plain = parse(raw)
    if plain.get("payloadType") != PAYLOAD_TYPE:
        raise NotAStatement(f"`payloadType` is not {PAYLOAD_TYPE}")
    rows = plain.get("signatures")
    if not isinstance(rows, list) or not 1 <= len(cast("list[Any]", rows)) <= MAX_SIGNATURES:
        raise NotAStatement(f"`signatures` is no list of 1 to {MAX_SIGNATURES}")
    signatures = [_bytes(row, "sig") for row in cast("list[Any]", rows)]
    return SignedEnvelope(payload=_bytes(plain, "payload"), signatures=tuple(signatures))


def _bytes(holder: Any, key: str) -> bytes:
    found: Any = cast("dict[str, Any]", holder).get(key) if isinstance(holder, dict) else None
    if not isinstance(found, str):
        raise NotAStatement(f"`{key}` is no text")
    # Both alphabets are allowed, each with its padding.
    standard = found.replace("-", "+").replace("_", "/")
    if not _BASE64.fullmatch(standard):
        raise NotAStatement(f"`{key}` is no base64")
    return base64.b64decode(standard)
