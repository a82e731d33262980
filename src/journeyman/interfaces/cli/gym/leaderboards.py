"""`gym eval --leaderboard` and `gym leaderboard`: scores that are handed on, and ranked after they were checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from journeyman.evaluation.episode_log import EpisodeLog, Scored
from journeyman.evaluation.leaderboard import (
    Interval,
    LeaderboardEntry,
    NamedFile,
    beside,
    entry_of,
    ranked,
    read_all,
    read_leaderboard,
    sha256_of,
    write_leaderboard,
)
from journeyman.evaluation.model_trace import trace_path
from journeyman.evaluation.options import PREFIX
from journeyman.gym.evaluate import Estimate
from journeyman.gym.tasks import GENERATOR, Task, split_named, tier_named
from journeyman.interfaces.cli.gym.salts import read_salt
from journeyman.interfaces.cli.rendering import console, table
from journeyman.interfaces.cli.shared import print_json
from journeyman.interfaces.cli.terminal import say
from journeyman.mission.values.canonical import Json
from journeyman.mission.values.errors import InvalidInput, Problem


def check_places(leaderboard: Path | None, output: Path | None, traces: Path | None) -> None:
    """Raise now what writing the leaderboard would raise after everything was played."""
    if leaderboard is None:
        return
    if output is None:
        hint = "--output FILE, which the scores can be checked against"
        raise InvalidInput("--leaderboard", (Problem(where="", message="it needs the episodes", hint=hint),))
    beside(output, leaderboard)
    if traces is not None:
        beside(traces, leaderboard)
    if leaderboard.exists():
        read_leaderboard(leaderboard)


def keep(
    path: Path,
    labels: Mapping[str, str],
    rows: Sequence[Scored],
    split: str,
    numbers: Sequence[int],
    log: EpisodeLog,
    traces: Path | None,
) -> None:
    """Put scores into a leaderboard.

    Args:
        path: of the file.
        labels: how each policy, as given, is called.
        rows: what they scored.
        split: of the tasks …
        numbers: … and their numbers.
        log: the episodes.
        traces: the folder with models' traces.
    """
    given = {label: name for name, label in labels.items()}
    entries: list[LeaderboardEntry] = []
    for row in rows:
        policy = given[row.policy]
        traced = _traced(path, policy, row, split, numbers, traces)
        entries.append(entry_of(row, policy, split, numbers, traced))
    assert log.path is not None  # noqa: S101 - `check_places` has seen to it
    write_leaderboard(path, log.path, log.salt_sha256, entries)
    say(f"wrote {path}", err=True)


def _traced(
    path: Path, policy: str, row: Scored, split: str, numbers: Sequence[int], traces: Path | None
) -> list[NamedFile]:
    if traces is None or not policy.startswith(PREFIX):
        return []
    tier = tier_named(row.tier)
    files = [trace_path(traces, row.policy, Task(tier, split_named(split), one).id) for one in numbers]
    return [NamedFile(path=beside(one, path), sha256=sha256_of(one)) for one in files if one.is_file()]


def rank(files: Sequence[Path], *, salt_file: Path | None, as_json: bool) -> None:
    """Check leaderboards and print their entries, the best first."""
    boards = read_all(files, read_salt(salt_file))
    rows = ranked(boards)
    places = _places([(one.tier, one.split, one.first, one.last) for _, one in rows])
    if as_json:
        found: list[Json] = [
            {"rank": place, **entry.model_dump(mode="json"), "file": str(board.path), "checked": board.verified}
            for place, (board, entry) in zip(places, rows, strict=True)
        ]
        print_json({"generator": GENERATOR, "salt_sha256": boards[0].board.salt_sha256, "entries": found})
        return
    made = table("", "policy", "tier", "tasks", "team score [95 %]", "success", "checked")
    for place, (board, one) in zip(places, rows, strict=True):
        tasks = f"{one.split} {one.first}-{one.last}" + (f", {one.left_out} left out" if one.left_out else "")
        traced = f", {len(one.traces)} traces" if one.traces else ""
        checked = f"yes{traced}" if board.verified else f"no: {board.board.episodes.path} is not there"
        made.add_row(str(place), one.policy, one.tier, tasks, _worded(one.score), f"{one.success.mean:.3f}", checked)
    salt = boards[0].board.salt_sha256
    say(f"generator {GENERATOR}, {'public worlds' if salt is None else f'private worlds, SHA-256 of the salt {salt}'}")
    console().print(made)


def _worded(value: Interval) -> str:
    return str(Estimate(value.mean, value.low, value.high))


def _places(groups: Sequence[tuple[object, ...]]) -> list[int]:
    """Count from 1 in each group of neighbours."""
    places: list[int] = []
    for number, group in enumerate(groups):
        places.append(places[-1] + 1 if number and groups[number - 1] == group else 1)
    return places
