"""Training on one CPU: a small policy against the expert whose numbers it started from, and PPO in one seat, on worlds it never saw."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from benchmarks.report import Meter, Row
from journeyman.gym.evaluate import Episode, Estimate, estimate, play, summary, team_named
from journeyman.gym.policies.expert import expert_factories
from journeyman.gym.policies.role_team import RoleTeam
from journeyman.gym.tasks import Split, Tier, tasks
from journeyman.gym.train import Course, Point, train

HELD_OUT: Final = 600
GENERATIONS: Final = 12
CEILING_S: Final = 600
_PPO: Final = Path(__file__).parents[1] / "examples" / "06_train_with_ppo" / "ppo.py"


def run(progress: Meter) -> list[Row]:
    """Train on medium training tasks, then compare task by task on held-out ones."""
    progress.start("generations", GENERATIONS)

    def told(_: Point) -> None:
        progress.step()

    start = time.process_time()
    trained = train(Course(), GENERATIONS, on_generation=told)
    took = time.process_time() - start
    team = expert_factories(trained.tuning)
    rows = [Row("training, processor time", took, "s", f"<= {CEILING_S}", took <= CEILING_S)]
    for tier in Tier:
        some = tasks(tier, Split.HELD_OUT, HELD_OUT)
        expert, heuristic = (play(team_named(name), some) for name in ("expert", "heuristic"))
        after = play(lambda worlds: RoleTeam("trained", team, worlds), some)
        gained = _gain(after, heuristic)
        bar, holds = ("interval above 0", gained.low > 0) if tier is Tier.MEDIUM else ("", True)
        rows += [
            Row(f"{tier.label}: heuristic, score", str(summary(heuristic).score)),
            Row(f"{tier.label}: expert, score", str(summary(expert).score)),
            Row(f"{tier.label}: trained, score", str(summary(after).score)),
            Row(f"{tier.label}: trained, success", str(summary(after).success)),
            Row(f"{tier.label}: gain per task over the heuristic", str(gained), "", bar, holds),
            Row(f"{tier.label}: gain per task over the expert", str(_gain(after, expert))),
        ]
    return [*rows, *_ppo()]


def _gain(after: tuple[Episode, ...], before: tuple[Episode, ...]) -> Estimate:
    return estimate([late.score - early.score for late, early in zip(after, before, strict=True)])


def _ppo() -> list[Row]:
    """Run the example as a user does."""
    if importlib.util.find_spec("sb3_contrib") is None:
        return [Row("PPO through Stable-Baselines3", "not installed here: run `make bench-train`")]
    with tempfile.TemporaryDirectory() as folder:
        argv = [sys.executable, str(_PPO), "--output", folder, "--json"]
        found: dict[str, Any] = json.loads(subprocess.run(argv, capture_output=True, check=True).stdout)
    what = f"PPO as {found['role']}, {found['tier']}"
    rows = [
        Row(f"{what}: training and scoring", found["seconds"], "s", f"<= {CEILING_S}", found["seconds"] <= CEILING_S)
    ]
    rows += [Row(f"{what}: score, {name}", str(Estimate(**value))) for name, value in found["scores"].items()]
    for name, value in found["gains"].items():
        rows.append(Row(f"{what}: {name}", str(Estimate(**value)), "", "interval above 0", value["low"] > 0))
    return rows
