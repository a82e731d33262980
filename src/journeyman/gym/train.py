"""Training a small policy on one CPU: the expert's numbers, searched by the cross-entropy method.

The cross-entropy method (Rubinstein 1999) draws candidates around a mean, keeps the best of them, and moves mean and
spread there. All candidates of a generation play the same training tasks, so that luck does not choose among them;
every generation plays new ones, so that none is learnt by heart.

What training gives is the mean that scored best on validation tasks, of those that beat the numbers by hand there
beyond chance; without any it gives the numbers by hand. So a short or unlucky training does not end below its start.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass, fields
from functools import cache
from typing import Final

import numpy as np

from journeyman.gym.arrays import Floats
from journeyman.gym.evaluate import estimate, play
from journeyman.gym.policies.casework import BY_HAND, Tuning
from journeyman.gym.policies.expert import expert_factories
from journeyman.gym.policies.role_team import RoleTeam
from journeyman.gym.tasks import Split, Task, Tier, tasks

_KEPT: Final = 0.25
_SPREAD: Final = 0.3
"""First spread of each number, as a share of its value by hand."""
_LEAST_SPREAD: Final = 0.05
_BLEND: Final = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What is trained, and how much is played per generation."""

    tier: Tier = Tier.MEDIUM
    population: int = 24
    """Candidates per generation, the current mean among them."""
    tasks_each: int = 80
    """Training tasks that every candidate plays."""
    validation_tasks: int = 300
    """Tasks, always the same, on which each generation's mean is scored."""
    seed: int = 0
    """Of the candidates; the same seed gives the same policy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One generation on the learning curve."""

    generation: int
    """From 1."""
    mean: float
    """Mean training score of the generation's candidates."""
    best: float
    """Training score of the best of them."""
    validation: float
    """Score of the mean that came of this generation, on validation tasks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a training stands: plain numbers, so that it can be stored and gone on with."""

    mean: tuple[float, ...]
    """Around which the next candidates are drawn, in the order of the fields of `Tuning`."""
    spread: tuple[float, ...]
    best: tuple[float, ...]
    """The numbers with the best validation score so far."""
    best_generation: int
    """From which they came; 0 is by hand."""
    best_validation: float
    start_validation: float
    """Validation score of the numbers by hand."""
    curve: tuple[Point, ...] = ()

    @property
    def tuning(self) -> Tuning:
        """The best numbers, to be played by `expert_factories`."""
        return tuning_of(self.best)


def begin(course: Course) -> Standing:
    """Give the standing before the first generation: the numbers by hand."""
    by_hand: tuple[float, ...] = astuple(BY_HAND)
    score = float(_by_hand(course).mean())
    spread = np.maximum(np.abs(by_hand), 0.5) * _SPREAD
    return Standing(
        mean=by_hand,
        spread=tuple(spread.tolist()),
        best=by_hand,
        best_generation=0,
        best_validation=score,
        start_validation=score,
    )


def advance(course: Course, before: Standing, on_candidate: Callable[[], None] | None = None) -> Standing:
    """Give the standing one generation later.

    Args:
        course: what is trained; the same that `before` came from.
        before: where training stands.
        on_candidate: told after each candidate has played.
    """
    done = len(before.curve)
    random = np.random.Generator(np.random.Philox(key=[course.seed, done]))
    mean, spread = np.array(before.mean), np.array(before.spread)
    drawn = mean + spread * random.standard_normal((course.population, len(mean)))
    drawn[0] = mean
    candidates = np.maximum(drawn, 0)
    some = tasks(course.tier, Split.TRAIN, course.tasks_each, first=done * course.tasks_each)
    scores = np.zeros(len(candidates))
    for number, row in enumerate(candidates):
        scores[number] = _scores(row, some).mean()
        if on_candidate is not None:
            on_candidate()
    elite = candidates[np.argsort(-scores, kind="stable")[: max(2, int(course.population * _KEPT))]]
    mean = _BLEND * elite.mean(axis=0) + (1 - _BLEND) * mean
    spread = np.maximum(_BLEND * elite.std(axis=0) + (1 - _BLEND) * spread, _LEAST_SPREAD)
    checked = _scores(mean, _validation(course))
    point = Point(
        generation=done + 1, mean=float(scores.mean()), best=float(scores.max()), validation=float(checked.mean())
    )
    sure = estimate((checked - _by_hand(course)).tolist()).low > 0
    better = sure and point.validation > before.best_validation
    return Standing(
        mean=tuple(mean.tolist()),
        spread=tuple(spread.tolist()),
        best=tuple(mean.tolist()) if better else before.best,
        best_generation=point.generation if better else before.best_generation,
        best_validation=point.validation if better else before.best_validation,
        start_validation=before.start_validation,
        curve=(*before.curve, point),
    )


def train(course: Course, generations: int, *, on_generation: Callable[[Point], None] | None = None) -> Standing:
    """Give where training stands after so many generations; `tuning` of it has the best numbers."""
    standing = begin(course)
    for _ in range(generations):
        standing = advance(course, standing)
        if on_generation is not None:
            on_generation(standing.curve[-1])
    return standing


def tuning_of(numbers: tuple[float, ...]) -> Tuning:
    """Give numbers in the order of the fields as a tuning."""
    names = [field.name for field in fields(Tuning)]
    return Tuning(**dict(zip(names, numbers, strict=True)))


def _validation(course: Course) -> tuple[Task, ...]:
    return tasks(course.tier, Split.VALIDATION, course.validation_tasks)


@cache
def _by_hand(course: Course) -> Floats:
    return _scores(np.array(astuple(BY_HAND), np.float64), _validation(course))


def _scores(numbers: Floats, some: tuple[Task, ...]) -> Floats:
    team = expert_factories(tuning_of(tuple(numbers.tolist())))
    return np.array([one.score for one in play(lambda worlds: RoleTeam("candidate", team, worlds), some)])
