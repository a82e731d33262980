"""Keys: where they lie, who can read them, and that what an old one signed stays believed."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from journeyman.attestations.envelope import sign
from journeyman.attestations.keys import SigningKeys, key_id, read_private, read_public
from journeyman.attestations.verdict import verify
from journeyman.interfaces.pages.private_files import write_private
from journeyman.mission.values.errors import InvalidInput, NotAllowed, NotFound, Unavailable
from tests.attestations.test_verifiers import STATEMENT

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def test_a_key_is_its_owners_alone(tmp_path: Path) -> None:
    """Folder 0700, files 0600; nothing else is left there."""
    keys = SigningKeys(tmp_path / "data" / "keys", write_private)
    drawn = keys.new()
    assert keys.current().private_bytes_raw() == drawn.private_bytes_raw()
    assert stat.S_IMODE(keys.folder.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in keys.folder.iterdir()} == {
        "signing.pem": 0o600,
        "signing.pub.pem": 0o600,
    }


def test_what_a_replaced_key_signed_stays_believed(tmp_path: Path) -> None:
    """Three keys in turn: each one's attestation is valid, the old private keys are gone."""
    keys = SigningKeys(tmp_path, write_private)
    signed = [sign(STATEMENT, keys.new())]
    signed += [sign(STATEMENT, keys.rotate(NOW.replace(hour=hour))) for hour in (1, 2)]
    assert [verify(raw, keys.trusted()).status for raw in signed] == ["valid"] * 3
    assert verify(signed[-1], keys.trusted()).key == key_id(keys.trusted()[0]), "the present one comes first"
    assert [path.name for path in tmp_path.rglob("*.pem") if b"PRIVATE" in path.read_bytes()] == ["signing.pem"]
    stranger = SigningKeys(tmp_path / "other", write_private)
    stranger.new()
    assert [verify(raw, stranger.trusted()).status for raw in signed] == ["forged"] * 3


def test_a_key_is_never_replaced_unasked(tmp_path: Path) -> None:
    """A second `new` says how to rotate; without a key nothing can be rotated, read or believed."""
    keys = SigningKeys(tmp_path, write_private)
    assert keys.trusted() == ()
    with pytest.raises(NotFound, match="guard key new"):
        keys.rotate(NOW)
    before = keys.new().private_bytes_raw()
    with pytest.raises(NotAllowed, match="rotate"):
        keys.new()
    assert keys.current().private_bytes_raw() == before


def test_what_is_no_key_is_refused_by_name(tmp_path: Path) -> None:
    """Another kind of key, a locked one, a public one in place of a private one, rubbish; a folder that is none."""
    keys = SigningKeys(tmp_path / "keys", write_private)
    keys.new()
    pem = serialization.Encoding.PEM
    locked = serialization.BestAvailableEncryption(b"x")
    other = rsa.generate_private_key(65537, 2048)
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    for content in (
        other.private_bytes(pem, form, plain),
        keys.current().private_bytes(pem, form, locked),
        keys.public_path.read_bytes(),
        b"",
        b"\x00",
    ):
        (tmp_path / "key.pem").write_bytes(content)
        with pytest.raises(InvalidInput, match="private Ed25519"):
            read_private(tmp_path / "key.pem")
    for content in (keys.private_path.read_bytes(), b"rubbish"):
        (tmp_path / "key.pem").write_bytes(content)
        with pytest.raises(InvalidInput, match="public Ed25519"):
            read_public(tmp_path / "key.pem")
    with pytest.raises(Unavailable, match=r"key\.pem"):
        SigningKeys(tmp_path / "key.pem" / "keys", write_private).new()
