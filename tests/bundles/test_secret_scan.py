"""What is found, where, and what is not: by form, by place, and in what else it may be written."""

from __future__ import annotations

import gzip
import io
import random
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import _planted_secrets as planted
from journeyman.bundles.secret_scan import readings
from journeyman.bundles.secret_scan.randomness import is_random
from journeyman.bundles.secret_scan.scan import redacted, secrets_in

KINDS = planted.WHILE_BUILDING | planted.FIRST_HELD_OUT
TOKEN = "ghp_" + "aZ3bY9cX1dW8eV2fU7gT4hS6iR5jQ0kPlOmN"


@pytest.mark.parametrize("kind", KINDS)
def test_a_secret_is_found_in_whatever_carries_it(kind: str) -> None:
    """Of a fixed seed: what is found by chance is for the benchmark."""
    draw = random.Random(f"{kind} 7")  # noqa: S311  # a seed, no secret
    secret = KINDS[kind](draw)
    for carrier, write in planted.CARRIERS.items():
        assert secrets_in("planted", write(draw, secret)), carrier


def test_file_line_and_kind_are_told_and_the_secret_is_not() -> None:
    """Also in an archive in an archive."""
    [one] = secrets_in("notes.txt", f"first\nsecond {TOKEN}\n".encode())
    assert (one.path, one.line) == ("notes.txt", 2)
    assert TOKEN not in repr(one)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("inner/log.gz", gzip.compress(f"a\nb\n{TOKEN}\n".encode()))
    [one] = secrets_in("out.zip", out.getvalue())
    assert (one.path, one.line, one.span) == ("out.zip!inner/log.gz", 3, None)


@pytest.mark.parametrize(
    "text",
    [
        'token = "ghp_' + "EXAMPLE" * 5 + 'x"', "AKIA" + "IOSFODNN7EXAMPLE", "password: changeme", "password = os.environ['DB']",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", '"id": "msg_01XFDUDYJgAACzvnptvVoYEL"',
        "integrity sha512-WKrRrpKaEZkHcHkEiQRJ2ePMy0nLPHbK5C2ZQnLz0XqqpVOFhwrVAAaNkGSqC1dvkFVJZf0Dkw1Fak0tG3Ro6A==",
        "script-src 'sha256-l/K0lWl3eNQ2LlZv/jKP1xGTOnz6IicYJBQbJHsdHhQ='; img-src data:",
        "script-src 'sha384-oqVuAfXRKap7fdgcCY5uykM6+R9GqQ8K/uxy9rx7HNQlGYl1kPzQho1wx4JwY8wC'",
        "https://user:password@host/", "getElementsByClassNameAndAttribute", "commit 3f2a9c4e5d6b7a8f9e0d1c2b3a4f5e6d7c8b9a0f",
        "toolu_01A09q90qw90lq917835lq9", "123e4567-e89b-42d3-a456-426614174000", "_ZNSt6vectorIlSaIlEEC4EmRKlRKS0_",
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----", "token_id = 5", "secret_name: my-database-password",
    ],
)  # fmt: skip
def test_examples_hashes_ids_and_names_are_no_secrets(text: str) -> None:
    """Each of these stands in every other repository."""
    assert secrets_in("f", text.encode()) == []


def test_a_line_cannot_ask_to_be_passed_over() -> None:
    """As detect-secrets' own reader lets it: the agent wrote the line."""
    assert secrets_in("uv.lock", f"{TOKEN}  # pragma: allowlist secret".encode())


def test_what_cannot_be_looked_into_is_a_finding() -> None:
    """An archive that is encrypted, of an unknown kind, or larger than anybody may unpack."""
    assert "cannot be opened" in secrets_in("a.7z", b"7z\xbc\xaf\x27\x1c" + b"\0" * 100)[0].kind
    small = readings.MOST_UNPACKED_BYTES
    bomb = gzip.compress(b"\0" * (small + 1), 1)
    assert "when unpacked" in secrets_in("bomb.gz", bomb)[0].kind


@given(st.binary(max_size=3000))
def test_no_bytes_are_too_strange(data: bytes) -> None:
    """It never fails, and every span lies in the file."""
    for one in secrets_in("f", data):
        assert one.line >= 1
        assert one.span is None or 0 <= one.span[0] < one.span[1] <= len(data)


@given(st.text(max_size=60), st.text(max_size=60), st.sampled_from(["utf-8", "utf-16-le"]))
def test_a_replaced_secret_is_gone_and_all_else_stays(before: str, after: str, encoding: str) -> None:
    """Byte for byte around it."""
    secret = f" {TOKEN} \n"
    data = (
        (before + "\n").encode("utf-8", "replace") + secret.encode(encoding) + ("\n" + after).encode("utf-8", "replace")
    )
    clean = redacted(data, secrets_in("f", data))
    assert clean is not None
    assert TOKEN.encode() not in clean
    assert TOKEN.encode("utf-16-le") not in clean
    assert "[redacted: ".encode(encoding) in clean


def test_drawn_texts_are_told_from_names() -> None:
    """The share of drawn ones that is not told stays under one in a hundred."""
    draw = random.Random(3)  # noqa: S311  # a seed, no secret
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    missed = sum(not is_random("".join(draw.choices(letters, k=32))) for _ in range(2000))
    assert missed < 20
    names = [
        "test_that_nothing_else_changes_1",
        "PyObject_CallFunctionObjArgs",
        "HTTPSConnectionPool",
        "libfoo-1.2.3-x86_64-linux-gnu",
    ]
    assert secrets_in("f", " ".join(names).encode()) == []
