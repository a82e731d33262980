"""Training a small policy on one CPU: the heuristic's numbers, searched by the cross-entropy method.

The cross-entropy method (Rubinstein 1999) draws candidates around a mean, keeps the best of them, and moves mean and
spread there. All candidates of a generation play the same training tasks, so that luck does not choose among them;
every generation plays new ones, so that none is learnt by heart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass, fields
from typing import Final

import numpy as np

from journeyman.gym.arrays import Floats
from journeyman.gym.evaluate import play
from journeyman.gym.policies.crew import Crew
from journeyman.gym.policies.heuristic import BY_HAND, Tuning, roster
from journeyman.gym.tasks import Split, Task, Tier, tasks

_KEPT: Final = 0.25
_SPREAD: Final = 0.5
"""First spread of each number, as a share of its value by hand."""
_LEAST_SPREAD: Final = 0.05
_BLEND: Final = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One generation on the learning curve."""

    generation: int
    mean: float
    """Mean training score of the generation's candidates."""
    best: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What training gives."""

    tuning: Tuning
    curve: tuple[Point, ...]


def train(
    tier: Tier = Tier.MEDIUM,
    *,
    generations: int = 16,
    population: int = 24,
    tasks_each: int = 160,
    seed: int = 0,
    on_generation: Callable[[Point], None] | None = None,
) -> Trained:
    """Give the best numbers found on training tasks.

    Args:
        tier: the worlds to train on.
        generations: how often candidates are drawn.
        population: candidates per generation, the current mean among them.
        tasks_each: training tasks that every candidate plays.
        seed: of the candidates; the same seed gives the same policy.
        on_generation: told after each generation.
    """
    random = np.random.Generator(np.random.Philox(seed))
    mean = np.array(astuple(BY_HAND), np.float64)
    spread = np.maximum(np.abs(mean), 0.5) * _SPREAD
    curve: list[Point] = []
    for generation in range(generations):
        some = tasks(tier, Split.TRAIN, tasks_each, first=generation * tasks_each)
        drawn = mean + spread * random.standard_normal((population, len(mean)))
        drawn[0] = mean
        candidates = np.maximum(drawn, 0)
        scores = np.array([_score(row, some) for row in candidates])
        elite = candidates[np.argsort(-scores, kind="stable")[: max(2, int(population * _KEPT))]]
        mean = _BLEND * elite.mean(axis=0) + (1 - _BLEND) * mean
        spread = np.maximum(_BLEND * elite.std(axis=0) + (1 - _BLEND) * spread, _LEAST_SPREAD)
        curve.append(Point(generation=generation, mean=float(scores.mean()), best=float(scores.max())))
        if on_generation is not None:
            on_generation(curve[-1])
    return Trained(tuning=tuning_of(mean), curve=tuple(curve))


def tuning_of(numbers: Floats) -> Tuning:
    """Give numbers in the order of the fields as a tuning."""
    names = [field.name for field in fields(Tuning)]
    return Tuning(**dict(zip(names, numbers.tolist(), strict=True)))


def _score(numbers: Floats, some: tuple[Task, ...]) -> float:
    team = roster(tuning_of(numbers))
    return float(np.mean([one.score for one in play(lambda worlds: Crew("candidate", team, worlds), some)]))
