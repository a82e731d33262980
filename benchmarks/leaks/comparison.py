"""Does what a role sees tell more than public facts do? One classifier twice, world by world, corrected for many tests."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.float64]
ALPHA: Final = 0.01
"""Chance of any false alarm in a whole run, all tests together."""
MIN_WORLDS: Final = 200
"""Fewer worlds in the half that is judged decide nothing, and no test is made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Something that a role cannot know, asked of many candidates (an agent, a service, a row) in many worlds."""

    name: str
    public: Table
    """(rows, facts) what anybody may know of the candidate."""
    seen: Table
    """(rows, features) what the role sees of it and around it."""
    answer: NDArray[np.int64]
    """(rows) the truth."""
    world: NDArray[np.int64]
    """(rows) the world of each candidate: those of one world are one observation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one question found."""

    name: str
    worlds: int
    gain: float
    """Mean log loss that the observation saves over public facts, in nats per candidate; below 0 it only confuses."""
    p: float
    """Chance of such a gain, or a larger one, where the observation tells nothing more."""


def ask(question: Question) -> Finding | None:
    """What the half of the worlds that was not learned from says; `None` where there are too few."""
    names = np.unique(question.world)
    judged = np.isin(question.world, names[len(names) // 2 :])
    kinds = np.unique(question.answer[~judged])
    if len(names) // 2 < MIN_WORLDS or len(kinds) < 2:
        return None
    both = np.concatenate([question.public, question.seen], axis=1)
    known = _losses(question.public, question.answer, judged, kinds)
    told = _losses(both, question.answer, judged, kinds)
    _, place = np.unique(question.world[judged], return_inverse=True)
    count = np.bincount(place)
    saved = np.bincount(place, known - told) / count
    if not np.any(saved):
        return Finding(name=question.name, worlds=len(count), gain=0.0, p=1.0)
    stats: Any = importlib.import_module("scipy.stats")
    p = stats.ttest_1samp(saved, 0, alternative="greater").pvalue
    return Finding(name=question.name, worlds=len(count), gain=float(saved.mean()), p=float(p))


def _losses(table: Table, answer: NDArray[np.int64], judged: NDArray[np.bool_], kinds: NDArray[np.int64]) -> Table:
    """The log loss of each judged candidate by a classifier that learned from the others."""
    ensemble: Any = importlib.import_module("sklearn.ensemble")
    model: Any = ensemble.HistGradientBoostingClassifier(
        max_iter=60, learning_rate=0.1, max_leaf_nodes=15, min_samples_leaf=40, l2_regularization=1.0, random_state=0
    )
    model.fit(table[~judged], answer[~judged])
    chance = np.clip(model.predict_proba(table[judged]), 1e-4, 1)
    chance /= chance.sum(axis=1, keepdims=True)
    column = np.searchsorted(kinds, answer[judged]).clip(0, len(kinds) - 1)
    there = kinds[column] == answer[judged]
    return -np.log(np.where(there, chance[np.arange(len(column)), column], 1e-4))


def leaks(findings: Sequence[Finding]) -> list[Finding]:
    """The findings that hold when all tests together may be wrong with `ALPHA` (Holm, 1979), strongest first."""
    ordered = sorted(findings, key=lambda one: one.p)
    held: list[Finding] = []
    for place, one in enumerate(ordered):
        if one.p > ALPHA / (len(ordered) - place):
            break
        held.append(one)
    return held
