"""What the planner wastes without a model: sixty worlds through the whole engine, beside Optuna's samplers on the numeric ones.

Finite spaces, combinations that are refused, free texts, noise, worlds in which nothing helps, and searches over one to
four numbers. `make bench-planner` sets up the samplers; without them their rows say so.
"""

from __future__ import annotations

import asyncio
import statistics
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Final

from benchmarks.planner.finite import finite, invalid, unreachable
from benchmarks.planner.numeric import BUDGET, numeric
from benchmarks.planner.peers import ALL_SAMPLERS, SAMPLERS, needed
from benchmarks.planner.running import Played, player
from benchmarks.planner.texts import live, texts
from benchmarks.planner.world import World
from benchmarks.report import Meter, Row

SEEDS: Final = 7
"""Of each numeric world, for the planner and for each peer."""


def worlds() -> list[World]:
    """All sixty."""
    return [*finite(), *invalid(), *texts(), *live(), *unreachable(), *(one.world() for one in numeric())]


def run(progress: Meter) -> list[Row]:
    """Play all, and compare."""
    return asyncio.run(_run(progress))


async def _run(progress: Meter) -> list[Row]:
    plain = [world for world in worlds() if not world.name[0].isdigit()]
    progress.start("worlds", len(plain))
    async with player() as one:
        played: list[tuple[World, Played]] = []
        for world in plain:
            played.append((world, await one.play(world, check=True)))
            progress.step()
        rows = [Row("worlds", len(worlds()), _families()), *_wasted(played), *_ended(played)]
        tasks = numeric()
        progress.start("searches", len(tasks) * SEEDS)
        found: dict[str, list[int]] = {}
        searched: list[Played] = []
        for task in tasks:
            for seed in range(SEEDS):
                result = await one.play(task.world(), seed)
                searched.append(result)
                found.setdefault(task.name, []).append(result.iterations if result.achieved else BUDGET + 1)
                progress.step()
    return [*rows, *_compared(found, progress)]


def _families() -> str:
    counts = Counter(world.family for world in worlds())
    return ", ".join(f"{count} {family}" for family, count in counts.items())


def _wasted(played: Sequence[tuple[World, Played]]) -> list[Row]:
    able = [(world, result) for world, result in played if world.distinct]
    calls, distinct = sum(result.calls for _, result in able), sum(result.distinct for _, result in able)
    share = distinct / max(calls, 1)
    worst = min(able, key=lambda pair: pair[1].distinct / max(pair[1].calls, 1))
    made_up = [f"{world.name}: {text!r}" for world, result in played for text in result.made_up]
    again = [world.name for world, result in played if result.failed_again]
    return [
        Row("distinct calls, where the space allows", share, f"of {calls} calls", ">= 0.9", share >= 0.9),
        Row("  in the world that repeats most", worst[1].distinct / max(worst[1].calls, 1), worst[0].name),
        Row("made-up texts to tools that are not pure", len(made_up), ", ".join(sorted(set(made_up))[:5]), "== 0", not made_up),
        Row("failures repeated in the same words", sum(result.failed_again for _, result in played), ", ".join(again), "== 0", not again),
        Row("waits", sum(result.waits for _, result in played), "in all worlds but the numeric"),
    ]  # fmt: skip


def _ended(played: Sequence[tuple[World, Played]]) -> list[Row]:
    good = [(world, result) for world, result in played if world.reachable]
    missed = [world.name for world, result in good if not result.achieved]
    hopeless = [(world, result) for world, result in played if not world.reachable]
    late = [f"{world.name}: {result.reason} after {result.iterations}" for world, result in hopeless
            if result.reason != "nothing_left" or result.iterations >= world.iterations or not result.told]  # fmt: skip
    return [
        Row("reached", len(good) - len(missed), f"of {len(good)}; missed: {', '.join(missed) or 'none'}"),
        Row("unreachable ones ended early, as nothing_left", len(hopeless) - len(late), f"of {len(hopeless)}; not: {'; '.join(late) or 'none'}", "all", not late),
    ]  # fmt: skip


def _compared(found: dict[str, list[int]], progress: Meter) -> list[Row]:
    """Iterations to success beside those of the peers, world by world."""
    peers = ["random", *SAMPLERS]
    jobs = [(peer, task.name, seed) for task in numeric() for peer in peers for seed in range(SEEDS)]
    progress.start("peers", len(jobs))
    known: dict[tuple[str, str], list[int]] = {}
    with ProcessPoolExecutor() as pool:
        for (peer, name, _), count in zip(jobs, pool.map(needed, *zip(*jobs, strict=True), chunksize=4), strict=True):
            known.setdefault((name, peer), []).append(count)
            progress.step()
    rows: list[Row] = []
    for name, mine in found.items():
        ours = statistics.median(mine)
        theirs = {peer: statistics.median(known[name, peer]) for peer in peers}
        best = min((theirs[peer] for peer in peers if peer != "random"), default=None)
        below = ours < theirs["random"]
        holds = below and (best is None or ours <= 1.5 * best)
        told = ", ".join(f"{peer} {count:g}" for peer, count in theirs.items())
        rows.append(Row(name, ours, f"iterations; {told}", "<= 1.5 x the better sampler, < random", holds))
    if len(SAMPLERS) < ALL_SAMPLERS:
        rows.append(Row("Optuna's samplers", "not installed here: run `make bench-planner`"))
    return rows
