"""Determinism of the incident gym: 1,000 episodes give the same bytes in other processes and other Python versions.

Batches give states, rewards and metrics; worlds alone, which have a code of their own, also what every role sees in
words.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from benchmarks.report import Meter, Row

if TYPE_CHECKING:
    from journeyman.gym.tasks import Tier

EPISODES: Final = 1000
IN_WORDS: Final = 40
"""Episodes per tier that are played again alone."""
OTHER_PYTHONS: Final = ("3.12", "3.13")
_SOURCE: Final = Path(__file__).parents[1] / "src"
_CHILD: Final = "from benchmarks.gym_determinism import digest; print(digest())"


def digest() -> str:
    """Play episodes of all tiers, in batches and alone, and give the hash of all that was seen, paid and left."""
    from journeyman.gym.tasks import Tier  # noqa: PLC0415 - the parent only starts children and needs no gym

    whole = hashlib.sha256()
    share = EPISODES // len(Tier)
    for tier in Tier:
        count = share if tier is not Tier.HARD else EPISODES - 2 * share
        whole.update(_played(tier, count))
        for number in range(IN_WORDS):
            whole.update(_played_in_words(tier, number))
    return whole.hexdigest()


def _actions(count: int, step: int) -> np.ndarray:
    place = np.arange(count * 16).reshape(count, 4, 4)
    return (place * 7 + step * 11 + place // 5) % np.array([8, 6, 17, 5])


def _played(tier: Tier, count: int) -> bytes:
    from journeyman.gym.world import World  # noqa: PLC0415 - as above

    whole, world = hashlib.sha256(), World(tier, count)
    world.reset(np.arange(count, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15))
    for step in range(world.horizon):
        stepped = world.step(_actions(count, step))
        whole.update(stepped.team.astype("<f8").tobytes())
        whole.update(world.observe().sre().metrics.astype("<f8").tobytes())
    for index in range(count):
        whole.update(world.fingerprint(index).encode())
    return whole.digest()


def _played_in_words(tier: Tier, number: int) -> bytes:
    from journeyman.gym.tasks import Split, Task  # noqa: PLC0415 - as above
    from journeyman.gym.text import AgentRole, TextWorld, build_prompt  # noqa: PLC0415 - as above
    from journeyman.gym.text.export import named_moves  # noqa: PLC0415 - as above

    whole, world, step = hashlib.sha256(), TextWorld(Task(tier, Split.TRAIN, number)), 0
    while not world.done:
        rows = _actions(1, step + number)[0]
        paid = world.step(named_moves(rows, world))
        for role in AgentRole:
            seen = world.observe(role)
            whole.update(f"{build_prompt(seen)}{seen!r}{paid[role]!r}".encode())
        step += 1
    return whole.digest()


def run(progress: Meter) -> list[Row]:
    """Compare this Python under two hash seeds, and other versions where uv can make them."""
    progress.start("processes", 2 + len(OTHER_PYTHONS))
    first = _child([sys.executable], hash_seed="1")
    progress.step()
    second = _child([sys.executable], hash_seed="31337")
    progress.step()
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    rows = [
        Row(f"digest, Python {version}", first[:16]),
        Row("the same under another hash seed", str(first == second), "", "True", first == second),
    ]
    for other in OTHER_PYTHONS:
        rows += _other(other, first)
        progress.step()
    return rows


def _other(python_version: str, expected: str) -> list[Row]:
    uv = shutil.which("uv")
    if uv is None or python_version == f"{sys.version_info.major}.{sys.version_info.minor}":
        return []
    with tempfile.TemporaryDirectory() as folder:
        python = str(Path(folder) / "bin" / "python")
        made = subprocess.run(
            [uv, "venv", "-q", "--no-python-downloads", "-p", _interpreter(python_version), folder], check=False
        )
        packages = [f"numpy=={np.__version__}", "rich", "rfc8785", "pydantic", "msgspec", *_numba()]
        if (
            made.returncode
            or subprocess.run([uv, "pip", "install", "-q", "-p", python, *packages], check=False).returncode
        ):
            return [Row(f"Python {python_version}", "not to be had here")]
        same = _child([python], hash_seed="2") == expected
    return [Row(f"the same on Python {python_version}", str(same), "", "True", same)]


def _numba() -> list[str]:
    """The numba of this Python; without one the rules run as plain Python there too."""
    return [f"numba=={version('numba')}"] if find_spec("numba") else []


def _interpreter(version: str) -> str:
    """A Python of this version that pyenv keeps, else the version for uv to find."""
    kept = sorted(Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob(f"versions/{version}.*/bin/python"))
    return str(kept[-1]) if kept else version


def _child(python: list[str], *, hash_seed: str) -> str:
    paths = os.pathsep.join([str(_SOURCE), str(_SOURCE.parent)])
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": paths}
    child = subprocess.run([*python, "-c", _CHILD], env=environment, capture_output=True, text=True, check=True)
    return child.stdout.strip()
