"""`gym train`: search the small policy's numbers for some minutes, save the best, and compare on held-out tasks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, cast

import typer

from journeyman.evaluation.policies import TIERS
from journeyman.evaluation.policy_file import read_standing, write_policy
from journeyman.gym.evaluate import Estimate, estimate, play, summary, team_named
from journeyman.gym.policies.expert import expert_factories
from journeyman.gym.policies.role_team import RoleTeam
from journeyman.gym.tasks import Split, tasks
from journeyman.gym.train import Course, Point, Standing, advance, begin
from journeyman.interfaces.cli.gym.plots import check_plots, plot_curve
from journeyman.interfaces.cli.gym.progress_bar import bar
from journeyman.interfaces.cli.shared import INTERRUPTED, print_json
from journeyman.interfaces.cli.terminal import say
from journeyman.mission.values.errors import NotFound

HELD_OUT: Final = 300


def learn(
    output: Path,
    minutes: float,
    *,
    tier: str,
    seed: int,
    population: int,
    tasks_each: int,
    resume: bool,
    curve: Path | None,
    as_json: bool,
) -> None:
    """Train, save after every generation, draw and compare; Ctrl-C ends the training, not what comes after it."""
    course = Course(tier=TIERS[tier], seed=seed, population=population, tasks_each=tasks_each)
    if curve is not None:
        check_plots(curve)
    if not output.parent.is_dir():
        raise NotFound(f"there is no folder {str(output.parent)!r} for the policy")
    began = time.monotonic()
    standing = read_standing(output, course) if resume else begin(course)
    interrupted = False
    try:
        for later in _generations(course, standing, began, minutes * 60):
            standing = later
            write_policy(output, course, standing)
    except KeyboardInterrupt:
        interrupted = True
        say("interrupted: training ends here, the best so far is kept; once more stops at once", err=True)
    write_policy(output, course, standing)
    if curve is not None:
        plot_curve(course, standing, curve)
    compared = _compared(course, standing)
    if as_json:
        rows = {name: {"mean": value.mean, "low": value.low, "high": value.high} for name, value in compared.items()}
        found = {"policy": str(output), "plot": str(curve or ""), "generations": len(standing.curve)}
        print_json(cast("Any", found | {"held_out": rows}))
    else:
        _tell(course, standing, compared)
    say(f"wrote {output}{f' and {curve}' if curve is not None else ''}", err=True)
    played = f"--tier {course.tier.label} --split held_out --seeds {HELD_OUT}-{2 * HELD_OUT - 1}"
    say(f"next: journeyman gym eval --policy expert --policy trained:{output} {played}", err=True)
    if interrupted:
        raise typer.Exit(INTERRUPTED)


def _generations(course: Course, standing: Standing, began: float, seconds: float) -> Iterator[Standing]:
    """Each generation's standing until the time is over; at least one."""
    with bar() as progress:
        shown = progress.add_task("seconds", total=round(seconds))

        def moved() -> None:
            progress.update(shown, completed=min(round(time.monotonic() - began), round(seconds)))

        while True:
            progress.update(shown, description=f"generation {len(standing.curve) + 1}, seconds")
            standing = advance(course, standing, moved)
            yield standing
            say(_line(standing.curve[-1], standing.start_validation), err=True)
            if time.monotonic() - began >= seconds:
                return


def _line(point: Point, start: float) -> str:
    drawn = f"candidates {point.mean:.3f}, the best {point.best:.3f}"
    return f"generation {point.generation}: {drawn}; validation {point.validation:.3f} (expert {start:.3f})"


def _tell(course: Course, standing: Standing, compared: dict[str, Estimate]) -> None:
    if standing.best_generation:
        kept = f"kept the policy of generation {standing.best_generation} of {len(standing.curve)}, best in validation"
    else:
        kept = "no generation was better in validation: the expert's own numbers are kept; train longer"
    say(f"{kept}\n{HELD_OUT} held-out {course.tier.label} tasks, team score [95 % interval]:")
    width = max(map(len, compared))
    for name, value in compared.items():
        say(f"  {name:{width}}  {value}")


def _compared(course: Course, standing: Standing) -> dict[str, Estimate]:
    some = tasks(course.tier, Split.HELD_OUT, HELD_OUT)
    factories = expert_factories(standing.tuning)
    before = play(team_named("expert"), some)
    after = play(lambda worlds: RoleTeam("trained", factories, worlds), some)
    gain = estimate([late.score - early.score for early, late in zip(before, after, strict=True)])
    return {"expert": summary(before).score, "trained": summary(after).score, "gain per task": gain}
