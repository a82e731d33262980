"""`gym eval`: plays tasks in batches, keeps each episode as a line, and says means with their intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from journeyman.evaluation.episode_log import EpisodeLog
from journeyman.evaluation.isolated.policy_process import PolicyProcess
from journeyman.evaluation.options import PREFIX
from journeyman.evaluation.policies import SPLITS, TIERS, TeamFor, label_of, play_all, team_for
from journeyman.gym.tasks import MAX_NUMBER, SIZES, Task, incident_tasks
from journeyman.interfaces.cli.gym.isolation import isolated_policies
from journeyman.interfaces.cli.gym.leaderboards import check_places, keep
from journeyman.interfaces.cli.gym.plots import check_plots, plot_summaries
from journeyman.interfaces.cli.gym.progress_bar import bar
from journeyman.interfaces.cli.gym.salts import read_salt
from journeyman.interfaces.cli.gym.summaries import plain, print_table, tell
from journeyman.interfaces.cli.shared import print_json
from journeyman.interfaces.cli.terminal import say
from journeyman.mission.values.canonical import Json
from journeyman.mission.values.errors import InvalidInput, Problem

if TYPE_CHECKING:
    from journeyman.evaluation.model_run import ModelRunReport  # brings the advisors, which only models need

Wanted: TypeAlias = Sequence[tuple[str, Sequence[Task]]]
PlayModels: TypeAlias = "Callable[[Wanted, EpisodeLog], ModelRunReport]"


INCIDENTS: Final = "incidents"
"""In place of a tier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationOptions:
    """What is asked for besides policies and tasks."""

    output: Path | None = None
    """Keeps episodes."""
    plot: Path | None = None
    """Gets a picture."""
    as_json: bool = False
    salt_file: Path | None = None
    """Holds the secret that makes the worlds private."""
    isolate: bool = False
    """Policy files play in processes of their own."""
    act_s: float | None = None
    """How long such a process may take for a step."""
    leaderboard: Path | None = None
    """Gets the scores."""
    traces: Path | None = None
    """Folder with what models were shown and said."""


def evaluate(
    policies: Sequence[str],
    tiers: Sequence[str],
    split: str,
    seeds: str,
    options: EvaluationOptions,
    models: PlayModels | None = None,
) -> None:
    """Play what is not yet in the output, then print the summaries.

    Args:
        policies: their names.
        tiers: the tiers by name; without any the incidents after post-mortems are played.
        split: which tasks …
        seeds: … and their numbers.
        options: the rest.
        models: plays the policies that are advisors.
    """
    if options.plot is not None:
        check_plots(options.plot)
    check_places(options.leaderboard, options.output, options.traces)
    numbers = numbers_of(seeds)
    salt = read_salt(options.salt_file)
    ours = [name for name in policies if not name.startswith(PREFIX)]
    with _isolated(ours, tiers, options) as isolated:
        teams = {name: isolated[name].team_for if name in isolated else team_for(name) for name in ours}
        labels = {name: label_of(name) for name in ours}
        log = EpisodeLog(options.output, salt)
        log.check()
        some = _tasks_of(tiers, split, numbers, salt)
        wanted = {(name, tier): chosen for name in dict.fromkeys(policies) for tier, chosen in some.items()}
        advised = [(name, some) for (name, _), some in wanted.items() if name not in teams]
        report = None
        try:
            if models is not None and advised:
                report = models(advised, log)
            _play_teams(log, teams, labels, wanted)
        except KeyboardInterrupt:
            if options.output is not None:
                say(f"what was played is in {options.output}; the same command goes on from there", err=True)
            raise
    labels |= {} if report is None else report.labels
    rows = [row for (name, tier), some in wanted.items() if (row := log.scored(labels[name], tier, some))]
    if rows and options.plot is not None:
        plot_summaries(rows, options.plot)
        say(f"wrote {options.plot}", err=True)
    if rows and options.leaderboard is not None and options.output is not None:
        keep(options.leaderboard, labels, rows, split, numbers, log, options.traces)
    if options.as_json:
        private: dict[str, Json] = {} if log.salt_sha256 is None else {"salt_sha256": log.salt_sha256}
        apart: dict[str, Json] = {"isolated": {name: one.row() for name, one in isolated.items()}} if isolated else {}
        asked: dict[str, Json] = {"split": split, "first": numbers[0], "last": numbers[-1], **private, **apart}
        print_json({**asked, "results": [plain(row) for row in rows]})
    elif rows:
        print_table(rows, split)
    if report is not None:
        tell(report, options.output)


def _tasks_of(tiers: Sequence[str], split: str, numbers: range, salt: bytes) -> dict[str, list[Task]]:
    if not tiers:
        return {INCIDENTS: list(incident_tasks(salt))}
    return {tier: [Task(TIERS[tier], SPLITS[split], number, salt) for number in numbers] for tier in tiers}


def _isolated(
    names: Sequence[str], tiers: Sequence[str], options: EvaluationOptions
) -> AbstractContextManager[Mapping[str, PolicyProcess]]:
    if not options.isolate:
        return nullcontext(dict[str, PolicyProcess]())
    secrets = [path for path in (options.salt_file, options.output) if path is not None]
    return isolated_policies(
        names,
        act_s=options.act_s,
        secrets=secrets,
        salted=options.salt_file is not None,
        width=SIZES[TIERS[tiers[0]]].services[1],
    )


def _play_teams(
    log: EpisodeLog,
    teams: Mapping[str, TeamFor],
    labels: Mapping[str, str],
    wanted: Mapping[tuple[str, str], Sequence[Task]],
) -> None:
    with bar() as progress:
        for (name, tier), some in wanted.items():
            if name in teams:
                shown = progress.add_task(f"{name}, {tier}", total=len(some))
                play_all(log, labels[name], teams[name], some, partial(progress.advance, shown))


def numbers_of(seeds: str) -> range:
    """The task numbers that `N` or `A-B` means."""
    first, dash, last = seeds.partition("-")
    if first.isascii() and first.isdigit() and (not dash or (last.isascii() and last.isdigit())):
        found = range(int(first), int(last) + 1) if dash else range(int(first))
        if found and found[-1] <= MAX_NUMBER and len(found) <= 1_000_000:
            return found
    problem = Problem(where="", message=f"{seeds!r} names no tasks", hint="as in 100, or 200-299; at most a million")
    raise InvalidInput("--seeds", (problem,))
