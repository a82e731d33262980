"""Planted secrets that the scan of bundles finds, in text and in binaries, and clean files in which it finds none.

Half of the kinds are held out: they were first tried when the scan was done. What was held out before, and was then mended,
is told apart. Clean files are those of the packages that are installed here, and lock files.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks import _planted_secrets as planted
from benchmarks.report import Meter, Row
from journeyman.bundles.secret_scan.scan import secrets_in

SEED: Final = 20_261_123
CLEAN_FILES: Final = 1_000
_MOST_BYTES: Final = 2_000_000
_ROOT: Final = Path(__file__).parents[1]
_EARLIER: Final = (
    planted.FIRST_HELD_OUT, planted.SECOND_HELD_OUT, planted.THIRD_HELD_OUT, planted.FOURTH_HELD_OUT, planted.FIFTH_HELD_OUT,
)  # fmt: skip


def _missed(kinds: dict[str, Callable[[planted.Draw], str]], progress: Meter) -> tuple[int, list[str]]:
    """How many were planted, one of each kind in each carrier, and which were not found."""
    missed: list[str] = []
    count = 0
    for kind, make in kinds.items():
        for carrier, write in planted.CARRIERS.items():
            draw = random.Random(f"{SEED} {kind} {carrier}")
            count += 1
            if not secrets_in("planted", write(draw, make(draw))):
                missed.append(f"{kind} in {carrier}")
            progress.step()
    return count, missed


def clean_files() -> list[Path]:
    """Files of installed packages, drawn from a seed, and every lock file of the project."""
    packages = Path(next(place for place in sys.path if place.endswith("site-packages")))
    found = sorted(
        file
        for file in packages.rglob("*")
        if file.is_file() and file.stat().st_size <= _MOST_BYTES and "__pycache__" not in file.parts
    )
    locks = [*sorted((_ROOT / "requirements").glob("*.lock")), _ROOT / "tests" / "agents" / "package-lock.json"]
    random.Random(SEED).shuffle(found)
    return [*locks, *found[: CLEAN_FILES - len(locks)]]


def _alarmed(files: list[Path], progress: Meter) -> list[str]:
    alarmed: list[str] = []
    for file in files:
        if secrets_in(file.name, file.read_bytes()):
            alarmed.append(file.name)
        progress.step()
    return alarmed


def run(progress: Meter) -> list[Row]:
    """Measure, and give the rows."""
    each = len(planted.CARRIERS)
    progress.start("planted", each * (len(planted.WHILE_BUILDING) + len(planted.HELD_OUT)))
    known, known_missed = _missed(planted.WHILE_BUILDING, progress)
    held_out, held_out_missed = _missed(planted.HELD_OUT, progress)
    earlier = {f"{kind} ({place})": make for place, kinds in enumerate(_EARLIER) for kind, make in kinds.items()}
    progress.start("planted earlier", each * len(earlier))
    mended, mended_missed = _missed(earlier, progress)
    files = clean_files()
    progress.start("clean", len(files))
    alarmed = _alarmed(files, progress)
    planted_count = known + held_out
    found = planted_count - len(known_missed) - len(held_out_missed)
    kinds = len(planted.WHILE_BUILDING) + len(planted.HELD_OUT)
    rows = [
        Row(f"planted secrets of {kinds} kinds in {each} kinds of files", planted_count, "secrets"),
        Row("found", round(found / planted_count * 100, 2), "%", ">= 99", found >= planted_count * 0.99),
        Row("found, of kinds held out", round((1 - len(held_out_missed) / held_out) * 100, 2), "%"),
        Row("found, of kinds held out before", round((1 - len(mended_missed) / mended) * 100, 2), "%", ">= 98",
            len(mended_missed) <= mended * 0.02),
        Row("clean files", len(files), "files"),
        Row("false alarms", round(len(alarmed) / len(files) * 100, 2), "%", "<= 1", len(alarmed) <= len(files) * 0.01),
    ]  # fmt: skip
    missed = [*known_missed, *held_out_missed]
    return [*rows, Row("missed", ", ".join(missed[:10]) or "none"), Row("alarmed", ", ".join(alarmed[:10]) or "none")]
