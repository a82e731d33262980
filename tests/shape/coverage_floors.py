"""Compares the branches that tests take with the floors in `pyproject.toml`, which only rise.

Run as `python -m tests.shape.coverage_floors` by `make test COVERAGE=1`.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
MEASURED: Final = ROOT / ".build" / "coverage.json"
MOST_ABOVE: Final = 1.0
"""Points by which a floor may lie below what is measured; runs differ by some tenths of one."""


def branch_percentages(measured: Mapping[str, Any], packages: list[str]) -> dict[str, float]:
    """The share of branches taken in each package, in per cent; 0 where nothing of it was measured."""
    found: dict[str, float] = {}
    for package in packages:
        sums = [row["summary"] for name, row in measured["files"].items() if f"/journeyman/{package}/" in name]
        branches = sum(row["num_branches"] for row in sums)
        found[package] = 100 * sum(row["covered_branches"] for row in sums) / branches if branches else 0.0
    return found


def below(found: Mapping[str, float], floors: Mapping[str, float]) -> list[str]:
    """What lies below its floor, for people."""
    return [
        f"{package}: {percent:.1f} % of the branches are taken, below the floor of {floors[package]}; add tests"
        for package, percent in found.items()
        if percent < floors[package]
    ]


def above(found: Mapping[str, float], floors: Mapping[str, float]) -> list[str]:
    """Which floors are to be raised, for people."""
    return [
        f"{package}: {percent:.1f} % of the branches are taken; raise its floor from {floors[package]}"
        for package, percent in found.items()
        if percent > floors[package] + MOST_ABOVE
    ]


def main() -> int:
    """Print what was measured, and what is wrong with it; only what lies below its floor is a failure."""
    floors: dict[str, float] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["journeyman"][
        "branch_coverage"
    ]
    found = branch_percentages(json.loads(MEASURED.read_text("utf-8")), list(floors))
    sys.stdout.write("".join(f"{package}: {percent:.1f} % of branches\n" for package, percent in found.items()))
    low = below(found, floors)
    sys.stdout.write("".join(f"{line}\n" for line in [*low, *above(found, floors)]))
    return len(low)


if __name__ == "__main__":
    sys.exit(main())
