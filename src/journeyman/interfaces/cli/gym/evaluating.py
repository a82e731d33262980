"""`gym eval`: plays tasks in batches, keeps each episode as a line, and says means with their intervals."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, cast

import typer

from journeyman.gym.actions import Role
from journeyman.gym.evaluate import Episode, Estimate, Summary, play, summary
from journeyman.gym.tasks import MAX_NUMBER, Split, Task, Tier
from journeyman.interfaces.cli.gym.plots import check_plots, plot_summaries
from journeyman.interfaces.cli.gym.teams import SPLITS, TIERS, TeamFor, bar, team_for
from journeyman.interfaces.cli.rendering import console, table
from journeyman.interfaces.cli.shared import print_json
from journeyman.mission.errors import InvalidInput, NotFound, Problem
from journeyman.mission.record.canonical import Json

BATCH: Final = 16
"""Tasks played together: always the same sixteen, so that a policy that draws does so alike however a run was cut."""
Key = tuple[str, str]
"""Policy and task id."""


def evaluate(
    policies: Sequence[str],
    tiers: Sequence[str],
    split: str,
    seeds: str,
    *,
    output: Path | None,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Play what is not yet in `output`, then print the summaries."""
    if plot is not None:
        check_plots(plot)
    numbers = numbers_of(seeds)
    teams = {name: team_for(name) for name in policies}
    kept = Kept(output)
    rows: list[tuple[str, str, Summary]] = []
    with bar() as progress:
        for name, make in teams.items():
            for tier in dict.fromkeys(tiers):
                wanted = [Task(TIERS[tier], SPLITS[split], number) for number in numbers]
                shown = progress.add_task(f"{name}, {tier}", total=len(wanted))
                _fill(kept, name, make, wanted, lambda count, shown=shown: progress.advance(shown, count))
                rows.append((name, tier, summary([kept.episodes[name, one.id] for one in wanted])))
    if plot is not None:
        plot_summaries(rows, plot)
        typer.echo(f"wrote {plot}", err=True)
    if as_json:
        print_json({"split": split, "first": numbers[0], "last": numbers[-1], "results": [plain(*row) for row in rows]})
    else:
        _print(rows, split)


def numbers_of(seeds: str) -> range:
    """Give the task numbers that `N` or `A-B` means."""
    first, dash, last = seeds.partition("-")
    if first.isascii() and first.isdigit() and (not dash or (last.isascii() and last.isdigit())):
        found = range(int(first), int(last) + 1) if dash else range(int(first))
        if found and found[-1] <= MAX_NUMBER and len(found) <= 1_000_000:
            return found
    problem = Problem(where="", message=f"{seeds!r} names no tasks", hint="as in 100, or 200-299; at most a million")
    raise InvalidInput("--seeds", (problem,))


class Kept:
    """Episodes by policy and task, also as lines of a file."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.episodes: dict[Key, Episode] = {}
        if path is not None and path.exists():
            self._read(path)

    def add(self, policy: str, episodes: Sequence[Episode]) -> None:
        """Take episodes in; they are on disk when this returns."""
        self.episodes |= {(policy, one.task_id): one for one in episodes}
        if self._path is None:
            return
        lines = "".join(json.dumps({"policy": policy, **one.row()}) + "\n" for one in episodes)
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(lines)
        except OSError as error:
            raise NotFound(f"cannot write {str(self._path)!r}: {error.strerror}; choose another --output") from None

    def _read(self, path: Path) -> None:
        try:
            whole = path.read_text("utf-8")
        except (OSError, ValueError) as error:
            raise NotFound(f"cannot read {str(path)!r}: {error}; choose another --output") from None
        lines = whole.split("\n")
        if lines[-1]:  # a run was cut in the middle of a line: that episode is played again
            path.write_text(whole[: len(whole) - len(lines[-1])], "utf-8")
        for number, line in enumerate(lines[:-1], 1):
            try:
                row = cast("dict[str, Any]", json.loads(line))
                policy = str(row.pop("policy"))
                row["roles"] = tuple(row["roles"])
                episode = Episode(**row)
            except (ValueError, TypeError, KeyError, AttributeError):
                problem = Problem(where="", message="is no episode", hint="choose another --output", line=number)
                raise InvalidInput(str(path), (problem,)) from None
            self.episodes[policy, episode.task_id] = episode


def _fill(kept: Kept, name: str, make: TeamFor, wanted: Sequence[Task], advance: Callable[[int], None]) -> None:
    batches: dict[int, list[Task]] = {}
    for one in wanted:
        batches.setdefault(one.number // BATCH, []).append(one)
    for batch, some in batches.items():
        missing = {one.id for one in some if (name, one.id) not in kept.episodes}
        if missing:
            # A plan is made per task, so only the missing; who draws needs the same worlds around it each time.
            whole = [one for one in some if one.id in missing] if name == "oracle" else _whole(some[0], batch)
            played = play(make(whole, batch), whole)
            kept.add(name, [one for one in played if one.task_id in missing])
        advance(len(some))


def _whole(one: Task, batch: int) -> list[Task]:
    return [Task(Tier(one.tier), Split(one.split), number) for number in range(batch * BATCH, (batch + 1) * BATCH)]


def plain(policy: str, tier: str, found: Summary) -> dict[str, Json]:
    """Give a summary as JSON."""
    return {
        "policy": policy,
        "tier": tier,
        "episodes": found.episodes,
        "success": _interval(found.success),
        "score": _interval(found.score),
        "steps_to_success": _interval(found.steps_to_success),
        "roles": {role.label: _interval(found.roles[role]) for role in Role},
        "rogue_recall": _interval(found.rogue_recall),
        "false_flags": _interval(found.false_flags),
    }


def _interval(value: Estimate | None) -> Json:
    return None if value is None else {"mean": value.mean, "low": value.low, "high": value.high}


def _print(rows: Sequence[tuple[str, str, Summary]], split: str) -> None:
    made = table("", *(f"{name}, {tier}" for name, tier, _ in rows))
    found = [row[2] for row in rows]
    made.add_row("success", *(str(one.success) for one in found))
    made.add_row("steps to success (MTTR)", *(_or_none(one.steps_to_success) for one in found))
    made.add_row("team score", *(str(one.score) for one in found))
    for role in Role:
        made.add_row(f"score of {role.label}", *(str(one.roles[role]) for one in found))
    made.add_row("rogues caught", *(_or_none(one.rogue_recall) for one in found))
    made.add_row("false flags per episode", *(str(one.false_flags) for one in found))
    typer.echo(f"{found[0].episodes} {split} tasks each; mean [95 % bootstrap interval]")
    console().print(made)


def _or_none(value: Estimate | None) -> str:
    return "none" if value is None else str(value)
