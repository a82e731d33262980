"""Tampering with workspace, tests, contract, record, attestation, evidence and keys, by the threat model's two attackers.

Each class is tried in several drawn instances with the real commands. What `docs/guard.md` says is held must be accepted
never; the rest is listed with how often it was. `GUARD_TAMPER_TRIES=3` makes fewer tries of each class.
"""

from __future__ import annotations

import os
import random
import tempfile
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Final

from benchmarks.report import Meter, Row
from benchmarks.tampering.classes import Tampering
from benchmarks.tampering.of_the_records import OF_THE_RECORDS
from benchmarks.tampering.of_the_work import OF_THE_WORK
from benchmarks.tampering.of_what_was_signed import OF_WHAT_WAS_SIGNED
from benchmarks.tampering.site import Site

TRIES: Final = int(os.environ.get("GUARD_TAMPER_TRIES", "8"))
WORKERS: Final = 2
TAMPERINGS: Final = (*OF_THE_WORK, *OF_WHAT_WAS_SIGNED, *OF_THE_RECORDS)
_SITES: Final = dict[str, Site]()
"""The site of this process, by the folder that all sites are in."""


def run(progress: Meter) -> list[Row]:
    """Try, and give the rows."""
    accepted = [0] * len(TAMPERINGS)
    with tempfile.TemporaryDirectory(prefix="tampering-") as name, ProcessPoolExecutor(WORKERS) as pool:
        progress.start("tries", TRIES * len(TAMPERINGS))
        known = {pool.submit(tries_of, index, name): index for index in range(len(TAMPERINGS))}
        for done in as_completed(known):
            accepted[known[done]] = done.result()
            progress.step(TRIES)
    rows = [_row(one, count) for one, count in zip(TAMPERINGS, accepted, strict=True)]
    held = [count for one, count in zip(TAMPERINGS, accepted, strict=True) if not one.out_of_reach]
    total = Row(
        f"accepted of {TRIES} tries of each of {len(held)} classes that are held",
        sum(held),
        "tries",
        "= 0",
        sum(held) == 0,
    )
    return [Row("classes of tampering", len(TAMPERINGS), "classes", ">= 18", len(held) >= 18), total, *rows]


def tries_of(index: int, place: str) -> int:
    """How many tries of a class were accepted."""
    site = _SITES.get(place)
    if site is None:
        site = _SITES[place] = Site(Path(place) / str(os.getpid()))
        site.build()
    return sum(try_once(TAMPERINGS[index], site, number) for number in range(TRIES))


def try_once(one: Tampering, site: Site, number: int) -> bool:
    """Tell whether one try of a class was accepted: the same each time."""
    return one.tries(site, random.Random(f"{one.name} {number}"), number)


def _row(one: Tampering, count: int) -> Row:
    what = f"{one.attacker}: {one.name}"
    if one.out_of_reach:
        return Row(f"{what} (out of reach: {one.out_of_reach})", count, f"of {TRIES} accepted")
    return Row(what, count, f"of {TRIES} accepted", "= 0", count == 0)
