"""The file with an evaluator's secret."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from journeyman.mission.values.errors import InvalidInput, NotFound, Problem

_SALT_BYTES: Final = 16
"""Least length of a secret that nobody can guess."""


def read_salt(path: Path | None) -> bytes:
    """The bytes of an evaluator's secret; none without a file."""
    if path is None:
        return b""
    try:
        salt = path.read_bytes()
    except OSError as error:
        raise NotFound(f"cannot read --salt {str(path)!r}: {error.strerror}") from None
    if len(salt) < _SALT_BYTES:
        hint = f"as in: head -c 32 /dev/urandom > {path}"
        message = f"{str(path)!r} has {len(salt)} bytes, a secret needs {_SALT_BYTES}"
        raise InvalidInput("--salt", (Problem(where="", message=message, hint=hint),))
    return salt
