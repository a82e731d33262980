"""What a stop hook costs beyond an empty Python: where no guard is, where one is, and for a folder of 50,000 files.

Each hook is timed beside `python -c pass`, the two taking turns, so that both see the same machine; the differences count.
The guarded folder asks for one file only, so that what is left is the hook's own time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks.report import Meter, Row
from journeyman.workspaces.digest import glance_workspace

PAIRS: Final = 40
FOLDERS: Final = 500
FILES_EACH: Final = 100
LOOKS: Final = 5
NO_GUARD_MS: Final = 60.0
GUARD_MS: Final = 150.0
GLANCE_S: Final = 1.5
_HOOK: Final = (sys.executable, "-m", "journeyman", "guard", "hook", "claude-code")
_EMPTY: Final = (sys.executable, "-c", "pass")
_SETTLED_S: Final = 2.1
"""Files younger than this are read again: their times could be those of two contents."""


def run(progress: Meter) -> list[Row]:
    """Measure all three."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        environment = {**os.environ, "JOURNEYMAN_DATA_DIR": str(root / "data"), "PYTHONDONTWRITEBYTECODE": "1"}
        progress.start("stops without a guard", PAIRS)
        (root / "plain").mkdir()
        without = _differences_ms(root / "plain", environment, progress)
        progress.start("stops with a guard", PAIRS)
        guarded = _guarded(root / "guarded", environment)
        with_guard = _differences_ms(guarded, environment, progress)
        progress.start(f"{FOLDERS * FILES_EACH:,} files", LOOKS)
        glance_s = _glances_s(_many_files(root / "many"), root / "cache", progress)
    return [
        *_rows("no guard", without, NO_GUARD_MS),
        *_rows("a guard whose check costs nothing", with_guard, GUARD_MS),
        Row(
            f"slowest of {LOOKS - 1} glances at {FOLDERS * FILES_EACH:,} files",
            round(glance_s, 3),
            "s",
            f"<= {GLANCE_S}",
            glance_s <= GLANCE_S,
        ),
    ]


def _rows(what: str, found_ms: Sequence[float], most_ms: float) -> list[Row]:
    ordered = sorted(found_ms)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return [
        Row(f"{what}: median over an empty Python", round(ordered[len(ordered) // 2], 1), "ms"),
        Row(f"{what}: p95 over an empty Python", round(p95, 1), "ms", f"<= {most_ms:g}", p95 <= most_ms),
    ]


def _differences_ms(folder: Path, environment: Mapping[str, str], progress: Meter) -> list[float]:
    payload = json.dumps({"session_id": "bench", "cwd": str(folder), "hook_event_name": "Stop"}).encode()
    found: list[float] = []
    for _ in range(PAIRS):
        empty_s = _taken_s(_EMPTY, b"", folder, environment)
        found.append((_taken_s(_HOOK, payload, folder, environment) - empty_s) * 1000)
        progress.step()
    return found


def _taken_s(command: Sequence[str], given: bytes, folder: Path, environment: Mapping[str, str]) -> float:
    began_s = time.perf_counter()
    subprocess.run(command, input=given, cwd=folder, env=environment, check=True, capture_output=True)
    return time.perf_counter() - began_s


def _guarded(folder: Path, environment: Mapping[str, str]) -> Path:
    folder.mkdir()
    (folder / "guard.yaml").write_text("criteria: [{id: there, kind: artifact, path: guard.yaml}]\n")
    pin = [sys.executable, "-m", "journeyman", "guard", "pin", "--yes"]
    subprocess.run(pin, cwd=folder, env=environment, check=True, capture_output=True)
    return folder


def _many_files(root: Path) -> Path:
    for folder in range(FOLDERS):
        place = root / f"d{folder}"
        place.mkdir(parents=True)
        for name in range(FILES_EACH):
            (place / f"f{name}.txt").write_text(f"{folder} {name}\n" * 20)
    for words in (("init", "-q"), ("add", "-A")):
        subprocess.run(["git", *words], cwd=root, check=True, capture_output=True)
    return root


def _glances_s(root: Path, cache: Path, progress: Meter) -> float:
    """The slowest look but the first, which fills the cache."""
    time.sleep(_SETTLED_S)
    taken: list[float] = []
    for _ in range(LOOKS):
        began_s = time.perf_counter()
        assert glance_workspace(root, cache).digest
        taken.append(time.perf_counter() - began_s)
        progress.step()
    return max(taken[1:])
