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
