"""Both verifiers give the same answer to every attestation, true, changed or made up."""

from __future__ import annotations

import base64
import json
import random
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey  # pyright: ignore[reportPrivateImportUsage]

from journeyman.attestations.envelope import MAX_BYTES, PAYLOAD_TYPE, preauthenticated, sign
from journeyman.attestations.keys import key_id
from journeyman.attestations.statement import MAX_DEPTH, PREDICATE_TYPE, STATEMENT_TYPE
from journeyman.attestations.verdict import AttestationVerdict, verify
from tests.attestations.second_verifier import SCRIPT, Vector, answers, pem

KEY: Final = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER: Final = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
WORKSPACE: Final = "ab" * 32
STATEMENT: Final[dict[str, Any]] = {
    "_type": STATEMENT_TYPE,
    "subject": [{"name": "repository", "digest": {"sha256": WORKSPACE}}],
    "predicateType": PREDICATE_TYPE,
    "predicate": {
        "outcome": "achieved",
        "reason": "criteria_met",
        "session": "s1",
        "mission": {"name": "m", "digest": {"sha256": "cd" * 32}},
        "contract": {"digest": {"sha256": "01" * 32}},
        "workspace": {"also": ["secret.txt"], "touched": []},
        "record": {"head": "ef" * 32, "events": 12},
        "criteria": [{"id": "größer", "met": True, "required": True, "status": "met"}],
        "ended_at": None,
    },
}
BELIEVED: Final = (KEY.public_key(),)


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    """A rightly signed envelope around another statement."""
    statement = json.loads(json.dumps(STATEMENT))
    change(statement)
    return sign(statement, KEY)


def rewrapped(change: Callable[[dict[str, Any]], object]) -> bytes:
    """The true envelope, changed outside of what is signed."""
    envelope = json.loads(sign(STATEMENT, KEY))
    change(envelope)
    return json.dumps(envelope).encode()


def signed(payload: bytes) -> bytes:
    """An envelope with a true signature around any bytes."""
    signature = base64.b64encode(KEY.sign(preauthenticated(payload))).decode()
    row = {"keyid": "", "sig": signature}
    envelope = {"payloadType": PAYLOAD_TYPE, "payload": base64.b64encode(payload).decode(), "signatures": [row]}
    return json.dumps(envelope).encode()


def nested(depth: int) -> bytes:
    """A statement with something deep in it."""
    return changed(lambda s: s.update(more=json.loads("[" * depth + "]" * depth)))


