"""`gym train`: search the small policy's numbers for some minutes, save them, and compare on held-out tasks."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, cast

import typer

from journeyman.gym.evaluate import Estimate, estimate, play, summary, team_named
from journeyman.gym.policies.crew import Crew
from journeyman.gym.policies.heuristic import roster
from journeyman.gym.tasks import Split, tasks
from journeyman.gym.train import Point, Trained, train
from journeyman.interfaces.cli.gym.plots import check_plots, plot_curve
from journeyman.interfaces.cli.gym.teams import TIERS, bar
from journeyman.interfaces.cli.shared import print_json
from journeyman.mission.errors import NotFound

HELD_OUT: Final = 300
_MOST_GENERATIONS: Final = 10_000


def learn(
    output: Path, minutes: float, tier: str, *, seed: int, size: tuple[int, int], curve: Path | None, as_json: bool
) -> None:
    """Train, save, draw and compare."""
    if curve is not None:
        check_plots(curve)
    if not output.parent.is_dir():
        raise NotFound(f"there is no folder {str(output.parent)!r} for the policy")
    trained = _trained(minutes, tier, seed, size)
    policy = {"tier": tier, "seed": seed, "population": size[0], "tasks_each": size[1]}
    policy |= {"tuning": asdict(trained.tuning), "curve": [asdict(point) for point in trained.curve]}
    output.write_text(json.dumps(policy, indent=2) + "\n", "utf-8")
    if curve is not None:
        before = play(team_named("heuristic"), tasks(TIERS[tier], Split.TRAIN, size[1]))
        plot_curve(trained.curve, summary(before).score.mean, curve)
    compared = _compared(trained, tier)
    if as_json:
        rows = {name: {"mean": value.mean, "low": value.low, "high": value.high} for name, value in compared.items()}
        print_json(cast("Any", {"policy": str(output), "plot": str(curve or ""), "held_out": rows}))
        return
    typer.echo(f"{len(trained.curve)} generations; {HELD_OUT} held-out {tier} tasks, team score [95 % interval]:")
    for name, value in compared.items():
        typer.echo(f"  {name}: {value}")
    typer.echo(f"wrote {output}{f' and {curve}' if curve is not None else ''}", err=True)
    typer.echo(f"next: journeyman gym eval --policy trained:{output} --tier {tier}", err=True)


def _trained(minutes: float, tier: str, seed: int, size: tuple[int, int]) -> Trained:
    began = time.monotonic()
    with bar() as progress:
        shown = progress.add_task("seconds of training", total=round(minutes * 60))

        def told(point: Point) -> None:
            words = f"generation {point.generation + 1}, best {point.best:.3f}; seconds"
            progress.update(shown, completed=round(time.monotonic() - began), description=words)

        return train(
            TIERS[tier],
            generations=_MOST_GENERATIONS,
            population=size[0],
            tasks_each=size[1],
            seed=seed,
            on_generation=told,
            enough=lambda: time.monotonic() - began >= minutes * 60,
        )


def _compared(trained: Trained, tier: str) -> dict[str, Estimate]:
    some = tasks(TIERS[tier], Split.HELD_OUT, HELD_OUT)
    seats = roster(trained.tuning)
    before = play(team_named("heuristic"), some)
    after = play(lambda worlds: Crew("trained", seats, worlds), some)
    gain = estimate([late.score - early.score for early, late in zip(before, after, strict=True)])
    return {"heuristic": summary(before).score, "trained": summary(after).score, "gain per task": gain}
