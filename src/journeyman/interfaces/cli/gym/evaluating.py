"""`gym eval`: plays tasks in batches, keeps each episode as a line, and says means with their intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias, cast

import typer

from journeyman.evaluation.episode_log import EpisodeLog, Scored
from journeyman.evaluation.options import PREFIX
from journeyman.evaluation.policies import SPLITS, TIERS, TeamFor, play_all, team_for
from journeyman.evaluation.usage import ModelUsage
from journeyman.gym.actions import Role
from journeyman.gym.evaluate import Estimate
from journeyman.gym.tasks import MAX_NUMBER, Task
from journeyman.interfaces.cli.gym.plots import check_plots, plot_summaries
from journeyman.interfaces.cli.gym.progress_bar import bar
from journeyman.interfaces.cli.rendering import console, table
from journeyman.interfaces.cli.shared import NOT_ACHIEVED, print_json
from journeyman.interfaces.cli.terminal import say
from journeyman.mission.values.canonical import Json
from journeyman.mission.values.errors import InvalidInput, NotFound, Problem

if TYPE_CHECKING:
    from journeyman.evaluation.model_run import ModelRunReport  # brings the advisors, which only models need

Wanted: TypeAlias = Sequence[tuple[str, Sequence[Task]]]
PlayModels: TypeAlias = "Callable[[Wanted, EpisodeLog], ModelRunReport]"
_SALT_BYTES: Final = 16
"""Least length of a secret that nobody can guess."""


def evaluate(
    policies: Sequence[str],
    tiers: Sequence[str],
    split: str,
    seeds: str,
    *,
    output: Path | None,
    plot: Path | None,
    as_json: bool,
    models: PlayModels | None = None,
    salt_file: Path | None = None,
) -> None:
    """Play what is not yet in `output`, then print the summaries.

    Args:
        policies: their names.
        tiers: the tiers by name.
        split: which tasks …
        seeds: … and their numbers.
        output: keeps episodes.
        plot: gets a picture.
        as_json: whether JSON is printed.
        models: plays the policies that are advisors.
        salt_file: holds the secret that makes the worlds private.
    """
    if plot is not None:
        check_plots(plot)
    numbers = numbers_of(seeds)
    teams = {name: team_for(name) for name in policies if not name.startswith(PREFIX)}
    salt = read_salt(salt_file)
    log = EpisodeLog(output, salt)
    log.check()
    wanted = {
        (name, tier): [Task(TIERS[tier], SPLITS[split], number, salt) for number in numbers]
        for name in dict.fromkeys(policies)
        for tier in dict.fromkeys(tiers)
    }
    advised = [(name, some) for (name, _), some in wanted.items() if name not in teams]
    report = None
    try:
        if models is not None and advised:
            report = models(advised, log)
        _play_teams(log, teams, wanted)
    except KeyboardInterrupt:
        if output is not None:
            say(f"what was played is in {output}; the same command goes on from there", err=True)
        raise
    labels = {} if report is None else report.labels
    rows = [row for (name, tier), some in wanted.items() if (row := log.scored(labels.get(name, name), tier, some))]
    if rows and plot is not None:
        plot_summaries(rows, plot)
        say(f"wrote {plot}", err=True)
    if as_json:
        asked: dict[str, Json] = {"split": split, "first": numbers[0], "last": numbers[-1]}
        asked |= {} if log.salt_sha256 is None else {"salt_sha256": log.salt_sha256}
        print_json({**asked, "results": [plain(row) for row in rows]})
    elif rows:
        _print(rows, split)
    if report is not None:
        tell(report, output)


def read_salt(path: Path | None) -> bytes:
    """The bytes of an evaluator's secret; none without a file."""
    if path is None:
        return b""
    try:
        salt = path.read_bytes()
    except OSError as error:
        raise NotFound(f"cannot read --salt {str(path)!r}: {error.strerror}") from None
    if len(salt) < _SALT_BYTES:
        hint = f"as in: head -c 32 /dev/urandom > {path}"
        message = f"{str(path)!r} has {len(salt)} bytes, a secret needs {_SALT_BYTES}"
        raise InvalidInput("--salt", (Problem(where="", message=message, hint=hint),))
    return salt


def _play_teams(
    log: EpisodeLog, teams: Mapping[str, TeamFor], wanted: Mapping[tuple[str, str], Sequence[Task]]
) -> None:
    with bar() as progress:
        for (name, tier), some in wanted.items():
            if name in teams:
                shown = progress.add_task(f"{name}, {tier}", total=len(some))
                play_all(log, name, teams[name], some, partial(progress.advance, shown))


