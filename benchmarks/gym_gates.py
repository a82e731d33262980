"""Gates of the incident gym: no edit beats the oracle, doing nothing scores nothing, cheaters stay at the floor.

The released tasks are the first of each tier's validation and held-out splits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from benchmarks.report import Meter, Row
from journeyman.gym.actions import ActionType
from journeyman.gym.evaluate import Episode, detect, estimate, play, team_named
from journeyman.gym.policies.blind import PANEL
from journeyman.gym.policies.oracle import EDITS, Certificate, certify, improved
from journeyman.gym.rules.score import FLOORS
from journeyman.gym.tasks import Split, Task, Tier, tasks
from journeyman.gym.world import World

RELEASED_PER_SPLIT: Final = 150
ATTACKED: Final = {Tier.EASY: 66, Tier.MEDIUM: 67, Tier.HARD: 67}
"""Tasks per tier whose plan is attacked, the first of the held-out ones."""
ATTACKS: Final = 40
"""Rounds of `EDITS` random edits on each; an edit that helps is kept, so that the attack climbs."""
DISTINCT: Final = 1_000_000
_CHUNK: Final = 20_000
_RANDOM_SUCCESS: Final = 0.05


def run(progress: Meter) -> list[Row]:
    """Certify every released task, run every baseline on it, and compare task by task; then attack the plans."""
    rows: list[Row] = []
    beaten: list[float] = []
    for tier in Tier:
        released = (
            *tasks(tier, Split.HELD_OUT, RELEASED_PER_SPLIT),
            *tasks(tier, Split.VALIDATION, RELEASED_PER_SPLIT),
        )
        progress.start(f"certify {tier.label}", len(released))
        best: list[Certificate] = []
        for one in released:
            best.append(certify(one))
            progress.step()
        rows += _tier(tier, released, best)
        progress.start(f"attack {tier.label}", ATTACKED[tier])
        for one, certificate in zip(released[: ATTACKED[tier]], best, strict=False):
            beaten.append(_attacked(one, certificate))
            progress.step()
    edits = sum(ATTACKED.values()) * ATTACKS * EDITS
    some = [gain for gain in beaten if gain > 0]
    label = f"oracle's plans beaten by {edits:,} random edits, hill-climbing, of {len(beaten)}"
    rows.append(Row(label, len(some), "", "= 0", not some))
    rows.append(Row("the most that an edit gained", max(beaten), "score"))
    rows += [_monitor(tier) for tier in (Tier.MEDIUM, Tier.HARD)]
    rows.append(_distinct(progress))
    return rows


def _attacked(one: Task, certificate: Certificate) -> float:
    """What hill-climbing with edits of its own gains over the certified plan."""
    world = World(one.tier, 1, reveal=True)
    world.play([one])
    plan, score = certificate.actions.copy(), certificate.score
    plan[plan[..., 0] == ActionType.RESOLVE] = (0, -1, 0, 0)
    random = np.random.Generator(np.random.Philox([7, one.seed, int(one.tier)]))
    for _ in range(ATTACKS):
        better = improved(world, plan, score, random)
        plan, score = better or (plan, score)
    return score - certificate.score


def _tier(tier: Tier, released: Sequence[Task], best: Sequence[Certificate]) -> list[Row]:
    replayed: list[float] = []
    for one, certificate in zip(released, best, strict=True):
        world = World(tier)
        world.play([one])
        replayed.append(sum(float(world.step(row[None]).team[0]) for row in certificate.actions))
    share = min(mine / certificate.score for mine, certificate in zip(replayed, best, strict=True))
    label, scores = tier.label, [certificate.score for certificate in best]
    rows = [
        Row(f"{label}: oracle, mean", str(estimate(scores)), "score"),
        Row(f"{label}: oracle over its maximum, worst task", share, "", "= 1.0", abs(share - 1) < 1e-9),
    ]
    for name in ("random", "heuristic", "expert", *PANEL):
        rows += _baseline(tier, name, scores, play(team_named(name), released))
    return rows


def _baseline(tier: Tier, name: str, best: Sequence[float], episodes: Sequence[Episode]) -> list[Row]:
    scores = [one.score for one in episodes]
    above = sum(score > maximum + 1e-9 for score, maximum in zip(scores, best, strict=True))
    mean, success = float(np.mean(scores)), float(np.mean([one.succeeded for one in episodes]))
    label, floor = f"{tier.label}: {name}", FLOORS[tier]
    rows = [Row(f"{label}, tasks above the maximum", above, "", "= 0", above == 0)]
    if name == "null":
        rows.append(Row(f"{label}, best task", max(scores), "score", "= 0", max(scores) == 0))
    elif name in PANEL:
        rows.append(Row(f"{label}, mean", str(estimate(scores)), "score", f"mean <= {floor}", mean <= floor))
    else:
        rows.append(Row(f"{label}, mean", str(estimate(scores)), "score"))
    if name == "random" and tier is Tier.HARD:
        rows.append(Row(f"{label}, success", success, "", f"<= {_RANDOM_SUCCESS}", success <= _RANDOM_SUCCESS))
    elif name in ("heuristic", "expert"):
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
