"""Twenty worlds over one to four numbers: the one measurement wanted is found by searching alone.

Where the best place lies is drawn from the seed. A world says what one call costs (`violation`), which is what the
samplers of others minimise: 0 where every criterion is met, else how far the metrics are from it.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from benchmarks.planner.world import Family, World, number, threshold
from tests.mission.simulation import Reply, SimTool

BUDGET: Final = 100
"""Iterations for planner and peers alike; who has not succeeded by then counts as having needed one more."""
Metrics = dict[str, float]
Measure = Callable[[Mapping[str, float]], Metrics]


@dataclass(frozen=True, slots=True, kw_only=True)
class Numeric:
    """A search over numbers within bounds."""

    name: str
    bounds: Mapping[str, tuple[float, float, str]]
    """Argument to its least and greatest value and its JSON type."""
    measure: Callable[[random.Random], Measure]
    """The metrics at a place, each argument as its share of its range; drawn from a seed."""
    wanted: Sequence[tuple[str, str, float]]
    """Metric, operator, target."""
    noise: float = 0.0
    """Standard deviation added to each metric."""
    defaults: bool = False
    """Whether the schema tells a default, which planner and peers begin with."""

    def world(self) -> World:
        """The world that the engine plays."""
        return World(
            name=self.name,
            family=Family.NUMERIC,
            tools=lambda seed: {"tune": SimTool(self._answer(seed), self.properties())},
            criteria=[threshold(*one) for one in self.wanted],
            directive="Tune it until it is good enough.",
            iterations=BUDGET,
        )

    def properties(self) -> dict[str, Any]:
        """The schemas of the arguments."""
        return {
            name: number(low, high, kind, **({"default": self.default(name)} if self.defaults else {}))
            for name, (low, high, kind) in self.bounds.items()
        }

    def default(self, name: str) -> float:
        """A value that is in use today, and not good enough."""
        low, high, kind = self.bounds[name]
        value = low + 0.15 * (high - low)
        return round(value) if kind == "integer" else round(value, 3)

    def measured(self, seed: int) -> Callable[[Mapping[str, Any]], Metrics]:
        """One measurement after the other, with the same noise for everybody who asks in the same order."""
        measure, chance = self.measure(random.Random(f"{self.name} {seed}")), random.Random(f"{self.name} noise {seed}")

        def at(args: Mapping[str, Any]) -> Metrics:
            shares = {name: (args[name] - low) / (high - low) for name, (low, high, _) in self.bounds.items()}
            return {
                name: value + chance.gauss(0, self.noise) if self.noise else value
                for name, value in measure(shares).items()
            }

        return at

    def _answer(self, seed: int) -> Callable[[dict[str, Any]], Reply]:
        at = self.measured(seed)
        return lambda args: Reply(metrics=dict(at({name: args.get(name, self.default(name)) for name in self.bounds})))

    def violation(self, metrics: Mapping[str, float]) -> float:
        """How far the metrics are from all that is wanted; with one criterion also how far below."""
        gaps = [
            (metrics[name] - target) * (1 if op == "<=" else -1) / (abs(target) or 1)
            for name, op, target in self.wanted
        ]
        return gaps[0] if len(gaps) == 1 else sum(max(0.0, gap) for gap in gaps)

    def is_met(self, metrics: Mapping[str, float]) -> bool:
        """Tell whether every criterion is met."""
        return all(
            metrics[name] <= target if op == "<=" else metrics[name] >= target for name, op, target in self.wanted
        )


def _centre(chance: random.Random, names: str) -> dict[str, float]:
    return {name: chance.uniform(0.2, 0.9) for name in names}


def bowl(
    names: str, scale: float = 100, weights: Sequence[float] = (1, 1, 1, 1), base: float = 10
) -> Callable[[random.Random], Measure]:
    """A latency that is least at one place."""

    def drawn(chance: random.Random) -> Measure:
        at = _centre(chance, names)
        pairs = list(zip(names, weights, strict=False))
        return lambda x: {"ms": base + scale * sum(weight * (x[name] - at[name]) ** 2 for name, weight in pairs)}

    return drawn


def valley(chance: random.Random) -> Measure:
    """A valley across both axes, ten times as steep as it is long."""
    at, angle = _centre(chance, "xy"), chance.uniform(0.5, 1.1)

    def ms(x: Mapping[str, float]) -> Metrics:
        u, v = x["x"] - at["x"], x["y"] - at["y"]
        along, across = u * math.cos(angle) + v * math.sin(angle), v * math.cos(angle) - u * math.sin(angle)
        return {"ms": 10 + 30 * along**2 + 300 * across**2}

    return ms


def crooked(names: str) -> Callable[[random.Random], Measure]:
    """A bowl whose axes depend on each other."""

    def drawn(chance: random.Random) -> Measure:
        at = _centre(chance, names)

        def ms(x: Mapping[str, float]) -> Metrics:
            steps = [x[name] - at[name] for name in names]
            return {"ms": 10 + 100 * sum(step**2 for step in steps) + 80 * sum(a * b for a, b in pairwise(steps))}

        return ms

    return drawn


def band(chance: random.Random) -> Measure:
    """A temperature that grows with the setting, faster and faster; a narrow band of it is wanted."""
    power = chance.uniform(1.2, 2.5)
    return lambda x: {"degrees": 20 + 180 * x["x"] ** power}


def trade(chance: random.Random) -> Measure:
    """More workers are faster and dearer: few numbers are both fast and cheap enough."""
    half = chance.uniform(0.1, 0.3)
    return lambda x: {"rate": 1000 * x["x"] / (x["x"] + half), "eur": 200 * x["x"] / (1.5 * half)}


def two_valleys(names: str) -> Callable[[random.Random], Measure]:
    """A broad valley that is not deep enough and a narrower one that is."""

    def drawn(chance: random.Random) -> Measure:
        broad, deep = (0.25, 0.75) if chance.random() < 0.5 else (0.75, 0.25)
        broad, deep = broad + chance.uniform(-0.08, 0.08), deep + chance.uniform(-0.08, 0.08)

        def ms(x: Mapping[str, float]) -> Metrics:
            def depth(at: float, width: float) -> float:
                return math.exp(-sum((x[name] - at) ** 2 for name in names) / width)

            return {"ms": 100 - 60 * depth(broad, 0.08) - 90 * depth(deep, 0.02)}

        return ms

    return drawn


def saturating(chance: random.Random) -> Measure:
    """Latency that falls with workers and cache, and rises again with both: queueing, then contention."""
    a, b = chance.uniform(0.1, 0.25), chance.uniform(0.1, 0.25)
    least = sum(2 * math.sqrt(2 * share) - 0.06 for share in (a, b))

    def ms(x: Mapping[str, float]) -> Metrics:
        rows = (share / (x[name] + 0.03) + 2 * x[name] for name, share in (("x", a), ("y", b)))
        return {"ms": 20 + 10 * (sum(rows) - least)}

    return ms


def both(chance: random.Random) -> Measure:
    """Latency and cost of two settings, of which both must be low."""
    at = _centre(chance, "xy")
    return lambda x: {
        "ms": 10 + 100 * ((x["x"] - at["x"]) ** 2 + (x["y"] - at["y"]) ** 2),
        "eur": 50 * x["x"] + 20 * x["y"] - 50 * at["x"] - 20 * at["y"] + 30,
    }


def _range(names: str, low: float = 0, high: float = 1, kind: str = "number") -> dict[str, tuple[float, float, str]]:
    return dict.fromkeys(names, (low, high, kind))


FAST: Final = [("ms", "<=", 10.5)]


def numeric() -> list[Numeric]:
    """All of them; the shares of their places that fulfil the criteria lie between one in ten and one in a thousand."""
    one, two, three, four = (_range("wxyz"[-count:] if count > 1 else "x") for count in (1, 2, 3, 4))
    two = _range("xy")
    whole = _range("x", 1, 512, "integer")
    return [
        Numeric(name="1: a bowl", bounds=one, measure=bowl("x"), wanted=[("ms", "<=", 10.05)]),
        Numeric(name="1: a bowl of whole numbers, from a default", bounds=whole, measure=bowl("x"), wanted=[("ms", "<=", 10.02)], defaults=True),
        Numeric(name="1: a narrow band", bounds=one, measure=band, wanted=[("degrees", ">=", 99), ("degrees", "<=", 101)]),
        Numeric(name="1: fast and cheap", bounds=whole, measure=trade, wanted=[("rate", ">=", 600), ("eur", "<=", 215)]),
        Numeric(name="1: two valleys", bounds=one, measure=two_valleys("x"), wanted=[("ms", "<=", 12)]),
        Numeric(name="1: a noisy bowl", bounds=one, measure=bowl("x"), wanted=[("ms", "<=", 10.05)], noise=0.3),
        Numeric(name="1: a noisy band", bounds=whole, measure=band, wanted=[("degrees", ">=", 99), ("degrees", "<=", 101)], noise=2.0),
        Numeric(name="2: a bowl", bounds=two, measure=bowl("xy"), wanted=FAST),
        Numeric(name="2: a bowl from a default", bounds=_range("xy", 0, 200, "integer"), measure=bowl("xy"), wanted=FAST, defaults=True),
        Numeric(name="2: a valley across", bounds=two, measure=valley, wanted=FAST),
        Numeric(name="2: two valleys", bounds=two, measure=two_valleys("xy"), wanted=[("ms", "<=", 25)]),
        Numeric(name="2: queues and contention", bounds=_range("xy", 1, 64, "integer"), measure=saturating, wanted=[("ms", "<=", 20.5)]),
        Numeric(name="2: fast and cheap", bounds=two, measure=both, wanted=[("ms", "<=", 12), ("eur", "<=", 27)]),
        Numeric(name="2: a noisy bowl", bounds=two, measure=bowl("xy"), wanted=FAST, noise=0.5),
        Numeric(name="3: a bowl", bounds=three, measure=bowl("xyz"), wanted=[("ms", "<=", 12)]),
        Numeric(name="3: a crooked bowl", bounds=three, measure=crooked("xyz"), wanted=[("ms", "<=", 11.5)]),
        Numeric(name="3: a noisy bowl from a default", bounds=three, measure=bowl("xyz"), wanted=[("ms", "<=", 12)], noise=1.0, defaults=True),
        Numeric(name="4: a bowl", bounds=four, measure=bowl("wxyz"), wanted=[("ms", "<=", 14)]),
        Numeric(name="4: two that matter and two that hardly do", bounds=four, measure=bowl("wxyz", weights=(1, 0.02, 1, 0.02)), wanted=[("ms", "<=", 11)]),
        Numeric(name="4: a noisy bowl", bounds=four, measure=bowl("wxyz"), wanted=[("ms", "<=", 14)], noise=1.0),
    ]  # fmt: skip