def tell(report: ModelRunReport, output: Path | None) -> None:
    """Say what models used and what was left out, and end with 1 where something was."""
    used = report.used
    if used.calls:
        say(f"this run: {_spent(used)}", err=True)
    for name, why in report.stopped.items():
        say(f"{name} stopped early: {why}", err=True)
    if not report.left_out:
        return
    reasons = ", ".join(f"{reason}: {count}" for reason, count in report.left_out.most_common())
    how = "the same command plays them" if output is not None else "--output FILE keeps what is played for a rerun"
    count = report.left_out.total()
    some = "1 episode is" if count == 1 else f"{count} episodes are"
    say(f"{some} left out, not scored ({reasons}); {how}", err=True)
    raise typer.Exit(NOT_ACHIEVED)


def dollars(usage: ModelUsage) -> str:
    """Word a cost."""
    count = usage.unpriced_calls
    unknown = f"{count:,} call{'s' if count > 1 else ''} of unknown price" if count else ""
    known = f"${usage.priced_usd:,.4f}" if usage.priced_usd or not count else ""
    return " and ".join(part for part in (known, unknown) if part)


def _spent(usage: ModelUsage) -> str:
    tokens = f"{usage.input_tokens:,} tokens in, {usage.output_tokens:,} out"
    return f"{usage.calls:,} calls, {tokens}, {dollars(usage)}"


def numbers_of(seeds: str) -> range:
    """The task numbers that `N` or `A-B` means."""
    first, dash, last = seeds.partition("-")
    if first.isascii() and first.isdigit() and (not dash or (last.isascii() and last.isdigit())):
        found = range(int(first), int(last) + 1) if dash else range(int(first))
        if found and found[-1] <= MAX_NUMBER and len(found) <= 1_000_000:
            return found
    problem = Problem(where="", message=f"{seeds!r} names no tasks", hint="as in 100, or 200-299; at most a million")
    raise InvalidInput("--seeds", (problem,))


def plain(row: Scored) -> dict[str, Json]:
    """A summary as JSON."""
    found = row.found
    return {
        "policy": row.policy,
        "tier": row.tier,
        "episodes": found.episodes,
        "left_out": row.left_out,
        "success": _interval(found.success),
        "score": _interval(found.score),
        "steps_to_success": _interval(found.steps_to_success),
        "roles": {role.label: _interval(found.roles[role]) for role in Role},
        "rogue_recall": _interval(found.rogue_recall),
        "false_flags": _interval(found.false_flags),
        "usage": None if row.usage is None else cast("Json", asdict(row.usage)),
    }


def _interval(value: Estimate | None) -> Json:
    return None if value is None else {"mean": value.mean, "low": value.low, "high": value.high}


def _print(rows: Sequence[Scored], split: str) -> None:
    made = table("", *(f"{row.policy}, {row.tier}" for row in rows))
    found = [row.found for row in rows]
    made.add_row("success", *(str(one.success) for one in found))
    made.add_row("steps to success (MTTR)", *(_or_none(one.steps_to_success) for one in found))
    made.add_row("team score", *(str(one.score) for one in found))
    for role in Role:
        made.add_row(f"score of {role.label}", *(str(one.roles[role]) for one in found))
    made.add_row("rogues caught", *(_or_none(one.rogue_recall) for one in found))
    made.add_row("false flags per episode", *(str(one.false_flags) for one in found))
    if any(row.usage is not None for row in rows):
        for title, words in _MODEL_ROWS.items():
            made.add_row(title, *("" if row.usage is None else words(row) for row in rows))
    tasks = " or ".join(str(count) for count in sorted({one.episodes for one in found}))
    say(f"{tasks} {split} tasks each; mean [95 % bootstrap interval]")
    console().print(made)


def _or_none(value: Estimate | None) -> str:
    return "none" if value is None else str(value)


def _unreadable(usage: ModelUsage) -> str:
    reasons = "; ".join(f"{reason}: {count}" for reason, count in usage.unreadable.items())
    return f"{sum(usage.unreadable.values())} of {usage.turns}{f' ({reasons})' if reasons else ''}"


_MODEL_ROWS: Final[dict[str, Callable[[Scored], str]]] = {
    "episodes, left out": lambda row: f"{row.found.episodes}, {row.left_out}",
    "calls": lambda row: f"{_used(row).calls:,}",
    "tokens in, out": lambda row: f"{_used(row).input_tokens:,}, {_used(row).output_tokens:,}",
    "cost": lambda row: dollars(_used(row)),
    "no action could be read": lambda row: _unreadable(_used(row)),
    "action not carried out": lambda row: f"{_used(row).not_carried_out} of {_used(row).turns}",
}


def _used(row: Scored) -> ModelUsage:
    return row.usage or ModelUsage()
