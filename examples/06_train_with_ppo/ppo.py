"""PPO in one seat of the gym's incidents, on a CPU in minutes: `python ppo.py --output DIR`.

The expert plays the other seats. What makes it learn: one list of choices per seat with those masked that name
nothing that is there (MaskablePPO), the score's change in every step as the reward, and messages as counts.
"""
# pyright: basic, reportMissingImports=false
# Torch and Stable-Baselines3 live in an environment of their own, which the checks of this project do not see.

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from journeyman.gym.actions import Role
from journeyman.gym.envs.role_choices import LearnedTeam, RoleChoices
from journeyman.gym.evaluate import Estimate, MakeTeam, estimate, play, team_named
from journeyman.gym.observe.observation import Observations
from journeyman.gym.policies.base import Team
from journeyman.gym.tasks import SIZES, Split, tasks, tier_named

try:
    import torch
    from message_features import MessageFeatures
    from sb3_contrib import MaskablePPO
    from stable_baselines3.common.callbacks import BaseCallback
    from stable_baselines3.common.vec_env import VecFrameStack, VecMonitor

    from journeyman.gym.envs.sb3 import IncidentVecEnv
except ImportError as error:
    raise ImportError("this needs the extra: pip install 'journeyman[gym-sb3]'") from error

STACK = 6
"""Observations that the policy sees together: what was looked at, and when a metric began to move."""
ROLLOUT_STEPS = 128
CURVE_TASKS = 100
"""Validation tasks behind each point of the curve; those behind the table come after them."""
NULL, UNTRAINED, TRAINED = "nobody in the seat", "PPO, untrained", "PPO, trained"
HEURISTIC, OTHERS = "the heuristic in the seat", "the others' own policy in the seat"


@dataclass(frozen=True)
class CurvePoint:
    """One evaluation during training."""

    steps: int
    score: Estimate


class SeatTeam:
    """A team with another team's player in one seat."""

    def __init__(self, others: Team, player: Team, role: Role) -> None:
        self.name = f"{player.name} in {others.name}"
        self._others, self._player, self._role = others, player, role

    def act(self, observations: Observations) -> Any:
        """The next actions."""
        actions = self._others.act(observations)
        actions[:, self._role] = self._player.act(observations)[:, self._role]
        return actions


class Learner:
    """A policy, the seat that it is for, and how it is scored."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.tier = tier_named(options.tier)
        self.choices = RoleChoices(self.tier, [Role[options.role.upper()]])
        env = IncidentVecEnv(
            options.worlds, roles=[options.role], others=options.others, tier=options.tier, seed=options.seed
        )
        size = SIZES[self.tier]
        self.model = MaskablePPO(
            "MlpPolicy",
            VecMonitor(VecFrameStack(env, STACK)),
            n_steps=ROLLOUT_STEPS,
            batch_size=1024,
            n_epochs=6,
            learning_rate=lambda left: 5e-4 * max(left, 0.1),
            gamma=0.998,
            ent_coef=0.004,
            policy_kwargs={
                "net_arch": [256, 128],
                "features_extractor_class": MessageFeatures,
                "features_extractor_kwargs": {
                    "width": self.choices.width,
                    "subjects": max(size.services[1], size.agents),
                },
            },
            seed=options.seed,
            device="cpu",
        )

    def team(self) -> MakeTeam:
        """The policy as it is now, with the others, for fresh worlds."""

        def make(worlds: int) -> LearnedTeam:
            stacked = np.zeros((worlds, STACK * self.choices.width), np.float32)

            def pick(seen: Any, masks: Any) -> Any:
                nonlocal stacked
                stacked = np.concatenate([stacked[:, self.choices.width :], seen], axis=1)
                return self.model.predict(stacked, action_masks=masks, deterministic=True)[0]

            return LearnedTeam("ppo", self.choices, pick, team_named(self.options.others)(worlds))

        return make

    def nobody(self) -> MakeTeam:
        """The others, and an empty seat: the first of its choices is to do nothing."""
        return lambda worlds: LearnedTeam(
            "null", self.choices, lambda seen, _: np.zeros(len(seen), np.int64), team_named(self.options.others)(worlds)
        )

    def heuristic(self) -> MakeTeam:
        """The others, and the heuristic in the seat."""
        role = Role[self.options.role.upper()]
        return lambda worlds: SeatTeam(team_named(self.options.others)(worlds), team_named("heuristic")(worlds), role)

    def score(self, make: MakeTeam, count: int, *, first: int = 0) -> list[float]:
        """The team's score in validation tasks, of which training plays none."""
        return [one.score for one in play(make, tasks(self.tier, Split.VALIDATION, count, first=first))]


class Curve(BaseCallback):
    """Scores the policy now and then, and shows how far training is."""

    def __init__(self, learner: Learner, progress: Progress) -> None:
        super().__init__()
        self.points: list[CurvePoint] = []
        self._learner = learner
        self._progress = progress
        self._shown = progress.add_task("PPO, steps", total=learner.options.steps)

    def _on_step(self) -> bool:
        return True

    def _on_rollout_start(self) -> None:
        self.look()

    def look(self, *, last: bool = False) -> None:
        """Score the policy where a point of the curve is due."""
        options, done = self._learner.options, self.num_timesteps
        if last or done * options.points >= len(self.points) * options.steps:
            score = estimate(self._learner.score(self._learner.team(), CURVE_TASKS))
            self.points.append(CurvePoint(done, score))
            self._progress.console.print(f"{done:>9,} steps: validation {score}", markup=False, highlight=False)
        self._progress.update(self._shown, completed=min(done, options.steps))


