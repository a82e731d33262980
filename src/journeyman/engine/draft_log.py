"""The audit of drafts, which belong to no session: a file of JSON lines, each durable before the next step is taken."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from journeyman.engine.clock import Clock, stamp
from journeyman.mission.values.canonical import JsonObject, canonical
from journeyman.mission.values.errors import Unavailable
from journeyman.stores.files import sync_folder

if sys.platform != "win32":
    import fcntl

NAME: Final = "drafts.jsonl"
"""In a tenant's folder: two lines for each question to a model that a draft asked, without any text of it."""


@dataclass(frozen=True, slots=True)
class DraftLog:
    """Appends lines to a file; several processes may do so at once."""

    path: Path
    clock: Clock

    def append(self, row: JsonObject) -> None:
        """Make one line durable; raise `Unavailable` where it cannot be, so that nobody is asked without an audit.

        A line is one write at the end of the file. Where a process was killed in the middle of its line, the next one
        begins on a new line, so that no other line is lost with it.
        """
        line = canonical({"at": stamp(self.clock.now()), **row}) + b"\n"
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            new = not self.path.exists()
            descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(descriptor, "rb+", buffering=0) as file:
                if sys.platform != "win32":  # a line that another process is writing would look torn
                    fcntl.flock(file, fcntl.LOCK_EX)
                size = file.seek(0, os.SEEK_END)
                torn = size > 0 and os.pread(file.fileno(), 1, size - 1) != b"\n"
                file.write(b"\n" + line if torn else line)
                os.fsync(file.fileno())
            if new:
                sync_folder(self.path.parent)
        except OSError as error:
            raise Unavailable(
                f"cannot write the audit of drafts {str(self.path)!r}: {error.strerror}; check its owner and free space"
            ) from None
