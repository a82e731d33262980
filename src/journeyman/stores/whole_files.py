"""Files that only their owner may read and that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import BinaryIO

from journeyman.stores.files import sync_folder


@contextlib.contextmanager
def replacing_file(path: Path) -> Generator[BinaryIO]:
    """A draft beside `path`, which takes its name at the end, durably, or is removed after a failure. Raises `OSError`."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", dir=path.parent)  # readable by its owner only
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(path.absolute().parent)


def write_new_file(path: Path, data: bytes) -> None:
    """Write a file that must not be there yet, and the folders above it, all for its owner alone. Raises `OSError`."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