def train(options: argparse.Namespace) -> dict[str, Any]:
    """Train, save the policy and the curve, and compare it with what it must beat."""
    torch.set_num_threads(options.threads)
    learner = Learner(options)
    begun, count = time.monotonic(), options.tasks
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console, disable=not console.is_terminal
    ) as bar:
        scores = {NULL: learner.score(learner.nobody(), count, first=CURVE_TASKS)}
        scores[UNTRAINED] = learner.score(learner.team(), count, first=CURVE_TASKS)
        curve = Curve(learner, bar)
        learner.model.learn(options.steps, callback=curve)
        curve.look(last=True)
        scores[TRAINED] = learner.score(learner.team(), count, first=CURVE_TASKS)
        scores[HEURISTIC] = learner.score(learner.heuristic(), count, first=CURVE_TASKS)
        scores[OTHERS] = learner.score(team_named(options.others), count, first=CURVE_TASKS)
    learner.model.save(options.output / "policy.zip")
    picture = options.output / "curve.png"
    draw(curve.points, {name: estimate(some) for name, some in scores.items()}, options, picture)
    gains = {
        f"gain over {name}": estimate([late - early for late, early in zip(scores[TRAINED], scores[name], strict=True)])
        for name in (NULL, UNTRAINED, HEURISTIC)
    }
    return {
        "role": options.role,
        "tier": options.tier,
        "others": options.others,
        "seed": options.seed,
        "steps": learner.model.num_timesteps,
        "seconds": round(time.monotonic() - begun, 1),
        "validation_tasks": count,
        "scores": {name: asdict(estimate(some)) for name, some in scores.items()},
        "gains": {name: asdict(gain) for name, gain in gains.items()},
        "curve": [{"steps": point.steps, **asdict(point.score)} for point in curve.points],
        "policy": str(options.output / "policy.zip"),
        "picture": str(picture),
    }


def draw(points: list[CurvePoint], scores: dict[str, Estimate], options: argparse.Namespace, path: Path) -> None:
    """Draw validation scores over steps, with the scores to compare with as lines."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - drawn once, at the end

    figure = Figure(figsize=(8, 4.8), layout="constrained")
    axes = figure.add_subplot()
    steps = [point.steps for point in points]
    axes.fill_between(steps, [one.score.low for one in points], [one.score.high for one in points], alpha=0.2)
    axes.plot(steps, [one.score.mean for one in points], marker="o", label=f"PPO, {CURVE_TASKS} validation tasks")
    for name, style in ((OTHERS, "-."), (HEURISTIC, "--"), (NULL, ":")):
        axes.axhline(scores[name].mean, linestyle=style, color="black", linewidth=1)
        axes.annotate(
            f"{name}, {scores[name].mean:.3f}", (0, scores[name].mean), xytext=(4, 4), textcoords="offset points"
        )
    axes.set_title(f"PPO as {options.role}, {options.others} in the other seats, {options.tier} incidents", loc="left")
    axes.set_xlabel("environment steps of training")
    axes.set_ylabel("team score, mean and 95 % interval")
    axes.set_ylim(0, 1)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.3)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.legend(loc="lower right", frameon=False)
    figure.savefig(path, dpi=120)


def parse_options(argv: list[str] | None = None) -> argparse.Namespace:
    """The options; exits with 2 and says what is wrong with them where they are malformed."""
    parser = argparse.ArgumentParser(
        description="Train one seat of the gym's incidents with PPO, a policy in the others, and compare the score in"
        " validation tasks with the untrained policy's, the heuristic's and nobody's in the same seat. Writes policy.zip and curve.png.",
    )
    add, count = parser.add_argument, {"metavar": "N", "type": _positive_int}
    add("--output", required=True, metavar="DIR", type=Path, help="folder for the policy and the picture")
    add("--role", default="manager", choices=[role.label for role in Role], help="the seat (default %(default)s)")
    add("--tier", default="medium", choices=["easy", "medium", "hard"], help="how hard (default %(default)s)")
    add("--others", default="expert", metavar="NAME", help="who plays the other seats (default %(default)s)")
    add("--steps", default=150_000, **count, help="steps of all worlds together (default %(default)s)")
    add("--worlds", default=64, **count, help="incidents at a time (default %(default)s)")
    add("--points", default=10, **count, help="points on the curve (default %(default)s)")
    add("--tasks", default=300, **count, help="validation tasks behind the table (default %(default)s)")
    add("--seed", default=0, metavar="N", type=int, help="of the worlds and of the policy (default %(default)s)")
    add("--threads", default=1, **count, help="threads of torch: at this size more gain little (default %(default)s)")
    add("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args(argv)
    try:
        team_named(options.others)
    except KeyError as fault:
        parser.error(f"--others: {fault.args[0]}")
    try:
        options.output.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        parser.error(f"--output: {fault}")
    return options


def _positive_int(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not 1 or more")
    return number


def main() -> None:
    """Train as the command line says and print what came of it."""
    options = parse_options()
    found = train(options)
    if options.json:
        print(json.dumps(found))
    else:
        table = Table(title=f"{options.tasks} validation tasks, {options.tier}, {options.role}", title_justify="left")
        table.add_column("")
        table.add_column("team score, mean [95 % interval]")
        for name, value in {**found["scores"], **found["gains"]}.items():
            table.add_row(name, str(Estimate(**value)))
        Console().print(table)
    print(f"wrote {found['policy']} and {found['picture']} after {found['seconds']} s", file=sys.stderr)


if __name__ == "__main__":
    main()
