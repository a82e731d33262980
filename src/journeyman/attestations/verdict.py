"""What an attestation is worth: valid, stale, forged, or none at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from journeyman.attestations.envelope import read_envelope
from journeyman.attestations.statement import NotAStatement, Statement, read_statement


class AttestationStatus(StrEnum):
    """How an attestation stands, the same words in both verifiers."""

    VALID = "valid"
    """Signed by a key that is believed, about this workspace."""
    STALE = "stale"
    """Signed by such a key, about another state of the workspace."""
    FORGED = "forged"
    """No key that is believed signed it."""
    MALFORMED = "malformed"
    """No attestation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestationVerdict:
    """What was found."""

    status: AttestationStatus
    why: str = ""
    """What is wrong; empty when nothing is."""
    key: str = ""
    """Id of the key that signed it."""
    statement: Statement | None = None
    """What is stated; `None` unless a believed key signed it."""


def verify(raw: bytes, keys: Sequence[Ed25519PublicKey], workspace: str | None = None) -> AttestationVerdict:
    """Judge an attestation's file.

    Args:
        raw: The file.
        keys: Those that are believed.
        workspace: The digest of the workspace as it is now; `None` does not compare.
    """
    try:
        envelope = read_envelope(raw)
    except NotAStatement as error:
        return AttestationVerdict(status=AttestationStatus.MALFORMED, why=str(error))
    key = envelope.signed_by(keys)
    if not key:
        return AttestationVerdict(status=AttestationStatus.FORGED, why="no key that is believed signed it")
    try:
        statement = read_statement(envelope.payload)
    except NotAStatement as error:
        return AttestationVerdict(status=AttestationStatus.MALFORMED, why=str(error), key=key)
    if workspace is not None and workspace != statement.workspace:
        why = f"it is about the workspace {statement.workspace}, this one is {workspace}"
        return AttestationVerdict(status=AttestationStatus.STALE, why=why, key=key, statement=statement)
    return AttestationVerdict(status=AttestationStatus.VALID, key=key, statement=statement)
