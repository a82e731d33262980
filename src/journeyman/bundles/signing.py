"""Signs a bundle's manifest, and says who did: in-toto in DSSE, as attestations are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, cast

from journeyman.attestations.envelope import read_envelope, sign
from journeyman.attestations.keys import SigningKey, VerifyingKey
from journeyman.attestations.statement import STATEMENT_TYPE, NotAStatement, parse
from journeyman.bundles.manifest import MANIFEST, BundleManifest
from journeyman.mission.values.canonical import digest

PREDICATE_TYPE: Final = "urn:journeyman:attestation:bundle:1"


class SignatureState(StrEnum):
    """What a bundle's signature is worth."""

    VALID = "valid"
    """A key that is believed signed this manifest."""
    UNSIGNED = "unsigned"
    UNKNOWN = "unknown"
    """It is signed, and not by a key that is believed."""
    OTHER = "other"
    """A key that is believed signed something else."""


@dataclass(frozen=True, slots=True)
class BundleSignature:
    """How a bundle is signed."""

    state: SignatureState
    key: str = ""
    """Id of the key, where it is believed."""


def signed(manifest: BundleManifest, key: SigningKey) -> bytes:
    """The envelope around a statement about this manifest; equal manifests and keys give equal bytes."""
    statement = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": MANIFEST, "digest": {"sha256": manifest.address}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "session": manifest.session_id,
            "mission": {"digest": {"sha256": manifest.mission_digest}},
            "record": {"head": manifest.record.hash, "events": manifest.record.seq},
        },
    }
    return sign(statement, key)


def signature_of(envelope: bytes | None, manifest: bytes, keys: Sequence[VerifyingKey]) -> BundleSignature:
    """What an envelope says of a manifest's bytes, to somebody who believes these keys."""
    if envelope is None:
        return BundleSignature(SignatureState.UNSIGNED)
    try:
        read = read_envelope(envelope)
        key = read.signed_by(keys)
        if not key:
            return BundleSignature(SignatureState.UNKNOWN)
        statement = parse(read.payload)
    except NotAStatement:
        return BundleSignature(SignatureState.UNKNOWN)
    subject: Any = statement.get("subject")
    told: Any = cast("list[Any]", subject)[0] if isinstance(subject, list) and subject else None
    is_ours = statement.get("predicateType") == PREDICATE_TYPE and isinstance(told, dict)
    named = cast("dict[str, Any]", told).get("digest") if is_ours else None
    holds = named == {"sha256": digest(manifest)}
    return BundleSignature(SignatureState.VALID if holds else SignatureState.OTHER, key)