TRUE: Final = sign(STATEMENT, KEY)
NAMED: Final[dict[str, tuple[Vector, str]]] = {
    "true": (Vector(TRUE, BELIEVED), "valid"),
    "true, this workspace": (Vector(TRUE, BELIEVED, WORKSPACE), "valid"),
    "another workspace": (Vector(TRUE, BELIEVED, "00" * 32), "stale"),
    "upper case": (Vector(TRUE, BELIEVED, WORKSPACE.upper()), "stale"),
    "no workspace at all": (Vector(TRUE, BELIEVED, ""), "stale"),
    "no key": (Vector(TRUE, ()), "forged"),
    "another key": (Vector(TRUE, (OTHER.public_key(),)), "forged"),
    "the second key": (Vector(TRUE, (OTHER.public_key(), *BELIEVED)), "valid"),
    "signed by a stranger who claims our key": (
        Vector(sign(STATEMENT, OTHER).replace(key_id(OTHER.public_key()).encode(), key_id(BELIEVED[0]).encode()), BELIEVED),
        "forged",
    ),
    "key id changed, which is a hint": (Vector(rewrapped(lambda e: e["signatures"][0].update(keyid="x")), BELIEVED), "valid"),
    "no key id": (Vector(rewrapped(lambda e: e["signatures"][0].pop("keyid")), BELIEVED), "valid"),
    "a stranger's signature before ours": (
        Vector(rewrapped(lambda e: e["signatures"].insert(0, {"sig": "AAAA"})), BELIEVED), "valid",
    ),
    "signature cut": (Vector(rewrapped(lambda e: e["signatures"][0].update(sig="AAAA")), BELIEVED), "forged"),
    "signature empty": (Vector(rewrapped(lambda e: e["signatures"][0].update(sig="")), BELIEVED), "forged"),
    "signature no base64": (Vector(rewrapped(lambda e: e["signatures"][0].update(sig="=?")), BELIEVED), "malformed"),
    "signature no text": (Vector(rewrapped(lambda e: e["signatures"][0].update(sig=5)), BELIEVED), "malformed"),
    "no signatures": (Vector(rewrapped(lambda e: e.update(signatures=[])), BELIEVED), "malformed"),
    "signatures an object": (Vector(rewrapped(lambda e: e.update(signatures={"0": {}})), BELIEVED), "malformed"),
    "signatures a text": (Vector(rewrapped(lambda e: e.update(signatures="ab")), BELIEVED), "malformed"),
    "seventeen signatures": (Vector(rewrapped(lambda e: e.update(signatures=e["signatures"] * 17)), BELIEVED), "malformed"),
    "a row that is no object": (Vector(rewrapped(lambda e: e["signatures"].append(None)), BELIEVED), "malformed"),
    "payload type": (Vector(rewrapped(lambda e: e.update(payloadType="text/plain")), BELIEVED), "malformed"),
    "payload of another": (
        Vector(rewrapped(lambda e: e.update(payload=base64.b64encode(b"{}").decode())), BELIEVED), "forged",
    ),
    "payload unpadded": (Vector(rewrapped(lambda e: e.update(payload=e["payload"].rstrip("=") + "A")), BELIEVED), ""),
    "payload with a line break": (Vector(rewrapped(lambda e: e.update(payload=e["payload"] + "\n")), BELIEVED), "malformed"),
    "payload in the other alphabet": (
        Vector(rewrapped(lambda e: e.update(payload=e["payload"].replace("+", "-").replace("/", "_"))), BELIEVED), "valid",
    ),
    "more keys in the envelope": (Vector(rewrapped(lambda e: e.update(more={"__proto__": 1})), BELIEVED), "valid"),
    "inherited names": (Vector(b'{"__proto__": ' + TRUE + b"}", BELIEVED), "malformed"),
    "a name that objects inherit": (Vector(rewrapped(lambda e: e.update(signatures=[{"constructor": 1}])), BELIEVED), "malformed"),
    "empty": (Vector(b"", BELIEVED), "malformed"),
    "no object": (Vector(b"[]", BELIEVED), "malformed"),
    "null": (Vector(b"null", BELIEVED), "malformed"),
    "no UTF-8": (Vector(b'{"a": "\xff"}', BELIEVED), "malformed"),
    "a byte order mark": (Vector(b"\xef\xbb\xbf" + TRUE, BELIEVED), "malformed"),
    "UTF-16": (Vector(TRUE.decode().encode("utf-16"), BELIEVED), "malformed"),
    "NaN": (Vector(TRUE.rstrip()[:-1] + b', "more": NaN}', BELIEVED), "malformed"),
    "a huge number": (Vector(TRUE.rstrip()[:-1] + b', "more": 1' + b"0" * 5000 + b"}", BELIEVED), "valid"),
    "a name twice": (Vector(TRUE.rstrip()[:-1] + b', "payloadType": "x"}', BELIEVED), "malformed"),
    "something after it": (Vector(TRUE + b"{}", BELIEVED), "malformed"),
    "half of it": (Vector(TRUE[: len(TRUE) // 2], BELIEVED), "malformed"),
    "too large": (Vector(TRUE + b" " * MAX_BYTES, BELIEVED), "malformed"),
    "deep": (Vector(nested(MAX_DEPTH - 1), BELIEVED), "valid"),
    "too deep": (Vector(nested(MAX_DEPTH), BELIEVED), "malformed"),
    "far too deep": (Vector(b'{"a":' * 200_000 + b"1" + b"}" * 200_000, BELIEVED), "malformed"),
    "signed garbage": (Vector(signed(b"\x00\xff"), BELIEVED), "malformed"),
    "signed NaN": (Vector(signed(b'{"a": NaN}'), BELIEVED), "malformed"),
    "another statement type": (Vector(changed(lambda s: s.update(_type="x")), BELIEVED), "malformed"),
    "another predicate": (Vector(changed(lambda s: s.update(predicateType="x")), BELIEVED), "malformed"),
    "two subjects": (Vector(changed(lambda s: s.update(subject=s["subject"] * 2)), BELIEVED, WORKSPACE), "malformed"),
    "no subject": (Vector(changed(lambda s: s.update(subject=[])), BELIEVED), "malformed"),
    "a short digest": (
        Vector(changed(lambda s: s["subject"][0]["digest"].update(sha256="ab")), BELIEVED, "ab"), "malformed",
    ),
    "a digest with a line break": (
        Vector(changed(lambda s: s["subject"][0]["digest"].update(sha256=WORKSPACE + "\n")), BELIEVED), "malformed",
    ),
    "another kind of digest": (
        Vector(changed(lambda s: s["subject"][0].update(digest={"sha512": WORKSPACE})), BELIEVED), "malformed",
    ),
    "no outcome": (Vector(changed(lambda s: s["predicate"].pop("outcome")), BELIEVED), "malformed"),
    "no head": (Vector(changed(lambda s: s["predicate"]["record"].pop("head")), BELIEVED), "malformed"),
    "no list of paths": (Vector(changed(lambda s: s["predicate"]["workspace"].update(also="a")), BELIEVED), "malformed"),
    "a path that is none": (Vector(changed(lambda s: s["predicate"]["workspace"].update(also=[1])), BELIEVED), "malformed"),
    "not achieved": (Vector(changed(lambda s: s["predicate"].update(outcome="not_achieved")), BELIEVED), "valid"),
}  # fmt: skip


def plain(found: AttestationVerdict) -> dict[str, object]:
    """Our answer in the form of the other verifier."""
    stated = found.statement
    more: dict[str, object] = {"key": found.key} if found.key else {}
    if stated is not None:
        more |= {
            "workspace": stated.workspace, "outcome": stated.outcome, "mission": stated.mission, "head": stated.head,
            "also": [*stated.also],
        }  # fmt: skip
    return {"status": found.status.value, "why": found.why, **more}


def damaged(seed: int) -> Iterator[Vector]:
    """Envelopes with bytes of the file, of the payload and of the signature changed at random."""
    draw = random.Random(seed)  # noqa: S311  # vectors that can be drawn again
    for _ in range(400):
        raw = bytearray(TRUE)
        for _ in range(draw.randint(1, 3)):
            at = draw.randrange(len(raw))
            match draw.randrange(3):
                case 0:
                    raw[at] = draw.randrange(256)
                case 1:
                    del raw[at]
                case _:
                    raw.insert(at, draw.randrange(256))
        yield Vector(bytes(raw), BELIEVED, WORKSPACE)
    for _ in range(400):
        envelope = json.loads(TRUE)
        where = draw.choice(["payload", "sig"])
        holder: dict[str, str] = envelope if where == "payload" else envelope["signatures"][0]
        decoded = bytearray(base64.b64decode(holder[where]))
        decoded[draw.randrange(len(decoded))] ^= 1 << draw.randrange(8)
        holder[where] = base64.b64encode(decoded).decode()
        yield Vector(json.dumps(envelope).encode(), BELIEVED, WORKSPACE)


def test_named_attestations_are_judged_alike() -> None:
    """Each row says what it is; both verifiers agree in status, reason and what is stated."""
    vectors = [vector for vector, _ in NAMED.values()]
    ours = [plain(verify(one.raw, one.keys, one.workspace)) for one in vectors]
    assert dict(zip(NAMED, ours, strict=True)) == dict(zip(NAMED, answers(vectors), strict=True))
    wrong = {
        name: (said["status"], wanted)
        for (name, (_, wanted)), said in zip(NAMED.items(), ours, strict=True)
        if wanted and said["status"] != wanted
    }
    assert not wrong


@pytest.mark.parametrize("seed", range(3))
def test_no_damaged_attestation_is_believed(seed: int) -> None:
    """Whatever is changed in what is signed is found, by both verifiers alike."""
    vectors = [*damaged(seed)]
    ours = [plain(verify(one.raw, one.keys, one.workspace)) for one in vectors]
    assert ours == answers(vectors)
    stated = plain(verify(TRUE, BELIEVED))
    assert all(said == stated for said in ours if said["status"] == "valid"), "what is believed says what was signed"
    assert {"malformed", "forged"} <= {said["status"] for said in ours}


def test_other_readers_of_envelopes_accept_ours() -> None:
    """The signature is DSSE's: the library of the update framework verifies it."""
    envelope = Envelope.from_dict(json.loads(TRUE))
    key = SSlibKey.from_crypto(KEY.public_key(), keyid=key_id(BELIEVED[0]))  # it tries only keys of the same name
    assert envelope.verify([key], 1)
    assert json.loads(envelope.payload) == STATEMENT


@pytest.mark.parametrize(
    ("change", "keys", "code"),
    [
        (None, [KEY], 0),
        (None, [OTHER], 1),
        (lambda s: s["predicate"].update(outcome="not_achieved"), [KEY], 1),
        (lambda s: s.pop("subject"), [KEY], 2),
        (None, [], 2),
    ],
)
def test_the_second_verifier_is_a_program(
    change: Callable[[dict[str, Any]], object] | None, keys: list[Ed25519PrivateKey], code: int, tmp_path: Path
) -> None:
    """Its exit code is the answer: 0 only for what is valid and achieved."""
    (tmp_path / "a.json").write_bytes(TRUE if change is None else changed(change))
    named: list[str] = []
    for number, key in enumerate(keys):
        (tmp_path / f"{number}.pem").write_text(pem(key.public_key()))
        named += ["--key", f"{number}.pem"]
    argv = ["node", str(SCRIPT), "a.json", *named, "--workspace", WORKSPACE]
    run = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == code, run.stdout + run.stderr
    assert bool(run.stderr) == (not keys), run.stderr


def test_the_second_verifier_is_short() -> None:
    """Somebody who does not trust us reads all of it."""
    assert len(SCRIPT.read_text().splitlines()) <= 200
