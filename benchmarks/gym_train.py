"""Training on one CPU: a small policy against the heuristic it started from, and PPO in one seat, on worlds it never saw."""

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
from journeyman.gym.evaluate import Estimate, estimate, play, summary, team_named
from journeyman.gym.policies.heuristic import role_factories
from journeyman.gym.policies.role_team import RoleTeam
from journeyman.gym.tasks import Split, Tier, tasks
from journeyman.gym.train import Course, Point, train

HELD_OUT: Final = 600
GENERATIONS: Final = 20
CEILING_S: Final = 600
_PPO: Final = Path(__file__).parents[1] / "examples" / "06_train_with_ppo" / "ppo.py"


def run(progress: Meter) -> list[Row]:
    """Train on medium training tasks, then compare task by task on held-out ones."""
    progress.start("generations", GENERATIONS)

    def told(_: Point) -> None:
        progress.step()

    start = time.perf_counter()
    trained = train(Course(), GENERATIONS, on_generation=told)
    took = time.perf_counter() - start
    team = role_factories(trained.tuning)
    rows = [Row("training", took, "s", f"<= {CEILING_S}", took <= CEILING_S)]
    for tier in Tier:
        some = tasks(tier, Split.HELD_OUT, HELD_OUT)
        before = play(team_named("heuristic"), some)
        after = play(lambda worlds: RoleTeam("trained", team, worlds), some)
        gain = estimate([late.score - early.score for early, late in zip(before, after, strict=True)])
        rows += [
            Row(f"{tier.label}: heuristic, score", str(summary(before).score)),
            Row(f"{tier.label}: trained, score", str(summary(after).score)),
            Row(f"{tier.label}: trained, success", str(summary(after).success)),
        ]
        bar = "interval above 0" if tier is Tier.MEDIUM else ""
        rows.append(Row(f"{tier.label}: gain per task", str(gain), "", bar, gain.low > 0))
    return [*rows, *_ppo()]


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
