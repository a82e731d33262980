"""Files of `journeyman gym eval`: logs with a line for each episode, and traces of what models did in one."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from journeyman.mission.values.errors import InvalidInput, NotFound, Problem

_MOST_FILES: Final = 1_000
_MOST_BYTES: Final = 50_000_000


@dataclass(frozen=True, slots=True)
class EpisodeFile:
    """One file, relative to the folder."""

    name: str
    is_trace: bool
    bytes: int


@dataclass(frozen=True, slots=True)
class LoggedEpisode:
    """One line of a log."""

    policy: str
    task_id: str
    score: float
    roles: tuple[float, ...]
    succeeded: bool
    steps: int
    availability: float
    caught: int
    rogues: int
    private: bool
    """Whether its world was made with a secret, so that nobody else can make it again."""


def episode_files(folder: Path) -> list[EpisodeFile]:
    """The logs and traces below a folder. Blocks."""
    found: list[EpisodeFile] = []
    for path in sorted(folder.rglob("*.jsonl"))[:_MOST_FILES]:
        try:
            with path.open("rb") as file:
                first: Any = json.loads(file.readline(_MOST_BYTES))
            if isinstance(first, dict) and {"policy", "task_id"} <= first.keys():
                found.append(
                    EpisodeFile(str(path.relative_to(folder)), is_trace="score" not in first, bytes=path.stat().st_size)
                )
        except (OSError, ValueError):
            continue  # another program's
    return found


def episode_file(folder: Path, name: str) -> Path:
    """A file below the folder, also after links; raises `NotFound`."""
    root = folder.resolve()
    with suppress(OSError, ValueError):
        path = (root / name).resolve()
        if path.is_relative_to(root) and path.suffix == ".jsonl" and path.is_file():
            return path
    raise NotFound(f"there is no log or trace {name!r} here; the page of the gym lists those that there are")


def logged_episodes(path: Path) -> list[LoggedEpisode]:
    """The episodes of a log; what a run that was cut left behind its last whole line is passed over. Blocks.

    Raises `InvalidInput` for a line that is no episode.
    """
    with path.open("rb") as file:
        whole, _, _ = file.read(_MOST_BYTES).rpartition(b"\n")
    found: list[LoggedEpisode] = []
    for number, line in enumerate(whole.splitlines(), 1):
        try:
            row: dict[str, Any] = json.loads(line)
            found.append(
                LoggedEpisode(
                    policy=str(row["policy"]),
                    task_id=str(row["task_id"]),
                    score=float(row["score"]),
                    roles=tuple(float(one) for one in row["roles"]),
                    succeeded=bool(row["succeeded"]),
                    steps=int(row["steps"]),
                    availability=float(row["availability"]),
                    caught=int(row["caught"]),
                    rogues=int(row["rogues"]),
                    private="salt_sha256" in row,
                )
            )
        except (ValueError, LookupError, TypeError):
            raise InvalidInput(path.name, (Problem(where="", message="is no episode", line=number),)) from None
    return found
