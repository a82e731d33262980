"""Run benchmarks: `python -m benchmarks NAME… [--json]`, `all` for every one, `--list` to see which there are.

Exits 1 when a row does not hold, 2 when there is no such benchmark.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

from rich.console import Console

from benchmarks.report import Meter, Row, as_json, as_table, meter

_HARNESS = {"__init__", "__main__", "report"}


class Benchmark(Protocol):
    """What each module in this directory offers, unless its name starts with `_`."""

    def run(self, progress: Meter) -> list[Row]:
        """Measure, and give the rows."""
        ...


def names() -> list[str]:
    """The names of all benchmarks."""
    found = (file.stem for file in Path(__file__).parent.glob("*.py"))
    return sorted(name for name in found if name not in _HARNESS and not name.startswith("_"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line names and give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure what Journeyman claims.")
    parser.add_argument("name", nargs="*", help="which benchmarks, or `all`")
    parser.add_argument("--json", action="store_true", help="one JSON object per benchmark and line")
    parser.add_argument("--list", action="store_true", help="show which there are")
    options = parser.parse_args(arguments)
    wanted = cast("list[str]", options.name)
    if options.list or not wanted:
        for name in names():
            print(f"{name:20} {_about(name)}")
        return 0
    if unknown := [name for name in wanted if name not in {*names(), "all"}]:
        print(f"no benchmark {unknown[0]!r}; there are: {', '.join(names())}, all", file=sys.stderr)
        return 2
    results = [_run(name, as_lines=options.json) for name in (names() if "all" in wanted else wanted)]
    return 0 if all(results) else 1


def _run(name: str, *, as_lines: bool) -> bool:
    with meter(name) as progress:
        rows = _load(name).run(progress)
    if as_lines:
        print(as_json(name, rows), flush=True)
    else:
        Console().print(as_table(name, rows))
    return all(row.holds for row in rows)


def _load(name: str) -> Benchmark:
    return cast("Benchmark", importlib.import_module(f"benchmarks.{name}"))


def _about(name: str) -> str:
    return (_load(name).__doc__ or "").strip().partition("\n")[0]


if __name__ == "__main__":
    sys.exit(main())
