"""Gates of the incident gym: the oracle is the maximum, doing nothing scores nothing, cheaters stay at the floor.

The released tasks are the first of each tier's validation and held-out splits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from benchmarks.report import Meter, Row
from journeyman.gym.evaluate import Episode, detect, estimate, play, team_named
from journeyman.gym.policies.blind import PANEL
from journeyman.gym.policies.oracle import certify
from journeyman.gym.rules.score import FLOOR
from journeyman.gym.tasks import Split, Task, Tier, tasks
from journeyman.gym.world import World

RELEASED_PER_SPLIT: Final = 150
ROUNDS: Final = 4
"""Attacks of 128 random changes each that the oracle's plan must survive in a row."""
DISTINCT: Final = 1_000_000
_CHUNK: Final = 20_000
_RANDOM_SUCCESS: Final = 0.05


def run(progress: Meter) -> list[Row]:
    """Certify every released task, run every baseline on it, and compare task by task."""
    rows: list[Row] = []
    for tier in Tier:
        released = (
            *tasks(tier, Split.VALIDATION, RELEASED_PER_SPLIT),
            *tasks(tier, Split.HELD_OUT, RELEASED_PER_SPLIT),
        )
        rows += _tier(tier, released, progress)
    rows += [_monitor(tier) for tier in (Tier.MEDIUM, Tier.HARD)]
    rows.append(_distinct(progress))
    return rows


def _tier(tier: Tier, released: Sequence[Task], progress: Meter) -> list[Row]:
    progress.start(f"certify {tier.label}", len(released))
    best: list[float] = []
    replayed: list[float] = []
    for one in released:
        certificate = certify(one, rounds=ROUNDS)
        best.append(certificate.score)
        world = World(tier)
        world.play([one])
        replayed.append(sum(float(world.step(row[None]).team[0]) for row in certificate.actions))
        progress.step()
    share = min(mine / maximum for mine, maximum in zip(replayed, best, strict=True))
    label = tier.label
    rows = [
        Row(f"{label}: certified maximum, mean", str(estimate(best)), "score"),
        Row(f"{label}: oracle over its maximum, worst task", share, "", "= 1.0", abs(share - 1) < 1e-9),
    ]
    for name in ("random", "heuristic", *PANEL):
        rows += _baseline(tier, name, best, play(team_named(name), released))
    return rows


def _baseline(tier: Tier, name: str, best: Sequence[float], episodes: Sequence[Episode]) -> list[Row]:
    scores = [one.score for one in episodes]
    above = sum(score > maximum + 1e-9 for score, maximum in zip(scores, best, strict=True))
    mean, success = float(np.mean(scores)), float(np.mean([one.succeeded for one in episodes]))
    label = f"{tier.label}: {name}"
    rows = [Row(f"{label}, tasks above the maximum", above, "", "= 0", above == 0)]
    if name == "null":
        rows.append(Row(f"{label}, best task", max(scores), "score", "= 0", max(scores) == 0))
    elif name in PANEL:
        rows.append(Row(f"{label}, mean", str(estimate(scores)), "score", f"mean <= {FLOOR}", mean <= FLOOR))
    else:
        rows.append(Row(f"{label}, mean", str(estimate(scores)), "score"))
    if name == "random" and tier is Tier.HARD:
        rows.append(Row(f"{label}, success", success, "", f"<= {_RANDOM_SUCCESS}", success <= _RANDOM_SUCCESS))
    elif name == "heuristic":
        rows.append(Row(f"{label}, success", success, ""))
    return rows


def _monitor(tier: Tier) -> Row:
    found = detect(tasks(tier, Split.HELD_OUT, 300))
    text = f"AUC {found.auc:.3f}, recall {found.recall_at_1:.2f} / {found.recall_at_2:.2f}"
    return Row(f"{tier.label}: heuristic monitor, at 1 % / 2 % false positives", text)


def _distinct(progress: Meter) -> Row:
    progress.start("distinct worlds", DISTINCT // _CHUNK)
    seen: set[bytes] = set()
    for first in range(0, DISTINCT, _CHUNK):
        world = World(Tier.MEDIUM, _CHUNK)
        world.play(tasks(Tier.MEDIUM, Split.TRAIN, _CHUNK, first=first))
        for _ in range(2):
            world.step(np.zeros((_CHUNK, 4, 4), np.int64))
        # What the roles can see must differ, not only what is drawn.
        metrics = np.ascontiguousarray(world.observe().sre().metrics[:, 2])
        seen.update(row.tobytes() for row in metrics)
        progress.step()
    return Row(
        "medium worlds of 1,000,000 seeds that look different", len(seen), "", "= 1,000,000", len(seen) == DISTINCT
    )
