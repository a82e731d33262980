"""One look at a record in a process of its own, as `python -m benchmarks._reading_process WORDS…`: `read_latency` starts it.

Prints one JSON object: the seconds of the command without the start of Python and its imports, and the most memory that
the process held.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import resource
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any, Final

_MODULES: Final = ("sessions", "reports", "records", "run")
BARE: Final = "SELECT key, hash, body FROM event ORDER BY key DESC LIMIT ?"


def _bare(path: Path, rows: int) -> None:
    """Read rows and leave them, in pages, as any reader of them must."""
    with contextlib.closing(sqlite3.connect(path)) as file:
        cursor = file.execute(BARE, (rows,))
        while cursor.fetchmany(1_000):
            pass


def _command(words: list[str]) -> Any:
    from typer.main import get_command  # noqa: PLC0415  # the bare reader needs none of it

    from journeyman.interfaces.cli.main import app  # noqa: PLC0415

    for name in _MODULES:
        importlib.import_module(f"journeyman.interfaces.cli.{name}")
    return lambda: get_command(app)(words, standalone_mode=False)


def main(words: list[str]) -> None:
    """Do what the words say, and print what it took."""
    work = (lambda: _bare(Path(words[1]), int(words[2]))) if words[0] == "bare" else _command(words)
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        began = time.perf_counter()
        code = work()
        took_s = time.perf_counter() - began
    assert code in (None, 0), (words, code)
    held = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    peak_bytes = sum(held) * 1024  # with the largest process that it started
    print(json.dumps({"seconds": took_s, "peak_bytes": peak_bytes}))


if __name__ == "__main__":
    main(sys.argv[1:])
