"""What goes over the pipes between an evaluation and an isolated policy: a kind, a length, and so many bytes.

Observations are the records of `Visible` as they lie in memory: both sides run the same sources on the same machine.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import BinaryIO, Final

_HEAD: Final = struct.Struct("<BQ")
ERROR_BYTES: Final = 4000
"""Most that is read of what a policy says of its failure."""


class Kind(IntEnum):
    """What a frame is."""

    BEGIN = 0
    """To the policy: JSON with the number of fresh worlds and their padded width."""
    ACT = 1
    """To the policy: observations; from it: actions as 64-bit integers."""
    FAILED = 2
    """From the policy: what it raised."""


class Garbage(Exception):
    """What was read is no frame that may come here."""


def write_frame(pipe: BinaryIO, kind: Kind, payload: bytes) -> None:
    """Send one frame."""
    pipe.write(_HEAD.pack(kind, len(payload)))
    pipe.write(payload)
    pipe.flush()


def read_frame(pipe: BinaryIO, most_bytes: int | None = None) -> tuple[int, bytes]:
    """The next frame.

    Raises:
        EOFError: the other side is gone.
        Garbage: it announces more than `most_bytes`.
    """
    kind, length = _HEAD.unpack(_read(pipe, _HEAD.size))
    if most_bytes is not None and length > most_bytes:
        raise Garbage(f"it announces {length:,} bytes where at most {most_bytes:,} may come")
    return kind, _read(pipe, length)


def _read(pipe: BinaryIO, count: int) -> bytes:
    whole = pipe.read(count)
    if len(whole) < count:
        raise EOFError
    return whole
