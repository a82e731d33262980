"""Writes files that only their owner may read, whole or not at all."""

from __future__ import annotations

from pathlib import Path

from journeyman.stores.whole_files import replacing_file


def write_private(path: Path, text: str) -> None:
    """Put a text in the place of whatever is there: a draft beside it, made durable, takes its name. Raises `OSError`.

    What is there and is no file, such as `/dev/stdout` or a pipe, is written to as it is.
    """
    write_private_bytes(path, text.encode())


def write_private_bytes(path: Path, data: bytes) -> None:
    """As `write_private`, of bytes."""
    if path.exists() and not path.is_file() and not path.is_dir():
        path.write_bytes(data)
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with replacing_file(path) as file:
        file.write(data)
