"""Looks at the processes of this machine, for tests that say that some are gone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def _running() -> Iterator[tuple[int, int, int]]:
    """Number, parent and group of each process that is no zombie."""
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = entry.read_text().rpartition(")")[2].split()
            if fields[0] != "Z":
                yield int(entry.parent.name), int(fields[1]), int(fields[2])


def children() -> set[int]:
    """The processes that this one started."""
    return {number for number, parent, _ in _running() if parent == os.getpid()}


def members(group: int) -> int:
    """Count the processes of a group."""
    return sum(found == group for _, _, found in _running())
