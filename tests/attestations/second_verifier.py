"""The verifier in JavaScript, for many attestations in one process."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

import journeyman.attestations

SCRIPT: Final = Path(journeyman.attestations.__file__).with_name("verify.mjs")
_RUNNER: Final = """
import { createInterface } from "node:readline";
import { createPublicKey } from "node:crypto";
import { pathToFileURL } from "node:url";
const { verify } = await import(pathToFileURL(process.env.VERIFIER));
for await (const line of createInterface({ input: process.stdin })) {
  const { raw, keys, workspace } = JSON.parse(line);
  const found = verify(Buffer.from(raw, "base64"), keys.map((key) => createPublicKey(key)), workspace ?? undefined);
  console.log(JSON.stringify(found));
}
"""


@dataclass(frozen=True, slots=True)
class Vector:
    """One question to a verifier."""

    raw: bytes
    keys: tuple[Ed25519PublicKey, ...]
    workspace: str | None = None


def pem(key: Ed25519PublicKey) -> str:
    """A public key as text."""
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, kind).decode()


def answers(vectors: Sequence[Vector]) -> list[dict[str, object]]:
    """What the verifier in JavaScript says of each."""
    rows = (
        {"raw": base64.b64encode(one.raw).decode(), "keys": [*map(pem, one.keys)], "workspace": one.workspace}
        for one in vectors
    )
    run = subprocess.run(
        ["node", "--input-type=module", "-e", _RUNNER], input="\n".join(map(json.dumps, rows)), check=False,
        capture_output=True, text=True, env={**os.environ, "VERIFIER": str(SCRIPT)}, timeout=100,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    return [cast("dict[str, object]", json.loads(line)) for line in run.stdout.splitlines()]
