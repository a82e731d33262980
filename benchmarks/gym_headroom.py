"""Headroom of the incident gym: how far the scripts are from the oracle, and that learning goes beyond the expert script."""

from __future__ import annotations

from typing import Final

from benchmarks.report import Meter, Row
from journeyman.gym.evaluate import Estimate, estimate, play, team_named
from journeyman.gym.policies.expert import expert_factories
from journeyman.gym.policies.oracle import certify
from journeyman.gym.policies.role_team import RoleTeam
from journeyman.gym.tasks import Split, Task, Tier, tasks
from journeyman.gym.train import Course, Point, train

TASKS: Final = 500
COURSE: Final = Course(tier=Tier.HARD, population=20, tasks_each=100)
"""Plays training and validation tasks only; the learner sees what the roles see."""
GENERATIONS: Final = 9


def run(progress: Meter) -> list[Row]:
    """Play the same held-out tasks with each, and compare task by task."""
    rows: list[Row] = []
    for tier in Tier:
        rows += _tier(tier, tasks(tier, Split.HELD_OUT, TASKS), progress)
    rows += _learner(tasks(Tier.HARD, Split.HELD_OUT, TASKS), progress)
    return rows


def _tier(tier: Tier, some: tuple[Task, ...], progress: Meter) -> list[Row]:
    progress.start(f"certify {tier.label}", len(some))
    best: list[float] = []
    for one in some:
        best.append(certify(one).score)
        progress.step()
    expert, heuristic = ([one.score for one in play(team_named(name), some)] for name in ("expert", "heuristic"))
    label, mean, left, ahead = tier.label, estimate(expert), _gain(best, expert), _gain(expert, heuristic)
    rows = [Row(f"{label}: oracle", str(estimate(best)), "score")]
    rows.append(Row(f"{label}: expert", str(mean), "score", *_least(mean, 0.85 if tier is Tier.EASY else None)))
    rows.append(Row(f"{label}: heuristic", str(estimate(heuristic)), "score"))
    least = {Tier.MEDIUM: 0.1, Tier.HARD: 0.2}.get(tier)
    rows.append(Row(f"{label}: oracle over expert, per task", str(left), "score", *_least(left, least)))
    least = 0.1 if tier is Tier.HARD else None
    rows.append(Row(f"{label}: expert over heuristic, per task", str(ahead), "score", *_least(ahead, least)))
    return rows


def _learner(some: tuple[Task, ...], progress: Meter) -> list[Row]:
    progress.start("learn on hard", GENERATIONS)

    def told(_: Point) -> None:
        progress.step()

    learnt = train(COURSE, GENERATIONS, on_generation=told)
    factories = expert_factories(learnt.tuning)
    after = [one.score for one in play(lambda worlds: RoleTeam("learner", factories, worlds), some)]
    before = [one.score for one in play(team_named("expert"), some)]
    gain = _gain(after, before)
    return [
        Row("hard: learner that sees what the roles see", str(estimate(after)), "score"),
        Row("hard: learner over expert, per task", str(gain), "score", "interval above 0", gain.low > 0),
    ]


def _gain(ours: list[float], theirs: list[float]) -> Estimate:
    return estimate([mine - other for mine, other in zip(ours, theirs, strict=True)])


def _least(found: Estimate, least: float | None) -> tuple[str, bool]:
    return ("", True) if least is None else (f"mean >= {least}", found.mean >= least)
